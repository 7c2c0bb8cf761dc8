"""Results pages: providers, products, cases. One view function per kind, one way to build them."""

from typing import Any

from flask import render_template, request

from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.public import blueprint
from marketplace.web.public.cards import CARDS
from marketplace.web.public.listing import frame
from marketplace.web.public.searching import ask, find


def _results(kind: str, path: str) -> dict[str, Any]:
    words = vocabulary()
    found = find(ask(kind, request.args))
    make = CARDS[kind]
    cards = [make(hit, words, found.highlighter) for hit in found.hits]
    return {"cards": cards, "kind": kind, **frame(found, words, path)}


@blueprint.get("/providers")
@public
def providers() -> str:
    """Providers in the pool."""
    return render_template("public/providers.html", **_results("provider", "/providers"))


@blueprint.get("/products")
@public
def products() -> str:
    """Products of providers in the pool."""
    return render_template("public/products.html", **_results("product", "/products"))


@blueprint.get("/cases")
@public
def cases() -> str:
    """The case hall."""
    return render_template("public/cases.html", **_results("case", "/cases"))
