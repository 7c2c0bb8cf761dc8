"""Describe your need: a complaint in everyday words → capabilities → who can help, and why.

The complaint itself is sent once, by POST, and kept nowhere: not in an address, not in a log, not
in a row. What goes on into the address are words of our own descriptions that were found in it
and codes of capabilities, so a result can be kept and passed on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request
from werkzeug.datastructures import MultiDict

from marketplace.indexing.wiring import Catalogue
from marketplace.services.searching.vocabulary import Vocabulary, Word
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.public import blueprint, need_results
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import category_name
from search.needs import MOST_CHARS, Ranked

PATH = "/need"
KIND = "category"
SHOWN = 6
TICKED = 3
WORTH = 0.6
"""Ticked beforehand is what scores at least this share of the best."""
MOST_SAID = 20
LONGEST_WORD = 24
FILTERS = (
    ("segment", "segment", "行业"),
    ("district", "district", "区市"),
    ("price", "price_band", "试点价"),
)
NOTHING = "没有看出您需要哪一类产品。请写得具体一点：哪个环节、出了什么麻烦、现在怎么做。"
EMPTY = "请写下您遇到的难处，一两句话就可以。"


@dataclass(frozen=True)
class Need:
    """What the address says: words found, capabilities offered and chosen, filters."""

    said: tuple[str, ...]
    offered: tuple[str, ...]
    chosen: tuple[str, ...]
    filters: Mapping[str, str]


@blueprint.get(PATH)
@public
def need() -> Response:
    """The form; with capabilities in the address also who has them."""
    words = vocabulary()
    asked = _asked(words, request.args)
    if not asked.offered:
        return _form()
    return make_response(
        render_template(
            "public/need_result.html",
            path=PATH,
            said=asked.said,
            offered=_offered(words, asked),
            selects=_selects(words, asked),
            new_url=PATH,
            **need_results.found(asked.chosen, asked.filters),
        )
    )


@blueprint.post(PATH)
@public
def read_need() -> Response:
    """Understand a complaint and go to the page of what it asks for."""
    text = request.form.get("text", "").strip()[:MOST_CHARS]
    if not text:
        return _form(error=EMPTY)
    needs = _catalogue().needs()
    ranked = [item for item in needs.rank(text, SHOWN, kind=KIND) if item.words or needs.fused]
    if not ranked:
        return _form(text, error=NOTHING)
    return redirect(address(PATH, _pairs(ranked)), 303)  # type: ignore[return-value]


def _form(text: str = "", error: str = "") -> Response:
    page = render_template(
        "public/need.html",
        path=PATH,
        text=text,
        most=MOST_CHARS,
        errors={"text": error} if error else {},
        scenes=[(word.code, word.name) for word in vocabulary().options("scene")],
    )
    return make_response(page, 422 if error else 200)


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["search"]
    return found


def _pairs(ranked: Sequence[Ranked]) -> list[tuple[str, str]]:
    """The address of what was understood; the best capabilities are ticked."""
    said = dict.fromkeys(word for item in ranked for word in item.words)
    best = ranked[0].score
    ticked = [item for item in ranked[:TICKED] if item.score >= WORTH * best]
    return [
        *(("said", word) for word in list(said)[:MOST_SAID]),
        *(("offer", item.capability.code) for item in ranked),
        *(("c", item.capability.code) for item in ticked),
    ]


def _asked(words: Vocabulary, args: MultiDict[str, str]) -> Need:
    """What the address says, less what the vocabulary does not know (any more)."""
    known = {word.code for word in words.options(KIND)}
    chosen = [code for code in dict.fromkeys(args.getlist("c")) if code in known]
    offered = [code for code in dict.fromkeys(args.getlist("offer")) if code in known]
    offered = [*offered[:SHOWN], *(code for code in chosen if code not in offered)][: 2 * SHOWN]
    filters = {
        name: value
        for name, kind, _ in FILTERS
        if (value := args.get(name, "")) and words.get(kind, value)
    }
    said = [word for word in dict.fromkeys(args.getlist("said")) if 0 < len(word) <= LONGEST_WORD]
    return Need(
        tuple(said[:MOST_SAID]),
        tuple(offered),
        tuple(code for code in offered if code in chosen),
        filters,
    )


def _offered(words: Vocabulary, asked: Need) -> list[dict[str, Any]]:
    """The capabilities to tick, each with the words that speak for it."""
    every = len(words.options(KIND))
    ranked = _catalogue().needs().rank(" ".join(asked.said), every, kind=KIND)
    because = {item.capability.code: item.words for item in ranked}
    return [
        {
            "code": code,
            "name": category_name(words, code),
            "scene": _scene(words, words.get(KIND, code)),
            "words": because.get(code, ()),
            "checked": code in asked.chosen,
        }
        for code in asked.offered
    ]


def _scene(words: Vocabulary, word: Word | None) -> str:
    return words.name("scene", word.data.get("scene", "")) if word else ""


def _selects(words: Vocabulary, asked: Need) -> list[dict[str, Any]]:
    """Filters as lists to choose from."""
    return [
        {
            "name": name,
            "label": label,
            "options": [(word.code, word.label) for word in words.options(kind)],
            "value": asked.filters.get(name, ""),
        }
        for name, kind, label in FILTERS
    ]
