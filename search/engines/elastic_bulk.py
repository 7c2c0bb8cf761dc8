"""Writing many documents at once, and what became of each of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search.analysis.entries import Entry
from search.engines.elastic_queries import source_of
from search.errors import BadDocument, Unavailable

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

Action = dict[str, Any]
CHUNK = 500
CHUNK_BYTES = 5 * 2**20
TRIES = 4
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
OVERLOADED = (429, 502, 503, 504)
# Not ``external``: a document whose words come from elsewhere, a name in the vocabulary say, can
# change while its own version stays, and the writer has always just read the present state.
VERSIONS = "external_gte"


@dataclass(slots=True)
class Outcome:
    """``stale``: ids for which something newer was there. ``moved``: the index takes no writes
    now, because a rebuild is switching or has switched.
    """

    written: int = 0
    stale: list[str] = field(default_factory=list)
    moved: bool = False


def putting(entry: Entry) -> Action:
    """The action that puts a document unless a newer one is there."""
    return {
        "_op_type": "index",
        "_id": entry.id,
        "_version": entry.version,
        "version_type": VERSIONS,
        "_source": source_of(entry),
    }


def removing(document_id: str, version: int) -> Action:
    """The action that removes a document unless a newer one is there."""
    return {
        "_op_type": "delete",
        "_id": document_id,
        "_version": version,
        "version_type": VERSIONS,
    }


def dropping(document_id: str) -> Action:
    """The action that removes a document whatever its version."""
    return {"_op_type": "delete", "_id": document_id}


def send(
    client: "Elasticsearch",
    place: str,
    actions: Iterable[Action],
    *,
    refresh: bool,
    alias: bool = True,
) -> Outcome:
    """Send all actions; an overloaded server is given time. ``alias``: ``place`` must be one.

    Raises BadDocument for the first one that is refused for what it is, Unavailable.
    """
    outcome = Outcome()
    refused: BadDocument | None = None
    for operation, item in _results(
        client, actions, index=place, refresh=refresh, require_alias=alias
    ):
        status = item["status"]
        if status < 300 or (operation == "delete" and status == 404 and "error" not in item):
            outcome.written += 1
        elif status == 409:
            outcome.stale.append(item["_id"])
        elif status in (403, 404):
            outcome.moved = True
        elif status == 400:
            refused = refused or BadDocument(item["_id"], _reason(item))
        else:
            raise Unavailable(f"搜索服务没有写入 {item['_id']}（{status}）：{_reason(item)}")
    if refused and not outcome.moved:
        raise refused
    return outcome


def _results(
    client: "Elasticsearch", actions: Iterable[Action], **where: Any
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    from elasticsearch import NotFoundError
    from elasticsearch.helpers import streaming_bulk

    results = streaming_bulk(
        client,
        actions,
        chunk_size=CHUNK,
        max_chunk_bytes=CHUNK_BYTES,
        raise_on_error=False,
        max_retries=TRIES,
        initial_backoff=FIRST_PAUSE,
        max_backoff=LONGEST_PAUSE,
        retry_on_status=OVERLOADED,
        **where,
    )
    try:
        for _, item in results:
            yield from item.items()
    except NotFoundError:
        yield "index", {"status": 404}


def _reason(item: Mapping[str, Any]) -> str:
    error = item.get("error") or {}
    if not isinstance(error, Mapping):
        return str(error)[:500]
    cause = error.get("caused_by") or {}
    return f"{error.get('type')}: {error.get('reason')} {cause.get('reason', '')}".strip()[:500]
