"""What the answers of the guided selector give: products, which answers each meets, ways out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import select

from marketplace import clock
from marketplace.db import current_session
from marketplace.indexing import fallback
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Product
from marketplace.services.searching.vocabulary import Word
from marketplace.web.context import vocabulary
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import category_name, money, product_card
from marketplace.web.public.guide_answers import (
    Question,
    answers,
    filtering,
    filters,
    result_address,
)
from marketplace.web.public.reasons import Reason
from search import Highlighter, Hit, SearchRequest, Unavailable

log = structlog.get_logger()

PER_PAGE = 20
DEEPEST = 500
FEW = 3
"""With so few results the page also says which answer to relax."""
MOST_WAYS = 4

Way = dict[str, Any]
Judged = tuple[str, str]
"""What to say of one answer, and the verdict."""


def found(questions: Sequence[Question], page: int) -> dict[str, Any]:
    """The context of the result page. When the engine does not answer, products from lists."""
    asked = SearchRequest(
        day=clock.today(), kind="product", filters=filters(questions), page=page, per_page=PER_PAGE
    )
    catalogue: Catalogue = current_app.extensions["search"]
    try:
        result = catalogue.search(asked)
        ways = []
        if result.total <= FEW:
            ways = list(_ways(catalogue, asked, questions, result.total))
    except Unavailable as error:
        log.warning("search unavailable", error=str(error))
        return _listed(catalogue, asked, questions)
    return {
        "total": result.total,
        "pages": result.pages,
        "page": page,
        "cards": _cards(result.hits, questions),
        "ways": ways[:MOST_WAYS],
        "degraded": False,
        **_addresses(questions),
    }


def _listed(
    catalogue: Catalogue, asked: SearchRequest, questions: Sequence[Question]
) -> dict[str, Any]:
    total, documents = fallback.browse(
        current_session(), catalogue.words(), "product", asked.filters, asked.day, asked.offset,
        PER_PAGE,
    )  # fmt: skip
    hits = [Hit(item.id, item.version, item.card) for item in documents]
    return {
        "total": total,
        "pages": -(-total // PER_PAGE),
        "page": asked.page,
        "cards": _cards(hits, questions),
        "ways": [],
        "degraded": True,
        **_addresses(questions),
    }


def _addresses(questions: Sequence[Question]) -> dict[str, Any]:
    """Of the pages of the result, and of the ordinary list with the same filters."""
    pairs = answers(questions)
    names = {"price_band": "price"}
    same = [
        (names.get(item.field, item.field), value)
        for item in filtering(questions)
        for value in item.values
    ]
    return {
        "page_link": lambda number: f"{result_address(pairs)}&page={number}",
        "page_hidden": [*pairs, ("step", "result")],
        "list_url": address("/products", same),
    }


def _cards(hits: Sequence[Hit], questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Cards that say of each answer whether and how the product meets it."""
    numbers = [int(hit.key) for hit in hits]
    rows = current_session().scalars(select(Product).where(Product.id.in_(numbers)))
    products = {str(row.id): row for row in rows}
    words, plain = vocabulary(), Highlighter(())
    made = []
    for hit in hits:
        card = product_card(hit, words, plain)
        product = products.get(hit.key)
        card["why"] = list(_met(product, hit.card or {}, questions)) if product else []
        made.append(card)
    return made


def _met(
    product: Product, card: Mapping[str, Any], questions: Sequence[Question]
) -> Iterator[Reason]:
    for question in questions:
        if question.chosen:
            text, remark = JUDGES[question.how](product, card, question)
            yield Reason(question.label, [(text, False)], remark)


def _same(product: Product, card: Mapping[str, Any], question: Question) -> Judged:
    """The answer itself, when it is among the product's own."""
    own = {"segment": card["segments"], "size": product.suited_sizes}.get(question.field, ())
    fits = [word.label for word in question.chosen if word.code in own]
    if fits:
        return "、".join(fits), "符合"
    return question.answer, "不符合" if own else "未填报"


def _category(product: Product, card: Mapping[str, Any], question: Question) -> Judged:
    """Which of the pains the product's category is for."""
    name = category_name(vocabulary(), product.category)
    fits = [w.label for w in question.chosen if product.category in w.data.get("categories", ())]
    return ("、".join(fits), f"用{name}解决") if fits else (question.answer, "不符合")


def _upto(product: Product, card: Mapping[str, Any], question: Question) -> Judged:
    """The price against the highest band chosen."""
    price = card["pilot_price"] if card["pilot_price"] is not None else card["list_price"]
    if price is None:
        return question.answer, "价格未公布"
    most = max((word.data.get("max", float("inf")) for word in question.chosen), default=0)
    return money(price), "在预算内" if price < most else "超出预算"


def _mentions(product: Product, card: Mapping[str, Any], question: Question) -> Judged:
    """Systems that the product's own description says it works with."""
    said = [
        *product.interfaces, *product.modules_common, *product.modules_custom,
        product.prerequisites, product.description,
    ]  # fmt: skip
    known = [word.label for word in question.chosen if _says(said, word)]
    owned = [w.label for w in question.chosen if w.data.get("category") == product.category]
    if owned:
        return "、".join(owned), "您已有同类系统，请先问清是替换还是补充"
    return ("、".join(known), "说明可以对接") if known else (question.answer, "没有说明，请咨询")


def _says(texts: Sequence[str], word: Word) -> bool:
    folded = " ".join(texts).lower()
    return any(alias.lower() in folded for alias in word.aliases)


JUDGES = {"same": _same, "categories": _category, "upto": _upto, "mentions": _mentions}


def _ways(
    catalogue: Catalogue, asked: SearchRequest, questions: Sequence[Question], now: int
) -> Iterator[Way]:
    """Which answers to relax for more than ``now``: one of them, else two, else all."""
    asking = filtering(questions)
    sizes = [1, *([2] if len(asking) > 2 else []), *([len(asking)] if len(asking) > 1 else [])]
    for size in sizes:
        ways = []
        for left in combinations(asking, size):
            if size == 1 and left[0].how == "upto":
                ways.append(_raised(catalogue, asked, questions, left[0], now))
            else:
                ways.append(_without(catalogue, asked, questions, left))
        better = [way for way in ways if way and way["total"] > now]
        if better:
            yield from sorted(better, key=lambda way: -way["total"])
            return


def _raised(
    catalogue: Catalogue,
    asked: SearchRequest,
    questions: Sequence[Question],
    question: Question,
    now: int,
) -> Way | None:
    """The next higher band that gives more."""
    order = list(question.options)
    for word in order[order.index(question.chosen[-1]) + 1 :]:
        raised = replace(question, chosen=(word,))
        total = _total(catalogue, asked, {question.field: raised.values})
        if total > now:
            pairs = answers([raised if item is question else item for item in questions])
            label = f"{question.label}：{question.answer} → {word.label}"
            return {"verb": "放宽", "label": label, "total": total, "url": result_address(pairs)}
    return None


def _without(
    catalogue: Catalogue,
    asked: SearchRequest,
    questions: Sequence[Question],
    left: Sequence[Question],
) -> Way:
    pairs = answers(questions, but=[item.code for item in left])
    return {
        "verb": "不限",
        "label": "；".join(f"{item.label}：{item.answer}" for item in left),
        "total": _total(catalogue, asked, {item.field: () for item in left}),
        "url": result_address(pairs),
    }


def _total(
    catalogue: Catalogue, asked: SearchRequest, instead: Mapping[str, tuple[str, ...]]
) -> int:
    """How many products there are with other values for some fields, () for any."""
    chosen = {**asked.filters, **instead}
    request = replace(
        asked, filters={name: v for name, v in chosen.items() if v}, page=1, per_page=1
    )
    return catalogue.search(request).total
