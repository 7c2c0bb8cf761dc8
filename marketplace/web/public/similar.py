"""Other things like the one shown: from the index, in the neutral order of the day."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from flask import current_app

from marketplace import clock
from marketplace.indexing.wiring import Catalogue
from marketplace.web.context import vocabulary
from marketplace.web.public.cards import CARDS
from search import Highlighter, Page, SearchRequest, Unavailable

log = structlog.get_logger()

SHOWN = 4
MOST_VALUES = 10
Filters = Mapping[str, Iterable[str]]


def found(kind: str, filters: Filters, size: int, *, facets: tuple[str, ...] = ()) -> Page | None:
    """What the index has of ``kind``; None when the engine does not answer."""
    catalogue: Catalogue = current_app.extensions["search"]
    chosen = {name: tuple(values)[:MOST_VALUES] for name, values in filters.items()}
    request = SearchRequest(
        day=clock.today(), kind=kind, filters=chosen, per_page=size, facets=facets
    )
    try:
        return catalogue.search(request)
    except Unavailable as error:
        log.warning("search unavailable", error=str(error))
        return None


def cards(page: Page | None) -> list[dict[str, Any]]:
    """The hits as the card components take them."""
    words, plain = vocabulary(), Highlighter(())
    return [CARDS[hit.kind](hit, words, plain) for hit in (page.hits if page else ())]


def others(kind: str, filters: Filters, but: str, size: int = SHOWN) -> Sequence[Mapping[str, Any]]:
    """At most ``size`` cards without the thing whose id is ``but``."""
    found_cards = cards(found(kind, filters, size + 1))
    return [card for card in found_cards if card["id"] != but][:size]
