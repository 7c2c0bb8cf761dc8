"""Results pages: providers, products, cases. One view function per kind, one way to build them."""

from typing import Any

from flask import render_template, request
from sqlalchemy import select

from marketplace.db import current_session
from marketplace.models import Round
from marketplace.web import programmes
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.marks import marks
from marketplace.web.public import blueprint
from marketplace.web.public.cards import CARDS
from marketplace.web.public.listing import Listing
from marketplace.web.public.searching import Found, ask, find


def _results(kind: str) -> dict[str, Any]:
    words = vocabulary()
    found = find(ask(kind, request.args))
    make = CARDS[kind]
    cards = [make(hit, words, found.highlighter, found.why) for hit in found.hits]
    marked = marks(kind, [hit.key for hit in found.hits])
    return {"cards": cards, "marks": marked, **Listing(found, words, given(found)).frame()}


def given(found: Found) -> dict[tuple[str, str], str]:
    """Names of providers and rounds that the address filters by, and of types from elsewhere."""
    chosen = found.asked.chosen
    names = _elsewhere(found)
    if "provider" in chosen:
        names |= {("provider", value): "所选服务商" for value in chosen["provider"]}
        for hit in found.hits:
            card = hit.card or {}
            names["provider", str(card["provider_id"])] = card["provider"]
    if "round" in chosen:
        rows = select(Round.key, Round.label).where(Round.key.in_(chosen["round"]))
        names |= {("round", key): label for key, label in current_session().execute(rows)}
    return names


def _elsewhere(found: Found) -> dict[tuple[str, str], str]:
    """Types that the home programme does not know say that another city's programme does."""
    words = vocabulary()
    counted = [item.value for item in found.facets.get("type", ())]
    return {
        ("type", code): f"{words.label('provider_type', code)}（其他城市项目）"
        for code in {*counted, *found.asked.chosen.get("type", ())}
        if not programmes.at_home("provider_type", code)
    }


@blueprint.get("/providers")
@public
def providers() -> str:
    """Providers in the pool."""
    return render_template("public/providers.html", **_results("provider"))


@blueprint.get("/products")
@public
def products() -> str:
    """Products of providers in the pool."""
    return render_template("public/products.html", **_results("product"))


@blueprint.get("/cases")
@public
def cases() -> str:
    """The case hall."""
    return render_template("public/cases.html", **_results("case"))
