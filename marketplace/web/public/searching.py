"""From the address to a page of hits: what is in the URL, what the engine or the database gives.

One written rule for repeated parameters (S65): a filter may be repeated and its values are
alternatives; of any other parameter the first one counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
    },
    "product": {
        "segment": ("segment", "segment"),
        "category": ("category", "category"),
        "scene": ("scene", "scene"),
        "price": ("price_band", "price_band"),
        "deployment": ("deployment", "deployment"),
        "delivery": ("delivery_band", "delivery_band"),
        "process_link": ("process_link", "process_link"),
        "type": ("type", "provider_type"),
        "district": ("district", "district"),
    },
    "case": {
        "segment": ("segment", "segment"),
        "scene": ("scene", "scene"),
        "process_link": ("process_link", "process_link"),
        "category": ("category", "category"),
        "year": ("case_year", "year"),
        "district": ("district", "district"),
        "type": ("type", "provider_type"),
    },
}

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

    @property
    def params(self) -> MultiDict[str, str]:
        """The parameters that make up the address, without page and day."""
        pairs = [("q", self.request.q)] if self.request.q else []
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
    reading: Reading | None
    ways: tuple[Way, ...] = ()
    degraded: bool = False


def ask(kind: str, args: MultiDict[str, str]) -> Asked:
    """Read the address. Raises Invalid with the name of the parameter."""
    known = FILTERS[kind]
    chosen = {
        name: tuple(dict.fromkeys(value for value in args.getlist(name) if value))
        for name in known
        if any(args.getlist(name))
    }
    try:
        request = SearchRequest(
            day=_day(args.get("day", "")),
            q=args.get("q", "").strip()[:MAX_QUERY],
            kind=kind,
            filters={known[name][0]: values for name, values in chosen.items()},
            sort=_sort(kind, args.get("sort", "")),
            page=_whole("page", args.get("page", "") or "1"),
            per_page=PER_PAGE,
            facets=tuple(field for field, _ in known.values()),
        )
    except InvalidRequest as error:
        raise Invalid("网址中的查询条件有误", {error.field: [error.message]}) from error
    return Asked(kind, request, chosen)


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


def find(asked: Asked) -> Found:
    """Search; when the engine does not answer, list from the database and say so."""
    catalogue: Catalogue = current_app.extensions["search"]
    try:
        page = catalogue.search(asked.request)
        ways = catalogue.ways_out(asked.request) if not page.total and asked.chosen else ()
    except Unavailable as error:
        log.warning("search unavailable", error=str(error))
        return _listed(asked, catalogue)
    return Found(
        asked, page.hits, page.total, page.pages, page.facets, page.highlighter, page.reading, ways
    )


def _listed(asked: Asked, catalogue: Catalogue) -> Found:
    request = asked.request
    total, documents = fallback.browse(
        current_session(),
        catalogue.words(),
        asked.kind,
        request.filters,
        request.day,
        request.offset,
        request.per_page,
    )
    hits = tuple(Hit(item.id, item.version, item.card) for item in documents)
    pages = -(-total // request.per_page)
    return Found(asked, hits, total, pages, {}, Highlighter(()), None, degraded=True)
