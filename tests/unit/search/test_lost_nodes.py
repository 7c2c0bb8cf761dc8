"""What a cluster says while it gets over the loss of a node, and what is made of it."""

from collections.abc import Iterator

import pytest
from elastic_transport import (
    ApiResponseMeta,
    ConnectionError,
    ConnectionTimeout,
    HttpHeaders,
    NodeConfig,
    ObjectApiResponse,
)

from search import Unavailable, index
from search.engines.elastic_connection import NodeLost, _check_whole, _translated
from search.errors import ViewLost

REFUSED = ConnectionError("refused")


@pytest.mark.parametrize("others", [(), (REFUSED,)])
def test_a_node_that_refuses_after_another_has_answered_is_no_end(others: tuple[Exception, ...]):
    """The client leaves out of ``errors`` whoever answered, with a status to be tried again."""
    with pytest.raises(NodeLost), _translated(3):
        raise ConnectionError("refused", errors=others)


@pytest.mark.parametrize(
    ("attempts", "error"),
    [
        (3, ConnectionError("refused", errors=(REFUSED, REFUSED))),
        (1, ConnectionError("refused")),
        (3, ConnectionTimeout("late")),
    ],
)
def test_a_cluster_of_which_nobody_answers_is_unavailable(attempts: int, error: Exception):
    with pytest.raises(Unavailable) as caught, _translated(attempts):
        raise error
    assert not isinstance(caught.value, ViewLost)


def answer(**body: object) -> ObjectApiResponse[object]:
    meta = ApiResponseMeta(200, "1.1", HttpHeaders(), 0.1, NodeConfig("http", "localhost", 9200))
    return ObjectApiResponse(body={"_shards": {"total": 2, "successful": 1, "failed": 1}, **body},
                             meta=meta)  # fmt: skip


def test_a_write_counts_although_its_replica_failed():
    _check_whole(answer(result="created"))


def test_a_search_of_some_shards_is_none():
    with pytest.raises(Unavailable, match="部分"):
        _check_whole(answer(hits={"hits": []}))


def walks(*lost: bool) -> Iterator[Iterator[tuple[str, int]]]:
    """Walks through three documents; those that are lost end after the first."""

    def walk(breaks: bool) -> Iterator[tuple[str, int]]:
        yield "case:1", 1
        if breaks:
            raise ViewLost("weg")
        yield from (("case:2", 5), ("case:3", 1))

    return map(walk, lost)


@pytest.mark.parametrize("lost", [(False,), (True, False), (True, True, False)])
def test_a_comparison_that_is_lost_on_the_way_begins_again(
    monkeypatch: pytest.MonkeyPatch, lost: tuple[bool, ...]
):
    monkeypatch.setattr(index, "PAUSE_SECONDS", 0.0)
    found = walks(*lost)
    assert index._versions(lambda: next(found)) == {"case:1": 1, "case:2": 5, "case:3": 1}


def test_a_comparison_that_is_always_lost_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(index, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(index, "PATIENCE_SECONDS", 0.0)
    found = walks(*[True] * 1000)
    with pytest.raises(ViewLost):
        index._versions(lambda: next(found))
