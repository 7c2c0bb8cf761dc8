"""Demands and answers as pages show them. The public shape holds nothing of the enterprise."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Invalid, Unavailable
from marketplace.indexing import demand_matching
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Demand, DemandAnswer, Provider, StoredFile
from marketplace.phases import DemandPhase
from marketplace.schemas.inquiries import LABELS, demand_form
from marketplace.services.demands import demands_rules
from marketplace.services.demands.demands import Content
from marketplace.services.demands.demands_answers import Offer
from marketplace.services.inquiries import inquiry_rules
from marketplace.services.inquiries.inquiry_rules import rules
from marketplace.web import inquiry_shapes
from marketplace.web.context import day, vocabulary, wan
from marketplace.web.forms import load
from marketplace.web.public.cards import category_name

UNLIMITED = "面议"


def names(kind: str, codes: list[str]) -> list[str]:
    """Words for codes of the vocabulary."""
    return [vocabulary().name(kind, code) for code in codes]


def budget(low: Decimal | None, high: Decimal | None) -> str:
    """``10.00–20.00 万元``; one side may be open."""
    if low is None and high is None:
        return UNLIMITED
    if low is None or high is None:
        known, word = (high, "以内") if low is None else (low, "起")
        return f"{wan(known)} 万元{word}"
    return f"{wan(low)} 万元" if low == high else f"{wan(low)}–{wan(high)} 万元"


def public(row: Demand) -> dict[str, Any]:
    """What everybody may read of a published demand."""
    return {
        "id": row.id,
        "url": f"/demands/{row.id}",
        "title": row.title,
        "text": row.text,
        "segment": vocabulary().name("segment", row.segment),
        "process_links": names("process_link", row.process_links),
        "budget": budget(row.budget_low_cny, row.budget_high_cny),
        "until": f"{row.until:%Y-%m-%d}",
        "open": demands_rules.open_now(row),
        "published": day(row.published_at),
    }


def answered(row: Demand) -> dict[str, Any]:
    """The same for a provider that answered: what is being mended or was taken down is not shown,
    whatever it says by now."""
    if row.phase in (DemandPhase.PUBLISHED, DemandPhase.CLOSED):
        return public(row)
    gone = {"title": "不再公开的需求", "text": "企业正在修改，或已被撤下。", "segment": "—",
            "process_links": [], "budget": "—", "until": "—", "open": False}  # fmt: skip
    return {**public(row), **gone}


def own(row: Demand) -> dict[str, Any]:
    """The same for its enterprise and for staff, with where it stands."""
    return {
        **public(row), "state": inquiry_shapes.state(row, demands_rules.NOUN), "note": row.note,
        "phase": row.phase, "version": row.version,
    }  # fmt: skip


def answers(
    session: Session, rows: Sequence[DemandAnswer], *, staff: bool = False
) -> list[dict[str, Any]]:
    """Answers for one of their two sides; providers and organisations are loaded. One query."""
    attached: dict[int, list[dict[str, Any]]] = {}
    for file in _files(session, rows):
        attached.setdefault(file.subject_id or 0, []).append(inquiry_shapes.file_line(file))
    return [_answer(row, attached.get(row.id, []), staff=staff) for row in rows]


def _files(session: Session, rows: Sequence[DemandAnswer]) -> Sequence[StoredFile]:
    query = select(StoredFile).where(
        StoredFile.subject_type == DemandAnswer.__tablename__,
        StoredFile.subject_id.in_([row.id for row in rows]),
        StoredFile.superseded_at.is_(None),
    )
    return session.scalars(query.order_by(StoredFile.id)).all()


def _answer(row: DemandAnswer, attached: list[Any], *, staff: bool) -> dict[str, Any]:
    return {
        "id": row.id, "version": row.version, "phase": row.phase,
        "provider_id": row.provider_id, "provider": row.provider.organisation.name,
        "text": row.text, "note": row.note,
        "price": f"{wan(row.price_cny)} 万元" if row.price_cny is not None else "",
        "days": f"{row.days} 天" if row.days else "",
        "state": inquiry_shapes.state(row, demands_rules.ANSWER_NOUN, staff=staff),
        "files": attached,
    }  # fmt: skip


def form_context() -> dict[str, Any]:
    """Choices of the form."""
    options = vocabulary().options
    return {
        "segments": [(word.code, word.name) for word in options("segment")],
        "links": [(word.code, word.name) for word in options("process_link")],
        "latest": rules().longest_days,
        "labels": LABELS,
    }


def values(row: Demand) -> dict[str, str]:
    """A stored demand as the form shows it."""
    return {
        "title": row.title, "text": row.text, "segment": row.segment,
        "budget_low": wan(row.budget_low_cny), "budget_high": wan(row.budget_high_cny),
        "until": row.until.isoformat(),
    }  # fmt: skip


def content(data: dict[str, Any], *, edits: bool) -> tuple[Content, int]:
    """What was typed, and the version that it began with. Raises Invalid."""
    codes = {
        kind: [word.code for word in vocabulary().options(kind)]
        for kind in ("segment", "process_link")
    }
    loaded = load(demand_form(codes["segment"], codes["process_link"], edits=edits), data)
    if loaded["until"] < clock.today():
        raise Invalid(fields={"until": ["请填写今天以后的日期"]})
    return Content(
        title=loaded["title"], text=loaded["text"], segment=loaded["segment"],
        process_links=loaded["process_links"], until=loaded["until"],
        budget_low_cny=loaded["budget_low"], budget_high_cny=loaded["budget_high"],
    ), loaded.get("version", 0)  # fmt: skip


def offer(data: dict[str, Any]) -> Offer:
    """What a provider typed."""
    return Offer(data["text"], data["price"], data["days"])


def suggestions(session: Session, row: Demand, known: set[int]) -> list[dict[str, Any]] | None:
    """Providers that could be invited, each with its reasons; None when the engine is down.

    ``known``: providers that are left out, since they answered or were invited.
    """
    catalogue: Catalogue = current_app.extensions["search"]
    most = rules().suggestions
    try:
        found = demand_matching.matches(
            catalogue, f"{row.title}。{row.text}", row.segment, row.process_links,
            most + len(known),
        )  # fmt: skip
    except Unavailable:
        return None
    own = select(Provider.id).where(Provider.organisation_id == row.organisation_id)
    left_out = known | set(session.scalars(own))
    others = [item for item in found if item.provider_id not in left_out][:most]
    stands = inquiry_rules.refusals(session, [item.provider_id for item in others])
    return [
        {"id": item.provider_id, "name": item.name, "reasons": _reasons(row, item)}
        for item in others
        if not stands[item.provider_id]
    ]


def _reasons(row: Demand, item: demand_matching.Match) -> list[str]:
    words = vocabulary()
    found = [f"细分行业：{words.name('segment', row.segment)}"]
    for capability in item.capabilities:
        said = "、".join(f"“{word}”" for word in capability.words[:3])
        name = category_name(words, capability.code)
        found.append(f"产品类别：{name}" + (f"，对应您写的{said}" if said else ""))
    if item.process_links:
        found.append(f"关键环节：{'、'.join(names('process_link', list(item.process_links)))}")
    return found
