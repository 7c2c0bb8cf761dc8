"""咨询: what enterprises ask the acting provider, with its clock, and what came of it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import InquiryMessage, InquiryParty, Product
from marketplace.permissions import Permission, can
from marketplace.phases import UNANSWERED, InquiryPhase
from marketplace.programmes import nouns
from marketplace.schemas.inquiries import LABELS, LONGEST_TEXT, OutcomeForm, StepForm
from marketplace.services.demands import demands_answers
from marketplace.services.files import files
from marketplace.services.inquiries import (  # noqa: F401  registers what is personal
    inquiries,
    inquiry_contacts,
    inquiry_rules,
    inquiry_tasks,
    inquiry_threads,
    response_rates,
)
from marketplace.services.inquiries.inquiry_threads import ENDED, FILES, OUTCOME_LABELS
from marketplace.web import drafts, inquiry_posts, inquiry_shapes, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.projects.views import with_files
from marketplace.web.work import once

MENU.append(("咨询", "/p/inquiries", Permission.PROVIDER_DESK))
PAGE = "p/inquiry.html"
PER_PAGE = 20


@blueprint.get("/inquiries", endpoint="inquiries")
@needs(Permission.PROVIDER_DESK)
def index() -> str:
    """The inbox: what waits for an answer first."""
    session, actor = current_session(), current_actor()
    phase = next((p.value for p in InquiryPhase if p.value == request.args.get("phase")), "")
    page = inquiry_shapes.page_number() or 1
    query = inquiries.parties(actor, phase)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    own = demands_answers.own_provider(session, actor)
    return render_template(
        "p/inquiries.html",
        rows=[_line(row) for row in rows],
        sections=_tabs(phase),
        rate=response_rates.of(session, own),
        rules=inquiry_rules.rules(),
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("p.inquiries", phase=phase or None, page=number),
    )


def _tabs(phase: str) -> list[dict[str, Any]]:
    states = {item.phase: item for item in nouns.workflow(inquiry_rules.NOUN).states}
    every = [("", "全部"), *((p.value, states[p.value].staff_label) for p in InquiryPhase)]
    return [
        {
            "label": label, "url": url_for("p.inquiries", phase=value or None),
            "current": value == phase,
        }
        for value, label in every
    ]  # fmt: skip


def _line(row: InquiryParty) -> dict[str, Any]:
    return {
        "title": row.inquiry.title, "url": url_for("p.inquiry", party_id=row.id),
        "enterprise": row.inquiry.organisation.name,
        "state": inquiry_shapes.state(row, staff=True), "due": inquiry_shapes.due(row),
        "news": row.last_side == "enterprise" and row.phase == InquiryPhase.ANSWERED,
        "last": dt(row.last_at), "outcome": OUTCOME_LABELS.get(row.outcome, ""),
    }  # fmt: skip


def _get(party_id: int) -> InquiryParty:
    return inquiries.party(current_session(), current_actor(), party_id)


def _earlier(row: InquiryParty) -> list[InquiryMessage]:
    """Answers of the team to begin with, while the first answer is awaited."""
    if row.phase not in UNANSWERED:
        return []
    return inquiry_threads.earlier(current_session(), current_actor())


def _values(context: dict[str, Any]) -> dict[str, str]:
    """What was typed before; else the earlier answer that the address names."""
    typed: dict[str, str] = context["draft"].values
    chosen = [item for item in context["earlier"] if str(item.id) == request.args.get("reuse")]
    return {**typed, "text": chosen[0].text} if chosen else typed


def _context(row: InquiryParty) -> dict[str, Any]:
    session, actor = current_session(), current_actor()
    product = row.inquiry.product_id and session.get(Product, row.inquiry.product_id)
    own = product if product and product.provider_id == row.provider_id else None
    return {
        "party": row,
        "inquiry": row.inquiry,
        "enterprise": row.inquiry.organisation,
        "product": own,
        "state": inquiry_shapes.state(row, staff=True),
        "due": inquiry_shapes.due(row),
        "files": [
            inquiry_shapes.file_line(item)
            for item in files.of(session, row.inquiry, inquiries.FILES)
        ],
        "may": can(actor, Permission.INQUIRY_ANSWER, row),
        "open": row.phase not in ENDED,
        "waiting": row.phase in UNANSWERED,
        "outcomes": list(OUTCOME_LABELS.items()),
        "outcome": OUTCOME_LABELS.get(row.outcome, ""),
        "earlier": _earlier(row),
        "reasons": inquiry_rules.rules().decline_reasons,
        "longest": LONGEST_TEXT,
        "labels": LABELS,
        "draft": drafts.of(inquiry_posts.draft_key(row)),
        **inquiry_shapes.thread(session, actor, row, "p.inquiry"),
    }


@blueprint.get("/inquiries/<int:party_id>")
@needs(Permission.PROVIDER_DESK)
def inquiry(party_id: int) -> str:
    """One enquiry, and the thread with its enterprise."""
    context = _context(_get(party_id))
    return render_template(
        PAGE, errors={}, values=_values(context),
        uploads={FILES: uploads.show(current_session(), FILES)}, **context,
    )  # fmt: skip


def _again(error: Invalid | Conflict, party_id: int) -> Response:
    return inquiry_posts.again(PAGE, error, FILES, **_context(_get(party_id)))


def _back(party_id: int, said: str) -> Response:
    flash(said, "ok")
    return redirect(url_for("p.inquiry", party_id=party_id), 303)


@blueprint.post("/inquiries/<int:party_id>")
@needs(Permission.INQUIRY_ANSWER)
@with_files(lambda party_id: FILES)
@once.once
def post_inquiry(party_id: int) -> Response:
    """Answer, or go on writing."""
    try:
        inquiry_posts.post(_get(party_id))
    except (Invalid, Conflict) as error:
        return _again(error, party_id)
    return _back(party_id, "已答复。")


@blueprint.post("/inquiries/<int:party_id>/decline")
@needs(Permission.INQUIRY_ANSWER)
@with_files(lambda party_id: FILES)
@once.once
def decline_inquiry(party_id: int) -> Response:
    """Say no, and why."""
    row = _get(party_id)
    try:
        data = load(StepForm(), once.fields())
        inquiries.decline(
            current_session(), current_actor(), row, reason=data["reason"],
            expected_version=data["version"],
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _again(error, party_id)
    return _back(party_id, "已婉拒，企业会看到原因。")


@blueprint.post("/inquiries/<int:party_id>/outcome")
@needs(Permission.INQUIRY_ANSWER)
@with_files(lambda party_id: FILES)
@once.once
def note_inquiry(party_id: int) -> Response:
    """Note what came of it."""
    row = _get(party_id)
    try:
        data = load(OutcomeForm(), once.fields())
        inquiry_threads.note_outcome(
            current_session(), current_actor(), row, outcome=data["outcome"], note=data["note"],
            expected_version=data["version"],
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _again(error, party_id)
    return _back(party_id, "结果已登记，只有本单位能看到。")
