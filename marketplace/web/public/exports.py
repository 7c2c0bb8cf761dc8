"""Results pages as Excel files: the hits of a search in its order, what was asked, and when.

A form fetches them, not a link: robots that follow links need not count the whole pool.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Response, request

from marketplace import clock
from marketplace.indexing.building import OUTSIDE
from marketplace.services.pool import exports
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.web import limits
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.downloads import attachment
from marketplace.web.parts import settings
from marketplace.web.public import blueprint
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import category_name, place, standing, updated
from marketplace.web.public.listing import PATHS, PLURALS, SORT_LABELS, UNITS, Listing
from marketplace.web.public.results import given
from marketplace.web.public.searching import Found, ask, find
from search import Hit, Sort

MOST_ROWS = 1000
WAN = 10_000

HEADS = {
    "provider": (
        "服务商", "类型", "细分行业", "状态", "区市", "主打产品", "产品数", "最低价（万元）",
        "最高价（万元）", "案例数", "服务领域", "更新", "网址",
    ),
    "product": (
        "产品", "版本", "类别", "服务商", "细分行业", "场景", "试点价（万元）", "目录价（万元）",
        "计价单位", "部署方式", "工期（天）", "状态", "更新", "网址",
    ),
    "case": (
        "案例", "年份", "客户", "细分行业", "区市", "服务商", "环节", "场景", "工期（天）",
        "投入（万元）", "更新", "网址",
    ),
}  # fmt: skip


@blueprint.get("/providers.xlsx")
@public
def providers_file() -> Response:
    """Providers in the pool."""
    return _file("provider")


@blueprint.get("/products.xlsx")
@public
def products_file() -> Response:
    """Products of providers in the pool."""
    return _file("product")


@blueprint.get("/cases.xlsx")
@public
def cases_file() -> Response:
    """Public cases."""
    return _file("case")


def _file(kind: str) -> Response:
    limits.take("export", limits.address(), failing_open=True)
    asked = ask(kind, request.args)
    found = find(asked, around=False, most=MOST_ROWS)
    words = vocabulary()
    rows = [ROWS[kind](hit.card or {}, hit, words) for hit in found.hits]
    name = PLURALS[kind]
    about = _about(found, words, len(rows))
    book = exports.workbook([(name, HEADS[kind], rows), ("说明", ("项目", "内容"), about)])
    return attachment(book, f"{name}{clock.today():%Y%m%d}.xlsx")


def _about(found: Found, words: Vocabulary, rows: int) -> list[tuple[str, Any]]:
    """What the list is: conditions, order, number, time, where it can be seen."""
    asked, listing = found.asked, Listing(found, words, given(found))
    neutral = asked.request.sort is Sort.RELEVANCE and (found.degraded or not asked.request.q)
    told = [
        ("条件", " · ".join(listing.parts()) or "全部"),
        ("排序", "每日轮换" if neutral else SORT_LABELS[asked.request.sort]),
        ("结果", f"{found.total} {UNITS[asked.kind]}"),
        ("本表", f"{rows} 行" + (f"（最多 {MOST_ROWS} 行）" if found.total > MOST_ROWS else "")),
        ("时间", f"{clock.beijing(clock.now()):%Y-%m-%d %H:%M}"),
        ("网址", settings().base_url + address(listing.path, asked.params)),
    ]
    if found.degraded:
        told.append(("注意", "搜索暂时不可用，只按行业、类型和区市筛选，未按关键词和其他条件筛选"))
    return told


Card = Mapping[str, Any]


def _provider(card: Card, hit: Hit, words: Vocabulary) -> Sequence[Any]:
    places = card["places"]
    return (
        card["name"],
        _names(words, "provider_type", {item["type"] for item in places}),
        _names(words, "segment", {item["segment"] for item in places}),
        standing(card)["label"],
        card["city"] if card["district"] == OUTSIDE else place(words, card["district"]),
        card["main_product"], card["products"], _wan(card["price_from"]), _wan(card["price_to"]),
        card["cases"], _names(words, "service_area", card["service_areas"]), *_ends(card, hit),
    )  # fmt: skip


def _product(card: Card, hit: Hit, words: Vocabulary) -> Sequence[Any]:
    return (
        card["name"], card["release"], category_name(words, card["category"]), card["provider"],
        _names(words, "segment", card["segments"]), _names(words, "scene", card["scenes"]),
        _wan(card["pilot_price"]), _wan(card["list_price"]), card["price_unit"],
        _names(words, "deployment", card["deployment"]), card["days"], standing(card)["label"],
        *_ends(card, hit),
    )  # fmt: skip


def _case(card: Card, hit: Hit, words: Vocabulary) -> Sequence[Any]:
    return (
        card["title"], card["year"], card["client"], words.name("segment", card["segment"]),
        place(words, card["district"]), card["provider"],
        _names(words, "process_link", card["process_links"]),
        _names(words, "scene", card["scenes"]), card["days"], _wan(card["investment"]),
        *_ends(card, hit),
    )  # fmt: skip


ROWS = {"provider": _provider, "product": _product, "case": _case}


def _ends(card: Card, hit: Hit) -> tuple[str, str]:
    return updated(card["updated"]), f"{settings().base_url}{PATHS[hit.kind]}/{hit.key}"


def _names(words: Vocabulary, kind: str, codes: Iterable[str]) -> str:
    wanted = set(codes)
    known = [word.name for word in words.options(kind) if word.code in wanted]
    return "、".join(known)


def _wan(value: float | None) -> float | None:
    return None if value is None else round(value / WAN, 2)
