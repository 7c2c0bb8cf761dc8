"""Cards of hits as the card components take them: codes become names, hits are marked."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from marketplace import clock
from marketplace.indexing.building import OUTSIDE
from marketplace.services.profiles.freshness import Freshness
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.web.public.metrics import metrics
from marketplace.web.public.reasons import Marked, Texts, reasons
from marketplace.web.public.searching import Why
from search import Highlighter, Hit

WAN = Decimal(10_000)
TONES = {"success": "ok", "warning": "warn"}
EXCERPT = 96


def money(value: float | Decimal | None) -> str:
    """CNY as 万元, without needless zeros: 128000 → 12.8 万元."""
    if value is None:
        return ""
    amount = (Decimal(str(value)) / WAN).quantize(Decimal("0.01"))
    text = f"{amount:,f}"
    return f"{text.rstrip('0').rstrip('.')} 万元"


def price_range(low: float | None, high: float | None) -> str:
    """``12–20 万元``; one figure when both are equal."""
    if low is None or high is None:
        return ""
    if low == high:
        return money(low)
    return f"{money(low).removesuffix(' 万元')}–{money(high)}"


GRADE_TONES = (("ok", "award"), ("info", "check-circle"), ("neutral", "dash-circle"))
"""Tone and icon of grades from the best; the last and unrated ones are neutral in public."""


def grade_tag(name: str, rank: int | None) -> dict[str, str]:
    """Tag of a published grade: words and icon, never colour alone."""
    tone, icon = GRADE_TONES[-1 if rank is None else min(rank, len(GRADE_TONES) - 1)]
    return {"tone": tone, "icon": icon, "label": name}


def grades(words: Vocabulary, card: Mapping[str, Any]) -> list[dict[str, str]]:
    """Published grades, one for each rated place; with segment and type where there are several."""
    graded = [item for item in card["places"] if item["grade"]]
    alone = len(card["places"]) == 1
    return [
        {
            **grade_tag(item["grade"]["name"], item["grade"]["rank"]),
            "place": "" if alone else _place(words, item),
        }
        for item in graded
    ]


def _place(words: Vocabulary, item: Mapping[str, Any]) -> str:
    segment, type_ = words.label("segment", item["segment"]), item["type"]
    return f"{segment}·{words.label('provider_type', type_)}"


def standing(card: Mapping[str, Any]) -> dict[str, str]:
    """Tag of the standing."""
    state = card["standing"]
    tone = TONES.get(state["tone"], state["tone"])
    return {"tone": tone, "icon": state["icon"], "label": state["label"]}


def place(words: Vocabulary, district: str) -> str:
    """Name of a district."""
    return "市外" if district == OUTSIDE else words.name("district", district)


def category_name(words: Vocabulary, code: str) -> str:
    """``MES 制造执行系统``: the abbreviation that is searched for and what it stands for."""
    word = words.get("category", code)
    if word is None:
        return code
    both = word.short_name and word.short_name.isascii()
    return f"{word.short_name} {word.name}" if both else word.label


def _names(words: Vocabulary, kind: str, codes: list[str]) -> list[str]:
    return [words.label(kind, code) for code in codes]


def updated(text: str) -> str:
    """Day of Beijing of an instant: ``2026-10-08``."""
    return f"{clock.beijing(datetime.fromisoformat(text)):%Y-%m-%d}"


def _marked(highlighter: Highlighter, text: str) -> Marked:
    return [(part.text, part.hit) for part in highlighter.mark(text)]


def _excerpt(highlighter: Highlighter, *texts: str) -> Marked:
    """Of the first text with a hit, the part around it; else the beginning of the first text."""
    snippets = [
        [(part.text, part.hit) for part in highlighter.snippet(text, EXCERPT)]
        for text in texts
        if text
    ]
    hit = (snippet for snippet in snippets if any(found for _, found in snippet))
    return next(hit, snippets[0] if snippets else [])


def _stale(card: Mapping[str, Any]) -> bool:
    """Whether the provider has not confirmed its profile in time, by today."""
    return Freshness(None, date.fromisoformat(card["fresh_since"])).stale


def provider_card(
    hit: Hit, words: Vocabulary, highlighter: Highlighter, why: Why | None = None
) -> dict[str, Any]:
    """Context of the ``provider_card`` component."""
    card = hit.card or {}
    listed = {item["type"] for item in card["places"]}
    types = [word.code for word in words.options("provider_type") if word.code in listed]
    others = card["products"] - 1
    line = card["main_product"] + (f" 等 {card['products']} 个产品" if others > 0 else "")
    same = card["segment_cases"]
    return {
        "id": hit.key,
        "url": f"/providers/{hit.key}",
        "name": _marked(highlighter, card["name"]),
        "types": [
            (words.label("provider_type", code), words.name("provider_type", code), code)
            for code in types
        ],
        "standing": standing(card),
        "grades": grades(words, card),
        "segments": [
            words.name("segment", code) for code in sorted({i["segment"] for i in card["places"]})
        ],
        "intro": _excerpt(highlighter, card["intro"]),
        "district": card["city"] if card["district"] == OUTSIDE else place(words, card["district"]),
        "why": reasons(hit, _provider_texts(words, card), highlighter, why),
        "products_line": line,
        "price_text": price_range(card["price_from"], card["price_to"]),
        "cases_count": card["cases"],
        "cases_note": f"同行业 {same}" if same else "",
        "service_areas": _names(words, "service_area", card["service_areas"]),
        "stale": _stale(card),
        "updated": updated(card["updated"]),
    }


def product_card(
    hit: Hit, words: Vocabulary, highlighter: Highlighter, why: Why | None = None
) -> dict[str, Any]:
    """Context of the ``product_card`` component."""
    card = hit.card or {}
    price = card["pilot_price"] if card["pilot_price"] is not None else card["list_price"]
    return {
        "id": hit.key,
        "url": f"/products/{hit.key}",
        "name": _marked(highlighter, card["name"]),
        "version": card["release"],
        "category": category_name(words, card["category"]),
        "category_code": card["category"],
        "provider_name": card["provider"],
        "provider_url": f"/providers/{card['provider_id']}",
        "standing": standing(card),
        "segments": _names(words, "segment", card["segments"]),
        "scenes": _names(words, "scene", card["scenes"]),
        "summary": _excerpt(highlighter, card["summary"], card["description"]),
        "why": reasons(hit, _product_texts(words, card), highlighter, why),
        "price_text": money(price),
        "price_note": f"/ {card['price_unit']}" if card["price_unit"] else "",
        "trial_text": "",
        "deployment": _names(words, "deployment", card["deployment"]),
        "days_text": f"{card['days']} 天" if card["days"] else "",
        "cases_count": 0,
        "stale": _stale(card),
        "updated": updated(card["updated"]),
    }


def case_card(
    hit: Hit, words: Vocabulary, highlighter: Highlighter, why: Why | None = None
) -> dict[str, Any]:
    """Context of the ``case_card`` component."""
    card = hit.card or {}
    return {
        "id": hit.key,
        "url": f"/cases/{hit.key}",
        "title": _marked(highlighter, card["title"]),
        "client": card["client"],
        "segment": words.label("segment", card["segment"]),
        "district": place(words, card["district"]),
        "year": card["year"],
        "provider_name": card["provider"],
        "provider_url": f"/providers/{card['provider_id']}",
        "process_links": _names(words, "process_link", card["process_links"]),
        "scenes": _names(words, "scene", card["scenes"]),
        "excerpt": _excerpt(highlighter, card["pains"], card["solution"], card["background"]),
        "why": reasons(hit, _case_texts(words, card), highlighter, why),
        "days_text": f"{card['days']} 天" if card["days"] else "",
        "investment_text": money(card["investment"]),
        "metrics": metrics(card["metrics"], words),
        "updated": updated(card["updated"]),
    }


def _provider_texts(words: Vocabulary, card: Mapping[str, Any]) -> Texts:
    """Parts of a provider by label; a product by its name first, then with what it does."""
    products = card["products_said"]
    return {
        "名称": [card["name"], card["short_name"]],
        "产品": [text for name, said in products for text in (name, f"{name}：{said}")],
        "案例": card["case_titles"],
        "场景": _names(words, "scene", card["scenes"]),
        "类别": [category_name(words, code) for code in card["categories"]],
        "行业": [words.name("segment", item["segment"]) for item in card["places"]],
        "简介": [card["intro"]],
    }


def _product_texts(words: Vocabulary, card: Mapping[str, Any]) -> Texts:
    return {
        "名称": [card["name"]],
        "类别": [category_name(words, card["category"])],
        "场景": _names(words, "scene", card["scenes"]),
        "行业": [words.name("segment", code) for code in card["segments"]],
        "服务商": [card["provider"]],
        "简介": [card["summary"], card["description"]],
    }


def _case_texts(words: Vocabulary, card: Mapping[str, Any]) -> Texts:
    return {
        "名称": [card["title"]],
        "场景": _names(words, "scene", card["scenes"]),
        "环节": _names(words, "process_link", card["process_links"]),
        "类别": [category_name(words, code) for code in card["categories"]],
        "行业": [words.name("segment", card["segment"])],
        "服务商": [card["provider"]],
        "客户": [card["client"]],
        "简介": [card["pains"], card["solution"], card["background"]],
    }


CARDS = {"provider": provider_card, "product": product_card, "case": case_card}
