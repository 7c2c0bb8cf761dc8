"""Answers of an Elasticsearch index at one moment, held by a point in time."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from search.engines import MOST_VALUES, Counted, Glance, Order, Place, Row, Versions
from search.engines.elastic_connection import Absent, Call, Connection, NodeLost
from search.engines.elastic_queries import EVERYTHING, Query, elastic_query
from search.engines.meta import Meta
from search.errors import ViewLost
from search.plan import Everything, Filters, Node, Term

KEEP_ALIVE = "5m"
SERVER_SHARE = 900  # of our thousand milliseconds: the server gives up just before we do
MOST_AHEAD = 200
TOTAL = ""  # in place of a field: the number of all hits
CHUNK = 5000
# Scores count words over all shards; part of an answer is no answer.
SEARCH: dict[str, Any] = {
    "search_type": "dfs_query_then_fetch",
    "allow_partial_search_results": False,
}
Counts = dict[str, int]


class ElasticView:
    """One point in time. Once the servers have lost it, every question raises ViewLost: a page
    must not be of two moments.
    """

    def __init__(self, connection: Connection, index: str, meta: Meta) -> None:
        self.index = index
        self.meta = meta
        self.lost = False
        self._connection = connection
        self._lock = threading.Lock()
        self._ahead: OrderedDict[tuple[Node, Filters, str], Counts] = OrderedDict()
        self.pit = open_pit(connection.peek, index)

    @property
    def revision(self) -> str:
        return self.pit

    def top(
        self,
        match: Node,
        filters: Filters,
        order: Order,
        offset: int,
        size: int,
        counts: Sequence[Counted] = (),
    ) -> tuple[int, list[Row]]:
        query = elastic_query(match, filters)
        here = [field for others, fields in counts if others == filters for field in fields]
        page = {
            "query": query,
            "from": offset,
            "size": size,
            "sort": _sort(match, order),
            "aggs": _aggregations(here),
        }
        elsewhere = [(others, fields) for others, fields in counts if others != filters]
        first, *rest = self._answers([page, *(_counting(match, *each) for each in elsewhere)])
        if here:
            self._keep(match, filters, first)
        for (others, _), answer in zip(elsewhere, rest, strict=True):
            self._keep(match, others, answer)
        return _total(first), [_row(hit) for hit in first["hits"]["hits"]]

    def count(self, match: Node, filters: Filters) -> int:
        with self._lock:
            known = self._ahead.pop((match, filters, TOTAL), None)
        if known is not None:
            return known[TOTAL]
        (answer,) = self._answers([_counting(match, filters, ())])
        return _total(answer)

    def count_each(self, match: Node, choices: Sequence[Filters]) -> list[int]:
        if not choices:
            return []
        return list(map(_total, self._answers([_counting(match, each, ()) for each in choices])))

    def facets(
        self, match: Node, filters: Filters, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, int]]:
        with self._lock:
            found = {field: self._ahead.pop((match, filters, field), None) for field in fields}
        missing = [field for field, counts in found.items() if counts is None]
        if missing:
            (answer,) = self._answers([_counting(match, filters, missing)])
            found.update(_buckets(answer))
        return {field: counts or {} for field, counts in found.items()}

    def glance(self, tie: str, wanted: Sequence[Glance]) -> list[list[Row]]:
        if not wanted:
            return []
        answers = self._answers([_glancing(each, tie) for each in wanted])
        return [[_row(hit) for hit in answer["hits"]["hits"]] for answer in answers]

    def get(self, document_id: str) -> Row | None:
        body = {"query": elastic_query(Term("id", document_id), ()), "size": 1}
        (answer,) = self._answers([body])
        rows = [_row(hit) for hit in answer["hits"]["hits"]]
        return rows[0] if rows else None

    def after(
        self, filters: Filters, order: Order, place: Place | None, size: int
    ) -> list[tuple[Place, Row]]:
        body: Query = {
            "query": elastic_query(Everything(), filters),
            "size": size,
            "sort": _sort(Everything(), order),
            "track_total_hits": False,
        }
        if place is not None:
            body["search_after"] = list(place if order.field else place[1:])
        (answer,) = self._answers([body])
        return [(_place(order, hit["sort"]), _row(hit)) for hit in answer["hits"]["hits"]]

    def ids(self) -> Versions:
        try:
            yield from walk_ids(self._connection, self.index)
        except Absent as error:
            raise self._gone() from error

    def _keep(self, match: Node, filters: Filters, answer: Mapping[str, Any]) -> None:
        found = {TOTAL: {TOTAL: _total(answer)}, **_buckets(answer)}
        with self._lock:
            for field, counts in found.items():
                self._ahead[match, filters, field] = counts
            while len(self._ahead) > MOST_AHEAD:
                self._ahead.popitem(last=False)

    def _answers(self, bodies: list[Query]) -> list[Mapping[str, Any]]:
        """The answers to some questions in one round trip."""
        try:
            return self._asked(bodies)
        except (Absent, NodeLost) as error:
            # It ran out, a rebuild dropped the index, or a node that held it has gone.
            raise self._gone() from error

    def _gone(self) -> ViewLost:
        self.lost = True
        return ViewLost(f"搜索索引 {self.index} 已换新或暂时不可用")

    def _asked(self, bodies: list[Query]) -> list[Mapping[str, Any]]:
        whole = [self._whole(body) for body in bodies]
        if len(whole) == 1:
            return [self._connection.ask(lambda es: es.search(**whole[0], **SEARCH))]
        searches = [part for body in whole for part in (SEARCH, body)]
        answer = self._connection.ask(lambda es: es.msearch(searches=searches))
        return list(answer["responses"])

    def _whole(self, body: Query) -> Query:
        return {
            "version": True,
            "track_total_hits": True,
            "timeout": f"{self._connection.address.timeout * SERVER_SHARE:.0f}ms",
            "pit": {"id": self.pit, "keep_alive": KEEP_ALIVE},
            **{name: part for name, part in body.items() if part != {}},
        }


def open_pit(send: Callable[[Call], Any], index: str) -> str:
    """Keep the index as it is now for some minutes; gives the name of that moment."""
    answer = send(lambda es: es.open_point_in_time(index=index, keep_alive=KEEP_ALIVE))
    return str(answer["id"])


def walk_ids(connection: Connection, index: str) -> Iterator[tuple[str, int]]:
    """All ids and versions of an index as it is now, in no order. Raises Unavailable, NodeLost
    when another walk may get through, Absent.
    """
    tell = connection.tell
    pit = open_pit(tell, index)
    body: Query = {
        "query": EVERYTHING,
        "size": CHUNK,
        "sort": [{"_shard_doc": "asc"}],
        "_source": False,
        "version": True,
        "track_total_hits": False,
        "pit": {"id": pit, "keep_alive": KEEP_ALIVE},
        "allow_partial_search_results": False,
    }
    try:
        while hits := tell(lambda es: es.search(**body))["hits"]["hits"]:
            for hit in hits:
                yield hit["_id"], hit["_version"]
            body["search_after"] = hits[-1]["sort"]
    finally:
        tell(lambda es: es.options(ignore_status=404).close_point_in_time(id=pit))


def _counting(match: Node, filters: Filters, fields: Sequence[str]) -> Query:
    return {
        "query": elastic_query(match, filters),
        "size": 0,
        "aggs": _aggregations(fields),
    }


def _glancing(wanted: Glance, tie: str) -> Query:
    return {
        "query": elastic_query(wanted.match, wanted.filters),
        "size": wanted.size,
        "sort": [{tie: "asc"}],
        "track_total_hits": False,
    }


def _aggregations(fields: Sequence[str]) -> Query:
    return {field: {"terms": {"field": field, "size": MOST_VALUES}} for field in fields}


def _buckets(answer: Mapping[str, Any]) -> dict[str, Counts]:
    return {
        field: {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}
        for field, found in answer.get("aggregations", {}).items()
    }


def _sort(match: Node, order: Order) -> list[Query]:
    tie = {order.tie: "asc"}
    if order.field is not None:
        return [{order.field: "desc" if order.descending else "asc"}, tie]
    return [tie] if isinstance(match, Everything) else [{"_score": "desc"}, tie]


def _place(order: Order, values: Sequence[int]) -> Place:
    return (values[0], values[1]) if order.field else (0, values[0])


def _total(answer: Mapping[str, Any]) -> int:
    return int(answer["hits"]["total"]["value"])


def _row(hit: Mapping[str, Any]) -> Row:
    return Row(hit["_id"], hit["_version"], hit["_source"]["card"].encode())
