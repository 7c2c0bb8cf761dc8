"""Comparisons: everything is in the address, so a comparison can be sent to a colleague."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request
from sqlalchemy.orm import Session

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.services.choosing import compare
from marketplace.services.choosing.compare import Chosen, Facts, Group, Item
from marketplace.services.choosing.compare_facts import PRODUCT_FACTS, PROVIDER_FACTS, responses
from marketplace.services.pool import exports
from marketplace.services.profiles.catalogue import gravest, state_of
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.downloads import attachment
from marketplace.web.marks import marks
from marketplace.web.public import blueprint
from marketplace.web.public.cards import category_name
from marketplace.web.public.parts import standing_tag, type_names

MOST_ASKED = 20
UNFILLED = "未填报"


@dataclass(frozen=True)
class Kind:
    """What is compared, and how the page speaks of it."""

    key: str
    noun: str
    unit: str
    same: str
    path: str
    list_url: str
    choose: Callable[[Session, Sequence[int]], Chosen]
    facts: Facts
    more: Callable[[Session, Sequence[Item]], tuple[Group, ...]] = lambda *_: ()
    """What is known of them beside what they say themselves."""


PROVIDERS = Kind(
    "provider",
    "服务商",
    "家",
    "同一类型",
    "/compare",
    "/providers",
    compare.providers,
    PROVIDER_FACTS,
    responses,
)
PRODUCTS = Kind(
    "product",
    "产品",
    "个",
    "同一类别",
    "/products/compare",
    "/products",
    compare.products,
    PRODUCT_FACTS,
)


@blueprint.get("/compare")
@public
def compare_providers() -> Response:
    """2–4 providers that share a type."""
    return _page(PROVIDERS)


@blueprint.get("/products/compare")
@public
def compare_products() -> Response:
    """2–4 products of one category."""
    return _page(PRODUCTS)


@blueprint.get("/compare.xlsx")
@public
def compare_providers_xlsx() -> Response:
    """The same cells as a workbook."""
    return _workbook(PROVIDERS)


@blueprint.get("/products/compare.xlsx")
@public
def compare_products_xlsx() -> Response:
    """The same cells as a workbook."""
    return _workbook(PRODUCTS)


def _page(kind: Kind) -> Response:
    chosen, different = _chosen(kind)
    items = chosen.items
    enough = len(items) >= compare.FEWEST
    mixed = enough and not compare.shared(items)
    groups = _groups(kind, items) if enough and not mixed else ()
    shown = compare.only_different(groups) if different else groups
    response = make_response(
        render_template(
            "public/compare.html",
            kind=kind,
            fewest=compare.FEWEST,
            most=compare.MOST,
            chosen=chosen,
            mixed=mixed,
            heads=[_head(kind, item, items, different) for item in items],
            groups=shown,
            different=different,
            equal=sum(row.same for group in groups for row in group.rows),
            toggle_url=_address(kind.path, items, not different),
            keep_url=_keeping(kind, items),
            xlsx_url=_address(f"{kind.path}.xlsx", items, different),
        )
    )
    response.status_code = 422 if mixed else 200
    return response


def _keeping(kind: Kind, items: Sequence[Item]) -> str:
    """Where a signed-in enterprise, or a visitor after the login, keeps what is compared."""
    marked = marks(kind.key, ())
    pairs = [("item", f"{kind.key}:{item.id}") for item in items]
    return f"/me/shortlists/new?{urlencode(pairs)}" if marked and pairs else ""


def _workbook(kind: Kind) -> Response:
    chosen, different = _chosen(kind)
    if len(chosen.items) < compare.FEWEST or not compare.shared(chosen.items):
        raise Invalid(
            f"请选 {compare.FEWEST} 至 {compare.MOST} {kind.unit}{kind.same}的{kind.noun}"
        )
    groups = _groups(kind, chosen.items)
    shown = compare.only_different(groups) if different else groups
    heads = ["项目", *(item.name for item in chosen.items)]
    rows = [
        line
        for group in shown
        for line in ([group.label], *([row.label, *map(cell, row.values)] for row in group.rows))
    ]
    title = f"{kind.noun}对比"
    return attachment(exports.workbook([(title, heads, rows)]), f"{title}.xlsx")


def cell(value: compare.Value) -> str:
    """How a value stands in one cell, on the page and in the workbook."""
    return (value if isinstance(value, str) else "、".join(value)) or UNFILLED


def _chosen(kind: Kind) -> tuple[Chosen, bool]:
    """What the address asks for, and whether only differences are wanted."""
    texts = request.args.getlist("id")[:MOST_ASKED]
    ids = [
        int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0 for text in texts
    ]
    return kind.choose(current_session(), ids), request.args.get("diff") == "1"


def _id(text: str) -> int:
    """A key of the database; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _groups(kind: Kind, items: Sequence[Item]) -> tuple[Group, ...]:
    own = compare.table(items, kind.facts, vocabulary())
    return (*own, *kind.more(current_session(), items))


def _head(kind: Kind, item: Item, items: Sequence[Item], different: bool) -> dict[str, Any]:
    rest = [other for other in items if other is not item]
    if item.one is None:
        tags = [short for short, _ in type_names(item.shown.types)]
    else:
        tags = [category_name(vocabulary(), item.one.category)]
    return {
        "label": item.name,
        "url": f"{kind.list_url}/{item.id}",
        "tags": tags,
        "standing": standing_tag(state_of(gravest(item.shown.listed))),
        "remove_url": _address(kind.path, rest, different),
    }


def _address(path: str, items: Sequence[Item], different: bool) -> str:
    pairs = [("id", str(item.id)) for item in items] + [("diff", "1")] * different
    return f"{path}?{urlencode(pairs)}" if pairs else path
