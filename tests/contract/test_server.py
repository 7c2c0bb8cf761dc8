"""What only a server can do to those who write to it: answers get lost, nodes are missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Timer

import pytest

from search import (
    Applied,
    Document,
    Engine,
    Searcher,
    SearchRequest,
    Sort,
    Unavailable,
    open_engine,
    verify,
)
from search.engines import elastic_build
from search.engines.elastic_address import Address
from search.engines.elastic_build import versions_of
from search.engines.elastic_connection import Absent, Connection, NodeLost
from search.engines.elastic_state import State, create_index
from search.engines.elastic_view import open_pit
from search.errors import ViewLost
from search.index import Differences
from search.plan import Everything
from tests.contract.corpus import ANALYZER, DAY, Source, some_documents
from tests.contract.labs import ElasticLab, elastic_lab
from tests.support.proxy import Proxy, proxied


@pytest.fixture
def server_lab(elasticsearch: str) -> Iterator[ElasticLab]:
    with elastic_lab([elasticsearch]) as lab:
        yield lab


@pytest.fixture
def proxy(elasticsearch: str) -> Iterator[Proxy]:
    with proxied(elasticsearch) as proxy:
        yield proxy


@pytest.fixture
def engine(server_lab: ElasticLab, proxy: Proxy) -> Iterator[Engine]:
    """An engine behind the proxy."""
    engine = open_engine(f"{proxy.address}/{server_lab.prefix}")
    yield engine
    engine.close()


def test_what_is_asked_again_because_the_answer_was_lost_is_done_once(
    engine: Engine, proxy: Proxy, server_lab: ElasticLab
) -> None:
    """Every other answer is lost, and the client asks once more."""
    proxy.fault = "lost"
    source = Source(some_documents(30))
    source.rebuild(engine)
    engine.apply([Document("case:x", 1, "甲")], [("case:none", None)])
    rebuilt = source.rebuild(engine)
    proxy.fault = None
    assert rebuilt.documents == 30
    assert verify(engine, source.expected()) == Differences()
    assert len(server_lab.generations()) == 2


def test_a_reader_does_not_ask_again_where_there_is_one_server(
    engine: Engine, proxy: Proxy
) -> None:
    """Control: without a second try a lost answer is felt."""
    Source().rebuild(engine)
    proxy.fault = "lost"
    failed = 0
    for _ in range(2):
        try:
            list(engine.view().ids())
        except Unavailable:
            failed += 1
    proxy.fault = None
    assert failed


def test_a_suggestion_is_one_question(engine: Engine, proxy: Proxy) -> None:
    """Terms, names and texts come in one round trip; whether all is as it was may be another."""
    Source(some_documents(30)).rebuild(engine)
    searcher = Searcher(engine, ANALYZER)
    searcher.suggest("热身")
    before = proxy.requests
    assert {each.kind for each in searcher.suggest("注塑")} >= {"term", "case"}
    assert proxy.requests - before <= 2


def test_a_rebuild_that_the_server_ends_is_told_in_words(engine: Engine, proxy: Proxy) -> None:
    source = Source([Document("case:1", 1, "甲")])
    source.rebuild(engine)

    def documents() -> Iterator[Document]:
        proxy.fault = 503
        yield from source.all()

    with pytest.raises(Unavailable, match="503"):
        source.rebuild(engine, documents=documents)
    proxy.fault = None
    assert set(engine.view().ids()) == {("case:1", 1)}
    assert engine.apply([Document("case:1", 2, "甲")]).written == 1


def test_a_moment_that_the_server_lost_is_felt_by_no_page(
    engine: Engine, server_lab: ElasticLab
) -> None:
    Source(some_documents(30)).rebuild(engine)
    searcher = Searcher(engine, ANALYZER)
    request = SearchRequest(DAY, facets=("kind",))
    before, view = searcher.search(request), engine.view()
    server_lab.client.close_point_in_time(id=view.revision)
    with pytest.raises(ViewLost):
        view.count(Everything(), (("kind", ("case",)),))
    server_lab.client.close_point_in_time(id=engine.view().revision)
    page = searcher.search(SearchRequest(DAY, sort=Sort.UPDATED, facets=("kind",)))
    assert (page.total, page.facets) == (before.total, before.facets) == (30, before.facets)
    assert engine.view().revision != view.revision


def test_a_copy_that_has_no_node_does_not_stop_a_rebuild(
    elasticsearch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One server cannot hold a copy of what it holds; the index goes into use without."""
    monkeypatch.setattr(elastic_build, "COPY_SECONDS", 0.2)
    with elastic_lab([elasticsearch], "&replicas=1") as lab:
        engine = open_engine(lab.url)
        source = Source(some_documents(5))
        source.rebuild(engine)
        assert verify(engine, source.expected()) == Differences()
        assert engine.status()["health"] == "yellow"
        engine.close()


@contextmanager
def overloaded(lab: ElasticLab, index: str) -> Iterator[None]:
    """The server refuses each write to one index with status 429, as when its disk is full."""
    block = partial(block_writes, lab, index)
    block(True)
    try:
        yield
    finally:
        block(None)


def block_writes(lab: ElasticLab, index: str, state: bool | None) -> None:
    settings = {"index.blocks.read_only_allow_delete": state}
    lab.client.indices.put_settings(index=index, settings=settings)


def test_a_write_that_is_refused_by_itself_is_sent_again(server_lab: ElasticLab) -> None:
    """The answer to the request is 200, what became of each document stands inside: 429."""
    engine = open_engine(server_lab.url)
    source = Source([Document("case:1", 1, "甲"), Document("case:2", 1, "乙")])
    source.rebuild(engine)
    (index,) = server_lab.generations()
    newer = [Document("case:1", 2, "丙")]
    with overloaded(server_lab, index), pytest.raises(Unavailable, match="429"):
        engine.apply(newer, [("case:2", None)])
    assert verify(engine, source.expected()) == Differences()
    block_writes(server_lab, index, True)
    relief = Timer(0.3, block_writes, (server_lab, index, None))
    relief.start()
    assert engine.apply(newer, [("case:2", None)]) == Applied(1, 1)
    relief.join()
    assert set(engine.view().ids()) == {("case:1", 2)}
    engine.close()


def test_ids_noted_for_a_rebuild_are_never_taken_for_granted(server_lab: ElasticLab) -> None:
    """Notes that cannot be removed would be read again for ever; then the rebuild fails in time,
    and the next one takes them.
    """
    connection = Connection(Address.parse(server_lab.url))
    state = State(connection)
    state.make()
    state.note_touched("new", ["case:1", "case:2"])
    with overloaded(server_lab, state.index), pytest.raises(Unavailable, match="429"):
        state.take_touched("new")
    server_lab.client.indices.add_block(index=state.index, block="write")
    with pytest.raises(Unavailable, match="补充"):
        state.take_touched("new")
    server_lab.client.indices.put_settings(index=state.index, settings={"index.blocks.write": None})
    assert state.take_touched("new") == ["case:1", "case:2"]
    assert state.take_touched("new") == []
    connection.close()


def test_what_cannot_be_told_of_a_document_is_not_that_it_is_gone(server_lab: ElasticLab) -> None:
    """A deletion without version asks first what is there."""
    connection = Connection(Address.parse(server_lab.url))
    engine = open_engine(server_lab.url)
    Source([Document("case:1", 1, "甲")]).rebuild(engine)
    (index,) = server_lab.generations()
    assert versions_of(connection, index, ["case:1", "case:2"]) == {"case:1": 1}
    with pytest.raises(Absent):
        versions_of(connection, f"{index}-x", ["case:1"])
    server_lab.client.indices.close(index=index)
    with pytest.raises(Unavailable):
        versions_of(connection, index, ["case:1"])
    server_lab.client.indices.open(index=index)
    connection.close()
    engine.close()


def test_an_index_is_created_once(server_lab: ElasticLab) -> None:
    """Two processes may come to the same new server at once."""
    connection = Connection(Address.parse(server_lab.url))
    state = State(connection)
    state.make()
    create_index(connection, state.index)
    state.make()
    with pytest.raises(Unavailable, match="mapper"):
        create_index(
            connection, f"{server_lab.prefix}-x", mappings={"properties": {"a": {"type": "?"}}}
        )
    assert [*server_lab.client.indices.get(index=f"{server_lab.prefix}-*")] == [state.index]
    connection.close()


def test_an_index_that_nothing_holds_any_more_is_told_from_trouble(
    server_lab: ElasticLab, elasticsearch: str
) -> None:
    """An index is in this state while it is being deleted: who comes then looks for the next."""
    connection = Connection(Address.parse(f"{elasticsearch}/{server_lab.prefix}"))
    name = f"{server_lab.prefix}-held-by-nobody"
    nowhere = {"number_of_replicas": 0, "routing.allocation.require._name": "nowhere"}
    client = connection.client("write")
    client.indices.create(index=name, settings=nowhere, wait_for_active_shards="0")
    try:
        with pytest.raises(NodeLost, match="search_phase_execution_exception"):
            open_pit(connection.peek, name)
    finally:
        client.indices.delete(index=name)
        connection.close()
