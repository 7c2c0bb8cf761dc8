"""Who has the capabilities that a need asks for: providers over all, then each one by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import current_app

from marketplace import clock
from marketplace.indexing.wiring import Catalogue
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.web.context import vocabulary
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import CARDS, category_name
from marketplace.web.public.listing import PATHS
from marketplace.web.public.reasons import Reason
from search import Highlighter, Hit, Page, SearchRequest, Unavailable

log = structlog.get_logger()

PROVIDERS, WINDOW = 5, 100
EACH = {"product": 3, "case": 2, "provider": 1}
FIELDS = {"segment": "segment", "district": "district", "price": "price_band"}
WITHOUT = {"case": ("price",)}
"""Filters that a kind of thing does not have."""

Chosen = Mapping[str, str]


def found(capabilities: Sequence[str], chosen: Chosen) -> dict[str, Any]:
    """The context of the result page; ``chosen`` are filters by parameter."""
    words = vocabulary()
    try:
        return {
            "providers": _providers(words, capabilities, chosen) if capabilities else [],
            "groups": [_group(words, code, chosen) for code in capabilities],
            "degraded": False,
        }
    except Unavailable as error:
        log.warning("search unavailable", error=str(error))
        groups = [_links(words, code, chosen) for code in capabilities]
        return {"providers": [], "groups": groups, "degraded": True}


def _search(kind: str, codes: Sequence[str], chosen: Chosen, size: int) -> Page:
    catalogue: Catalogue = current_app.extensions["search"]
    filters = {FIELDS[name]: (value,) for name, value in _applied(kind, chosen).items()}
    request = SearchRequest(
        day=clock.today(), kind=kind, filters={**filters, "category": tuple(codes)}, per_page=size
    )
    return catalogue.search(request)


def _applied(kind: str, chosen: Chosen) -> Chosen:
    return {name: value for name, value in chosen.items() if name not in WITHOUT.get(kind, ())}


def _providers(words: Vocabulary, codes: Sequence[str], chosen: Chosen) -> list[dict[str, Any]]:
    """Those that have most of the capabilities; among equals the neutral order of the day."""
    hits = _search("provider", codes, chosen, WINDOW).hits
    best = sorted(hits, key=lambda hit: -len(_has(hit, codes)))[:PROVIDERS]
    return [_card(words, hit, codes) for hit in best]


def _has(hit: Hit, codes: Sequence[str]) -> list[str]:
    own = (hit.card or {}).get("categories", ())
    return [code for code in codes if code in own]


def _card(words: Vocabulary, hit: Hit, codes: Sequence[str]) -> dict[str, Any]:
    has = _has(hit, codes)
    names = "、".join(words.label("category", code) for code in has)
    share = f"您选的 {len(codes)} 项能做 {len(has)} 项"
    card = CARDS["provider"](hit, words, Highlighter(()))
    return {**card, "why": [Reason("产品类别", [(names, False)], share)]}


def _group(words: Vocabulary, code: str, chosen: Chosen) -> dict[str, Any]:
    """One capability: some products and cases, and where all of them are."""
    pages = {kind: _search(kind, [code], chosen, size) for kind, size in EACH.items()}
    plain = Highlighter(())
    shown = {
        f"{kind}s": [CARDS[kind](hit, words, plain) for hit in pages[kind].hits]
        for kind in ("product", "case")
    }
    totals = {kind: page.total for kind, page in pages.items()}
    return {**_links(words, code, chosen), **shown, "totals": totals}


def _links(words: Vocabulary, code: str, chosen: Chosen) -> dict[str, Any]:
    """A capability with the ordinary lists under the same filters."""
    return {
        "code": code,
        "name": category_name(words, code),
        "urls": {
            kind: address(PATHS[kind], [("category", code), *_applied(kind, chosen).items()])
            for kind in EACH
        },
        "products": [],
        "cases": [],
        "totals": {},
    }
