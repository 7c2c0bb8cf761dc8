"""One search from request to page: read the words, choose a rung, ask the engine, count facets."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

import orjson

from search.analysis.highlight import Highlighter
from search.analysis.queries import Analyzer, Query
from search.engines import Engine, Order, Row, View
from search.places import FIELD, joined, linked, single, values_of
from search.plan import RUNGS, Everything, Filters, Node, Nothing, can_relax, match
from search.query import SearchRequest, Sort
from search.result import FacetValue, Hit, Page, Reading, Way
from search.ties import tie_field

MOST_CACHED = 1000
Counts = Mapping[str, int]
_ORDERS = {
    Sort.RELEVANCE: (None, False),
    Sort.UPDATED: ("updated", True),
    Sort.PRICE: ("price", False),
}


class Searcher:
    """Answers requests on one engine with one vocabulary. Shared by threads.

    When the vocabulary changes, make a new Searcher on the same engine.
    """

    def __init__(self, engine: Engine, analyzer: Analyzer) -> None:
        self.engine = engine
        self._analyzer = analyzer
        self._counted = _Cache()

    def search(self, request: SearchRequest) -> Page:
        """One page with its facets. Raises Unavailable when the engine cannot answer."""
        start = time.perf_counter()
        view = self.engine.view()
        query = self._analyzer.read(request.q)
        node = match(query, view.meta.dictionary, RUNGS[0])
        rung = _first_rung(node)
        total, rows = self._top(view, node, request)
        if not total and self._relaxes(view, query, node):
            rung = RUNGS[1]
            node = match(query, view.meta.dictionary, rung)
            total, rows = self._top(view, node, request)
        return Page(
            hits=tuple(map(_hit, rows)),
            total=total,
            facets=self._facets(view, node, request),
            page=request.page,
            per_page=request.per_page,
            reading=_reading(query, rung),
            highlighter=_highlighter(query),
            took_ms=(time.perf_counter() - start) * 1000,
        )

    def ways_out(self, request: SearchRequest) -> tuple[Way, ...]:
        """For a request without hits: what each filter left out would give, the most first.

        When no single filter helps, leaving out all of them is offered, if that does.
        Raises Unavailable.
        """
        view = self.engine.view()
        query = self._analyzer.read(request.q)
        node = match(query, view.meta.dictionary, RUNGS[0])
        if self._relaxes(view, query, node):
            node = match(query, view.meta.dictionary, RUNGS[1])
        groups = request.groups
        ways = [
            Way((name,), view.count(node, joined(tuple(g for g in groups if g[0] != name))))
            for name, _ in groups
        ]
        found = (way for way in ways if way.total)
        helpful = sorted(found, key=lambda way: (-way.total, way.without))
        if helpful or len(groups) < 2:
            return tuple(helpful)
        total = view.count(node, ())
        return (Way(tuple(name for name, _ in groups), total),) if total else ()

    def _relaxes(self, view: View, query: Query, node: Node) -> bool:
        """Whether less must be demanded. That depends on the words alone, never on filters:
        otherwise choosing a facet value could change the demand, and its count would be wrong.
        """
        if not can_relax(query):
            return False
        key = (view.revision, node)
        known = self._counted.get(key)
        if known is None:
            known = self._counted.put(key, {"": view.count(node, ())})
        return known[""] == 0

    def _top(self, view: View, node: Node, request: SearchRequest) -> tuple[int, list[Row]]:
        field, descending = _ORDERS[request.sort]
        order = Order(tie_field(request.day), field, descending)
        return view.top(node, joined(request.groups), order, request.offset, request.per_page)

    def _facets(
        self, view: View, node: Node, request: SearchRequest
    ) -> dict[str, tuple[FacetValue, ...]]:
        """Values of one facet are counted under the filters of all others."""
        chosen = dict(request.groups)
        free = tuple(
            name for name in request.facets
            if name not in chosen and not linked(name, request.groups)
        )  # fmt: skip
        counts = dict(self._counts(view, node, joined(request.groups), free))
        for name in set(request.facets) - set(free):
            others = tuple(group for group in request.groups if group[0] != name)
            count = self._linked if linked(name, others) else self._one
            counts[name] = count(view, node, others, name)
        return {name: _values(counts[name], chosen.get(name, ())) for name in request.facets}

    def _one(self, view: View, node: Node, others: Filters, name: str) -> Counts:
        return self._counts(view, node, joined(others), (name,))[name]

    def _linked(self, view: View, node: Node, others: Filters, name: str) -> Counts:
        """How many hits have each value in one place with the other members' filters."""
        key = (view.revision, node, others, name, "linked")
        known = self._counted.get(key)
        if known is not None:
            return known
        if single(others):
            places = view.facets(node, joined(others), (FIELD,))[FIELD]
            return self._counted.put(key, values_of(name, others, places))
        # A document may be here by several places, so each value is asked for by itself.
        possible = self._one(view, node, others, name)
        found = {value: view.count(node, joined((*others, (name, (value,))))) for value in possible}
        return self._counted.put(key, {value: count for value, count in found.items() if count})

    def _counts(
        self, view: View, node: Node, filters: Filters, fields: tuple[str, ...]
    ) -> dict[str, Counts]:
        keys = {name: (view.revision, node, filters, name) for name in fields}
        found = {name: self._counted.get(key) for name, key in keys.items()}
        missing = [name for name, counts in found.items() if counts is None]
        for name, counts in view.facets(node, filters, missing).items():
            found[name] = self._counted.put(keys[name], counts)
        return {name: counts for name, counts in found.items() if counts is not None}


class _Cache:
    """Facet counts of recent searches; a new revision of the index misses by its key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, Counts] = OrderedDict()

    def get(self, key: object) -> Counts | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: object, counts: Counts) -> Counts:
        with self._lock:
            self._kept[key] = counts
            if len(self._kept) > MOST_CACHED:
                self._kept.popitem(last=False)
            return counts


def _values(counts: Counts, chosen: tuple[str, ...]) -> tuple[FacetValue, ...]:
    shown = {**dict.fromkeys(chosen, 0), **counts}
    ordered = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetValue(value, count, value in chosen) for value, count in ordered)


def _hit(row: Row) -> Hit:
    return Hit(row.id, row.version, orjson.loads(row.card))


def _first_rung(node: Node) -> str:
    if isinstance(node, Everything):
        return "browse"
    return "none" if isinstance(node, Nothing) else RUNGS[0]


def _reading(query: Query, rung: str) -> Reading:
    units = query.units
    return Reading(
        rung=rung,
        units=tuple(unit.text for unit in units),
        synonyms=tuple((unit.text, unit.alternatives) for unit in units if unit.alternatives),
        mainland=any(reading.source == "mainland" for reading in query.readings),
        shortened=query.shortened,
    )


def _highlighter(query: Query) -> Highlighter:
    return Highlighter(word for unit in query.units for word in (unit.text, *unit.alternatives))
