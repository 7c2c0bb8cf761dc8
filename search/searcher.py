"""One search from request to page: read the words, choose a rung, ask the engine, count facets."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from search.analysis.entries import Stored
from search.analysis.highlight import Highlighter
from search.analysis.queries import Analyzer, Query
from search.corrections import Correction, Corrector
from search.counting import Cache, Counter
from search.engines import Engine, Order, Row, View
from search.errors import ViewLost
from search.names import Names
from search.places import joined
from search.plan import RUNGS, Everything, Node, Nothing, can_relax, match, named, whole_phrase
from search.query import DEEPEST, MOST_PER_PAGE, SearchRequest, Sort
from search.result import FacetValue, Hit, Page, Reading, Way
from search.suggest import Suggester, Suggestion
from search.ties import tie_field
from search.walk import walk
from search.why import looked_for

A = TypeVar("A")
MOMENTS = 3  # tries; a view seldom loses its moment, and hardly ever the next one too
FEW = 3  # hits; with no more than these, something else may have been meant
_ORDERS = {
    Sort.RELEVANCE: (None, False),
    Sort.UPDATED: ("updated", True),
    Sort.PRICE: ("price", False),
}


@dataclass(frozen=True, slots=True)
class Understood:
    """What is searched for the words typed: the query, its plan, and how it came about."""

    query: Query
    node: Node
    rung: str
    corrected: tuple[tuple[str, str], ...] = ()
    suggestion: str | None = None


class Searcher:
    """Answers requests on one engine with one vocabulary. Shared by threads.

    When the vocabulary changes, make a new Searcher on the same engine.
    """

    def __init__(self, engine: Engine, analyzer: Analyzer) -> None:
        self.engine = engine
        self._analyzer = analyzer
        self._counter = Counter()
        self._names = Names(analyzer.lexicon, self._counter)
        self._corrector = Corrector(analyzer.lexicon, self._names, self._counter)
        self._suggester = Suggester(analyzer, self._names)
        self._settled = Cache[Understood]()

    def search(self, request: SearchRequest) -> Page:
        """One page with its facets. Raises Unavailable when the engine cannot answer."""
        start = time.perf_counter()

        def page(view: View) -> Page:
            found, total, rows = self._find(view, request)
            facets = self._counter.facets(view, found.node, request)
            return _page(request, found, total, rows, facets, start)

        return self._asking(page)

    def first(self, request: SearchRequest, most: int) -> Page:
        """The first ``most`` hits in place of a page, for files: none slips through and none comes
        twice while the index changes. With words there are never more than 10,000. Nothing is
        counted but the total. Raises Unavailable.
        """
        start = time.perf_counter()
        request = replace(request, page=1, per_page=MOST_PER_PAGE, facets=())

        def page(view: View) -> Page:
            found, total, rows = self._find(view, request)
            if isinstance(found.node, Everything):
                steps = walk(view, joined(request.groups), _order(request))
            else:
                steps = self._pages(view, found.node, request, rows)
            return _page(request, found, total, list(islice(steps, most)), {}, start)

        return self._asking(page)

    def _pages(
        self, view: View, node: Node, request: SearchRequest, rows: list[Row]
    ) -> Iterator[Row]:
        """The rows of the first page and of those behind it, all of one moment."""
        yield from rows
        for number in range(2, DEEPEST // request.per_page + 1):
            if len(rows) < request.per_page:
                return
            _, rows = self._top(view, node, replace(request, page=number))
            yield from rows

    def _find(self, view: View, request: SearchRequest) -> tuple[Understood, int, list[Row]]:
        """What is searched, the number of its hits, and those of the page."""
        found = self._read(view, request)
        total, rows = self._top(view, found.node, request)
        settled = self._settle(view, found, request, total)
        if settled.node != found.node:
            total, rows = self._top(view, settled.node, request)
        return settled, total, rows

    def suggest(
        self, text: str, *, kind: str | None = None, limit: int = 8
    ) -> tuple[Suggestion, ...]:
        """Names and terms that the text may become; none for a blank one. ``kind``: only
        ``provider``, ``product``, ``case`` or ``term``. Raises Unavailable.
        """
        return self._asking(lambda view: self._suggester.suggest(view, text, kind, limit))

    def ways_out(self, request: SearchRequest) -> tuple[Way, ...]:
        """For a request without hits: what each filter left out would give, the most first.

        When no single filter helps, leaving out all of them is offered, if that does.
        Raises Unavailable.
        """
        return self._asking(lambda view: self._ways_out(view, request))

    def _ways_out(self, view: View, request: SearchRequest) -> tuple[Way, ...]:
        node = self._settle(view, self._read(view, request), request, 0).node
        groups = request.groups
        choices = [joined(tuple(g for g in groups if g[0] != name)) for name, _ in groups]
        totals = view.count_each(node, choices)
        ways = [Way((name,), total) for (name, _), total in zip(groups, totals, strict=True)]
        found = (way for way in ways if way.total)
        helpful = sorted(found, key=lambda way: (-way.total, way.without))
        if helpful or len(groups) < 2:
            return tuple(helpful)
        total = view.count(node, ())
        return (Way(tuple(name for name, _ in groups), total),) if total else ()

    def _asking(self, ask: Callable[[View], A]) -> A:
        """An answer of one moment: when the servers lose it meanwhile, ask all of it again."""
        for _ in range(MOMENTS - 1):
            with suppress(ViewLost):
                return ask(self.engine.view())
        return ask(self.engine.view())

    # ---------------------------------------------------------------- what is meant

    def _read(self, view: View, request: SearchRequest) -> Understood:
        """The words as typed, on the first rung; what was settled before is settled."""
        key = (view.revision, request.q, request.literal)
        known = self._settled.get(key)
        if known is not None:
            return known
        found = self._understand(view, self._analyzer.read(request.q))
        other = None if request.literal else self._mistyped(view, found)
        return found if other is None else self._settled.put(key, other)

    def _mistyped(self, view: View, found: Understood) -> Understood | None:
        """What to search although the words may find something: a word of the trade that sounds
        just like the whole query; a name, when something in the query is no word and in no text.
        """
        same = self._corrector.same_sound(found.query)
        if same and not self._counter.total(view, whole_phrase(found.query, view.meta.dictionary)):
            return self._corrected(view, same)
        odd = self._analyzer.odd_units(found.query)
        if self._corrector.unknown(view, odd):
            return self._better(view, found, 0)
        return None

    def _understand(self, view: View, query: Query) -> Understood:
        query = self._names.resolve(view, query)
        node = match(query, view.meta.dictionary, RUNGS[0])
        return Understood(query, node, _first_rung(node))

    def _settle(
        self, view: View, found: Understood, request: SearchRequest, hits: int
    ) -> Understood:
        """Choose the rung. It depends on the words alone, never on filters: otherwise choosing a
        facet value could change the demand, and its count would be wrong.
        """
        if hits > FEW or found.rung != RUNGS[0]:
            return found
        key = (view.revision, request.q, request.literal)
        known = self._settled.get(key)
        if known is None:
            total = self._counter.total(view, found.node)
            known = self._settled.put(key, self._other(view, found, request.literal, total))
        return known

    def _other(self, view: View, found: Understood, literal: bool, total: int) -> Understood:
        if total > FEW:
            return found
        if not literal:
            better = self._better(view, found, total)
            if better is not None:
                return better
        if total:
            return found
        for rung in RUNGS[1:] if can_relax(found.query) else ():
            node = match(found.query, view.meta.dictionary, rung)
            if self._counter.total(view, node):
                return Understood(found.query, node, RUNGS[1])
        return Understood(found.query, found.node, "none")

    def _better(self, view: View, found: Understood, total: int) -> Understood | None:
        """Another query that finds more: searched instead of one that finds nothing, offered
        beside one that finds little.
        """
        if total and self._counter.total(view, named(found.query)):
            return None
        for correction in self._corrector.propose(view, found.query):
            other = self._corrected(view, correction)
            if other is None:
                continue
            if not total:
                return other
            if self._counter.total(view, other.node) > total:
                return Understood(found.query, found.node, found.rung, suggestion=correction.text)
        return None

    def _corrected(self, view: View, correction: Correction) -> Understood | None:
        """The correction as understood, if it finds anything."""
        other = self._understand(view, self._analyzer.read(correction.text))
        if not self._counter.total(view, other.node):
            return None
        return Understood(other.query, other.node, "corrected", correction.changes, correction.text)

    def _top(self, view: View, node: Node, request: SearchRequest) -> tuple[int, list[Row]]:
        counts = self._counter.ahead(view, node, request)
        filters, order = joined(request.groups), _order(request)
        return view.top(node, filters, order, request.offset, request.per_page, counts)


def _order(request: SearchRequest) -> Order:
    return Order(tie_field(request.day), *_ORDERS[request.sort])


def _page(
    request: SearchRequest,
    found: Understood,
    total: int,
    rows: list[Row],
    facets: Mapping[str, tuple[FacetValue, ...]],
    start: float,
) -> Page:
    return Page(
        hits=tuple(map(_hit, rows)),
        total=total,
        facets=facets,
        page=request.page,
        per_page=request.per_page,
        reading=_reading(found),
        highlighter=_highlighter(found.query),
        took_ms=(time.perf_counter() - start) * 1000,
        looked=looked_for(found.query, found.corrected),
    )


def _hit(row: Row) -> Hit:
    stored = Stored.read(row.card)
    return Hit(row.id, row.version, stored.card, stored.title)


def _first_rung(node: Node) -> str:
    if isinstance(node, Everything):
        return "browse"
    return "none" if isinstance(node, Nothing) else RUNGS[0]


def _reading(found: Understood) -> Reading:
    units = found.query.units
    return Reading(
        rung=found.rung,
        units=tuple(unit.text for unit in units),
        synonyms=tuple((unit.text, unit.alternatives) for unit in units if unit.alternatives),
        mainland=any(reading.source == "mainland" for reading in found.query.readings),
        shortened=found.query.shortened,
        pinyin=tuple((unit.text, unit.pinyin) for unit in units if unit.pinyin),
        corrected=found.corrected,
        suggestion=found.suggestion,
    )


def _highlighter(query: Query) -> Highlighter:
    return Highlighter(
        word for unit in query.units for word in (unit.text, *unit.alternatives, *unit.pinyin)
    )
