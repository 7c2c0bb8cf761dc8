"""A version of a case as pages show it: to its writer, to its client, to who checks it."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from marketplace.models import CaseVersion, StoredFile
from marketplace.programmes import nouns
from marketplace.schemas.cases import LABELS, LEVELS, SIZES, TEXTS
from marketplace.services.cases import case_studies
from marketplace.services.cases.case_counts import Counter
from marketplace.services.files import files
from marketplace.web.context import dt, vocabulary
from marketplace.web.drafts import versions_rows
from marketplace.web.public.metrics import metrics
from marketplace.web.uploads import size_text

TONES = {"success": "ok", "warning": "warn", "danger": "danger", "info": "info"}
Link = Callable[[StoredFile], str]
Content = Mapping[str, Any]


def tag(row: CaseVersion) -> dict[str, str]:
    """The state as status_tag takes it."""
    state = nouns.workflow("case_version").state(row.state)
    tone = TONES.get(state.tone, "neutral")
    return {"tone": tone, "icon": state.icon, "label": state.staff_label}


def words(content: Content) -> dict[str, str]:
    """Every field in words, by the name that LABELS gives it."""
    term = vocabulary().name

    def named(kind: str, codes: Sequence[str]) -> str:
        return "、".join(term(kind, code) for code in codes)

    amount = content.get("investment_cny") or ""
    level = [content.get(name) for name in ("level_before", "level_after")]
    return {
        "title": content.get("title", ""),
        "segment": named("segment", [content["segment"]] if content.get("segment") else []),
        "client_name": content.get("client_name", ""),
        "client_uscc": content.get("client_uscc", ""),
        "client_anonymous": "不公开" if content.get("client_anonymous") else "公开",
        "client_size": SIZES.get(content.get("client_size", ""), ""),
        "district": named("district", [content["district"]] if content.get("district") else []),
        "start_on": content.get("start_on", ""),
        "finish_on": content.get("finish_on", ""),
        "investment": f"{Decimal(amount) / 10_000:,.2f}" if amount else "",
        "process_links": named("process_link", content.get("process_links", [])),
        "scenes": named("scene", content.get("scenes", [])),
        "product_names": "、".join(content.get("product_names", [])),
        "metrics": "；".join(map(_metric_line, content.get("metrics", []))),
        "level_before": LEVELS.get(str(level[0]), ""),
        "level_after": LEVELS.get(str(level[1]), ""),
        **{name: content.get(name, "") for name in TEXTS},
    }


def _metric_line(row: Mapping[str, Any]) -> str:
    name = row.get("metric", "")
    before, after = (f"{row[part]:g}" for part in ("before", "after"))
    unit, period = row.get("unit", ""), row.get("period", "")
    return f"{name} {before} → {after} {unit}（{period}）"


FACTS = (
    "segment", "client_name", "client_uscc", "client_anonymous", "client_size", "district",
    "start_on", "finish_on", "investment", "process_links", "scenes", "product_names",
    "level_before", "level_after",
)  # fmt: skip


HERE = {"client_anonymous": "企业名称是否公开", "client_uscc": "统一社会信用代码"}
"""Labels that read otherwise outside the form."""


def view(content: Content, pictures: Sequence[StoredFile] = (), link: Link | None = None) -> Any:
    """What the macro ``case_body`` shows."""
    said = words(content)
    return {
        "facts": [({**LABELS, **HERE}[name], said[name]) for name in FACTS],
        "chapters": [(LABELS[name], said[name]) for name in TEXTS if said[name]],
        "metrics": metrics(content.get("metrics", []), vocabulary()),
        "pictures": [
            {"url": (link or picture_link)(row), "alt": row.alt} for row in reversed(pictures)
        ],
    }


def picture_link(row: StoredFile) -> str:
    """Where whoever may know the version finds a picture."""
    return url_for("files.picture", file_id=row.id)


def of_version(session: Session, row: CaseVersion) -> dict[str, Any]:
    """A version with its files, for its writer and for staff."""
    found = files.of(session, row)
    pictures = [one for one in found if one.purpose == case_studies.PICTURE]
    letters = [
        {
            "name": one.name, "url": url_for("files.view", file_id=one.id),
            "size": size_text(one.size), "at": dt(one.uploaded_at),
        }
        for one in found
        if one.purpose == case_studies.LETTER
    ]  # fmt: skip
    return {**view(row.content, pictures), "letters": letters}


def differences(*sides: Content) -> list[dict[str, Any]]:
    """Fields in which contents differ, as ``versions_table`` takes them."""
    return versions_rows(LABELS, *[words(side) for side in sides])


def counter(found: Counter) -> dict[str, Any]:
    """How many cases the hall shows of what a place needs."""
    enough = not found.short
    return {
        "label": f"{vocabulary().name('segment', found.segment)} · {found.type}",
        "count": f"{found.shown}/{found.needed}",
        "tone": "ok" if enough else "warn",
        "icon": "check-circle" if enough else "exclamation-triangle",
        "text": "已达到" if enough else f"还差 {found.short} 个",
    }
