"""From the address to a page of hits: what is in the URL, what the engine or the database gives.

One written rule for repeated parameters (S65): a filter may be repeated and its values are
alternatives; of any other parameter the first one counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import structlog
from flask import current_app
from werkzeug.datastructures import MultiDict

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.indexing import fallback
from marketplace.indexing.wiring import Catalogue
from search import (
    FacetValue,
    Highlighter,
    Hit,
    InvalidRequest,
    Match,
    Reading,
    SearchRequest,
    Sort,
    Unavailable,
    Way,
)

log = structlog.get_logger()

PER_PAGE = 20
MAX_QUERY = 200

FILTERS: dict[str, dict[str, tuple[str, str]]] = {
    # kind → parameter: (index field, vocabulary kind); the order is the order on the page
    "provider": {
        "segment": ("segment", "segment"),
        "type": ("type", "provider_type"),
        "process_link": ("process_link", "process_link"),
        "category": ("category", "category"),
        "scene": ("scene", "scene"),
        "price": ("price_band", "price_band"),
        "district": ("district", "district"),
        "delivery": ("delivery_band", "delivery_band"),
        "deployment": ("deployment", "deployment"),
        "local": ("has_local_case", "yes_no"),
        "grade": ("grade", "grade"),
        "round": ("round", "round"),
    },
    "product": {
        "segment": ("segment", "segment"),
        "category": ("category", "category"),
        "scene": ("scene", "scene"),
        "size": ("size", "size"),
        "price": ("price_band", "price_band"),
        "deployment": ("deployment", "deployment"),
        "delivery": ("delivery_band", "delivery_band"),
        "process_link": ("process_link", "process_link"),
        "type": ("type", "provider_type"),
        "district": ("district", "district"),
        "provider": ("provider_id", "provider"),
    },
    "case": {
        "segment": ("segment", "segment"),
        "scene": ("scene", "scene"),
        "process_link": ("process_link", "process_link"),
        "category": ("category", "category"),
        "year": ("case_year", "year"),
        "district": ("district", "district"),
        "type": ("type", "provider_type"),
        "provider": ("provider_id", "provider"),
    },
}
Why = Callable[[Hit, Mapping[str, Sequence[str]]], Sequence[Match]]
"""Which word was found where in the texts of a hit, and how."""

QUIET = ("provider", "round")
"""Conditions that links of other pages set; they show as pills, not as lists of options."""

SORTS: dict[str, tuple[Sort, ...]] = {
    "provider": (Sort.RELEVANCE, Sort.UPDATED),
    "product": (Sort.RELEVANCE, Sort.PRICE, Sort.UPDATED),
    "case": (Sort.RELEVANCE, Sort.UPDATED),
}


@dataclass(frozen=True)
class Asked:
    """One search as the address states it, checked."""

    kind: str
    request: SearchRequest
    chosen: Mapping[str, tuple[str, ...]]
    """Chosen values by parameter name."""
    cut: bool = False
    """Whether the end of the words typed was left out."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Parameter name by index field."""
        return {field: name for name, (field, _) in FILTERS[self.kind].items()}

    @property
    def params(self) -> MultiDict[str, str]:
        """The parameters that make up the address, without page and day."""
        pairs = [("q", self.request.q)] if self.request.q else []
        pairs += [("literal", "1")] * self.request.literal
        pairs += [(name, value) for name, values in self.chosen.items() for value in values]
        if self.request.sort is not Sort.RELEVANCE:
            pairs.append(("sort", self.request.sort.value))
        return MultiDict(pairs)


@dataclass(frozen=True)
class Found:
    """Hits with facet counts. ``degraded``: the engine did not answer, these come from lists."""

    asked: Asked
    hits: tuple[Hit, ...]
    total: int
    pages: int
    facets: Mapping[str, tuple[FacetValue, ...]]
    highlighter: Highlighter
    why: Why | None = None
    reading: Reading | None = None
    ways: tuple[Way, ...] = ()
    siblings: Mapping[str, int] = field(default_factory=dict)
    """With words: how many of the other kinds have them, by kind."""
    degraded: bool = False
    offered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """From the database: codes there is anything under, by parameter."""

    @property
    def searched(self) -> str:
        """The words that were looked for: as typed, or as corrected."""
        text = self.asked.request.q
        pairs = self.reading.corrected if self.reading else ()
        if any(typed not in text for typed, _ in pairs):
            return " ".join(instead for _, instead in pairs)
        for typed, instead in pairs:
            text = text.replace(typed, instead)
        return text

    @property
    def applied(self) -> Mapping[str, tuple[str, ...]]:
        """The conditions that really hold: the database knows only some of them."""
        if not self.degraded:
            return self.asked.chosen
        return {n: v for n, v in self.asked.chosen.items() if n in fallback.FILTERS}


def ask(kind: str, args: MultiDict[str, str]) -> Asked:
    """Read the address. Raises Invalid with the name of the parameter."""
    known = FILTERS[kind]
    chosen = {
        name: tuple(dict.fromkeys(value for value in args.getlist(name) if value))
        for name in known
        if any(args.getlist(name))
    }
    typed = args.get("q", "").strip()
    words = typed[:MAX_QUERY].strip()
    try:
        request = SearchRequest(
            day=_day(args.get("day", "")),
            q=words,
            literal=bool(words) and args.get("literal", "") == "1",
            kind=kind,
            filters={known[name][0]: values for name, values in chosen.items()},
            sort=_sort(kind, args.get("sort", "")),
            page=_whole("page", args.get("page", "") or "1"),
            per_page=PER_PAGE,
            facets=tuple(spec[0] for name, spec in known.items() if name not in QUIET),
        )
    except InvalidRequest as error:
        raise Invalid("网址中的查询条件有误", {error.field: [error.message]}) from error
    return Asked(kind, request, chosen, cut=len(typed) > MAX_QUERY)


def _sort(kind: str, text: str) -> Sort:
    found = {sort.value: sort for sort in SORTS[kind]}
    if text and text not in found:
        raise Invalid("网址中的查询条件有误", {"sort": [f"排序应为 {'、'.join(found)} 之一"]})
    return found.get(text, Sort.RELEVANCE)


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Invalid("网址中的查询条件有误", {name: ["应为正整数"]})
    return int(text)


def _day(text: str) -> date:
    """The day whose neutral order counts: today, or yesterday's while somebody pages on."""
    today = clock.today()
    for day in (today, today - timedelta(days=1)):
        if text == day.isoformat():
            return day
    return today


def find(asked: Asked, *, around: bool = True, most: int = 0) -> Found:
    """Search; when the engine does not answer, list from the database and say so.

    ``around``: also look for ways out of an empty page, and for the words among other kinds.
    ``most``: so many hits from the first on, in place of a page.
    """
    catalogue: Catalogue = current_app.extensions["search"]
    try:
        request = asked.request
        page = catalogue.first(request, most) if most else catalogue.search(request)
        ways = _ways_out(catalogue, asked) if around and not page.total else ()
        siblings = _siblings(catalogue, asked) if around and asked.request.q else {}
    except Unavailable as error:
        log.warning("search unavailable", error=str(error))
        return _listed(asked, catalogue, most)
    return Found(
        asked, page.hits, page.total, page.pages, page.facets, page.highlighter,
        page.why, page.reading, ways, siblings,
    )  # fmt: skip


def _total(catalogue: Catalogue, request: SearchRequest) -> int:
    return catalogue.search(replace(request, facets=(), page=1, per_page=1)).total


def _ways_out(catalogue: Catalogue, asked: Asked) -> tuple[Way, ...]:
    """Which condition to leave out, the words included, and what that would give (F-V4)."""
    ways = list(catalogue.ways_out(asked.request)) if asked.chosen else []
    if asked.request.q and asked.chosen:
        total = _total(catalogue, replace(asked.request, q=""))
        ways += [Way(("q",), total)] * bool(total)
    return tuple(sorted(ways, key=lambda way: -way.total))


def _siblings(catalogue: Catalogue, asked: Asked) -> dict[str, int]:
    return {
        kind: _total(catalogue, replace(asked.request, kind=kind, filters={}))
        for kind in FILTERS
        if kind != asked.kind
    }


def _listed(asked: Asked, catalogue: Catalogue, most: int) -> Found:
    request = asked.request
    total, documents = fallback.browse(
        current_session(),
        catalogue.words(),
        asked.kind,
        request.filters,
        request.day,
        0 if most else request.offset,
        most or request.per_page,
    )
    hits = tuple(Hit(item.id, item.version, item.card) for item in documents)
    pages = -(-total // request.per_page)
    offered = fallback.offered(current_session())
    return Found(asked, hits, total, pages, {}, Highlighter(()), degraded=True, offered=offered)
