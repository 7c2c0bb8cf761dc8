"""Profiles, products and their changes in the words of pages: for their writers and for staff."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from flask import url_for

from marketplace.models import ChangeRequest
from marketplace.models.change_requests import PROFILE
from marketplace.programmes import nouns
from marketplace.schemas.profile import SIZE_NAMES, Field, typed
from marketplace.services.profiles.change_requests_subjects import FIELDS
from marketplace.services.profiles.freshness import Freshness
from marketplace.services.profiles.prices import Price
from marketplace.web.context import day, dt, vocabulary, wan
from marketplace.web.drafts import versions_rows

TONES = {"success": "ok", "warning": "warn"}
Tag = dict[str, str]


def words(field: Field, value: Any) -> str:
    """A value in words; amounts with their unit."""
    if value is None or value in ("", []):
        return ""
    if field.widget in ("tags", "choice"):
        codes = value if field.widget == "tags" else [value]
        return "、".join(vocabulary().name(field.kind, code) for code in codes)
    if field.widget == "sizes":
        return "、".join(SIZE_NAMES.get(code, code) for code in value)
    if field.widget == "money":
        return f"{wan(Decimal(value))} 万元"
    text = "；".join(value) if field.widget == "lines" else str(value)
    return f"{text} {field.unit}".strip()


def described(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, str]:
    """Every field in words, by name."""
    return {field.name: words(field, values.get(field.name)) for field in fields}


def differences(fields: Iterable[Field], *sides: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Fields in which sides differ, as ``versions_table`` takes them."""
    declared = list(fields)
    labels = {field.name: field.label for field in declared}
    return versions_rows(labels, *[described(declared, side) for side in sides])


def tag(request: ChangeRequest) -> Tag:
    """Where a request stands, as status_tag takes it."""
    state = nouns.workflow("change_request").state(request.state)
    tone = TONES.get(state.tone, state.tone)
    return {"tone": tone, "icon": state.icon, "label": state.staff_label}


def fields_of(request: ChangeRequest) -> list[Field]:
    """The fields that a request is about, in the order of the form."""
    return [f for name, f in FIELDS[request.subject_type].items() if name in request.fields]


def change_rows(request: ChangeRequest) -> list[dict[str, str]]:
    """Old, new and what is different of each field, as the macro ``change_table`` takes them; of
    a product that is not there yet what was filled in."""
    rows = []
    for field in fields_of(request):
        old, new = (typed(field, side) for side in request.fields[field.name])
        rows.append(
            {
                "label": field.label, "old": words(field, old), "new": words(field, new),
                "what": _what(field, old, new),
            }
        )  # fmt: skip
    rows = [row for row in rows if row["new"]] if is_new(request) else rows
    if request.logo:
        old = "原图片" if request.logo[0] else ""
        what = "改动" if old else "新填"
        rows.append({"label": "标志", "old": old, "new": "新图片", "what": what})
    return rows


def logos(request: ChangeRequest) -> dict[str, str] | None:
    """Addresses of the public and of the new logo, as the macro ``logo_pair`` takes them."""
    if not request.logo:
        return None
    old, new = request.logo
    pictures = {"old": old, "new": new}
    return {
        side: url_for("files.picture", file_id=id_) if id_ else "" for side, id_ in pictures.items()
    }


def labels(request: ChangeRequest) -> list[str]:
    """What is to be changed, in words."""
    return [*(field.label for field in fields_of(request)), *(["标志"] if request.logo else [])]


def _what(field: Field, old: Any, new: Any) -> str:
    """In a list what came and what went: nobody has to compare long lines by eye."""
    if not isinstance(old, list) or not isinstance(new, list):
        return "改动" if old and new else "新填" if new else "清空"
    came = words(field, [one for one in new if one not in old])
    went = words(field, [one for one in old if one not in new])
    said = [f"{word}：{text}" for word, text in (("新增", came), ("删去", went)) if text]
    return "。".join(said) or "调整次序"


def is_new(request: ChangeRequest) -> bool:
    """Whether it asks for a product that was not there."""
    return request.base_version is None


def kind(request: ChangeRequest) -> str:
    """What it is about, in a word."""
    if request.subject_type == PROFILE:
        return "单位资料"
    return "新产品" if is_new(request) else "产品"


def line(request: ChangeRequest, url: str) -> dict[str, Any]:
    """A line of a list of requests."""
    return {
        "title": request.title, "url": url, "kind": kind(request), "state": tag(request),
        "fields": "" if is_new(request) else "、".join(labels(request)),
        "at": dt(request.state_since),
        "answer": request.answer,
    }  # fmt: skip


def price_lines(history: Iterable[Price]) -> list[dict[str, str]]:
    """The history of prices as ``price_history`` takes it: amounts in 万元."""
    return [
        {
            "since": day(price.since), "pilot": wan(price.pilot_cny), "list": wan(price.list_cny),
            "off": f"{price.off}%" if price.off is not None else "",
        }
        for price in history
    ]  # fmt: skip


def freshness(found: Freshness) -> dict[str, Any]:
    """Whether a profile is confirmed, in words and as a tag."""
    if found.stale:
        look: Tag = {"tone": "warn", "icon": "exclamation-triangle", "label": "资料超期未确认"}
    elif found.soon:
        look = {"tone": "info", "icon": "clock", "label": "资料待确认"}
    else:
        look = {"tone": "ok", "icon": "check-circle", "label": "资料已确认"}
    if found.confirmed_on is None and not found.soon:
        look = {"tone": "neutral", "icon": "clock", "label": "资料尚未确认"}
    return {
        "tag": look, "stale": found.stale, "soon": found.soon, "due": day(found.due),
        "confirmed": day(found.confirmed_on),
    }  # fmt: skip
