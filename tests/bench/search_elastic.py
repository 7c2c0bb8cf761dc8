"""The bare Elasticsearch client that the service is measured against (B02)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk

from search.analysis.dictionary import Dictionary
from search.analysis.entries import entry_of
from search.engines.elastic_queries import elastic_query, mapping, source_of
from search.engines.meta import current_meta
from search.plan import Everything
from search.ties import tie_field
from tests.bench import search_corpus as corpus
from tests.bench.search_sides import Asked
from tests.bench.search_table import Time, each, timed
from tests.support.elasticsearch import Node

PREFIX = "bench"
MOST_RAW = 20_000
HEADERS: dict[str, Any] = {"search_type": "dfs_query_then_fetch"}


@contextmanager
def node() -> Iterator[Node]:
    """A server of its own, with its data on disk."""
    server = Node(disk=True)
    try:
        server.start()
        yield server
    finally:
        server.remove()


class Bare:
    """The plain client, asking the same index the same things in one round trip."""

    def __init__(self, address: str) -> None:
        self._client = Elasticsearch(address, request_timeout=60)
        self.took: list[float] = []

    def search(self, asked: Asked) -> None:
        """The page with the counts that stand under the same filters, and those that do not."""
        request, groups = asked.request, asked.request.groups
        chosen = [name for name, _ in groups if name in request.facets]
        free = [name for name in request.facets if name not in chosen]
        sort = [{"_score": "desc"}] if not isinstance(asked.node, Everything) else []
        page = {
            "query": elastic_query(asked.node, groups), "size": request.per_page,
            "from": request.offset, "sort": [*sort, {tie_field(request.day): "asc"}],
            "track_total_hits": True, "version": True, **_counts(free),
        }  # fmt: skip
        others = [tuple(group for group in groups if group[0] != name) for name in chosen]
        bodies = [page]
        for name, filters in zip(chosen, others, strict=True):
            query = elastic_query(asked.node, filters)
            bodies.append({"query": query, "size": 0, "track_total_hits": True, **_counts([name])})
        self._ask(bodies)

    def _ask(self, bodies: Sequence[Mapping[str, Any]]) -> None:
        if len(bodies) == 1:
            answer = self._client.search(index=PREFIX, **bodies[0], **HEADERS)
        else:
            lines = [part for body in bodies for part in ({"index": PREFIX, **HEADERS}, body)]
            answer = self._client.msearch(searches=lines)
        self.took.append(float(answer["took"]))

    def build(self, terms: Sequence[str], count: int) -> Time:
        """The time of one document of ``parallel_bulk`` with analysed documents from memory."""
        meta = current_meta(terms)
        dictionary = Dictionary(meta.terms)
        documents = islice(corpus.documents(count), MOST_RAW)
        sources = [(one.id, source_of(entry_of(one, dictionary))) for one in documents]
        self._client.indices.create(
            index="raw",
            mappings=mapping(meta),
            settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": -1},
        )
        actions = ({"_index": "raw", "_id": key, "_source": source} for key, source in sources)

        def send() -> None:
            for _ in parallel_bulk(self._client, actions, thread_count=2, chunk_size=500):
                pass
            self._client.indices.refresh(index="raw")

        found = each(timed(send), len(sources))
        self._client.indices.delete(index="raw")
        return found

    def size(self) -> float:
        """Bytes of the index in use on disk."""
        self._client.indices.flush(index=PREFIX)
        stats = self._client.indices.stats(index=PREFIX, metric="store")
        return float(stats["_all"]["primaries"]["store"]["size_in_bytes"])

    def close(self) -> None:
        self._client.close()


def _counts(fields: Sequence[str]) -> dict[str, Any]:
    wanted = {name: {"terms": {"field": name, "size": 1000}} for name in fields}
    return {"aggs": wanted} if wanted else {}
