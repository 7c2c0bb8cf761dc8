"""Staff: enquiries that nobody answered in time. What was written in them is not shown."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import InquiryParty
from marketplace.permissions import Permission
from marketplace.phases import InquiryPhase
from marketplace.schemas.inquiries import LABELS, StepForm
from marketplace.services.inquiries import inquiry_tasks, inquiry_watch, response_rates  # noqa: F401  registers what waits for each side
from marketplace.services.inquiries.inquiry_watch import ALL, LATE, OPEN, URGED
from marketplace.web import inquiry_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint

PER_PAGE = 30
TABS = ((OPEN, "超时待督办"), (URGED, "已督办，仍未答复"), (LATE, "迟到的答复"), (ALL, "全部"))
URGENT = (InquiryPhase.OVERDUE, InquiryPhase.URGED)


@blueprint.get("/inquiries", endpoint="inquiries")
@needs(Permission.INQUIRY_WATCH)
def index() -> str:
    """By kind, the longest overdue first."""
    session, actor = current_session(), current_actor()
    kind = next((k for k, _ in TABS if k == request.args.get("kind")), OPEN)
    page = inquiry_shapes.page_number() or 1
    query = inquiry_watch.queue(actor, kind)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    shown = inquiry_watch.with_names(query).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    return render_template(
        "work/inquiries.html",
        rows=[_line(row) for row in session.scalars(shown)],
        tabs=[
            {"label": label, "url": url_for("work.inquiries", kind=k), "current": k == kind}
            for k, label in TABS
        ],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.inquiries", kind=kind, page=number),
    )


def _line(row: InquiryParty) -> dict[str, Any]:
    return {
        "title": row.inquiry.title, "url": url_for("work.inquiry", party_id=row.id),
        "provider": row.provider.organisation.name,
        "enterprise": row.inquiry.organisation.name,
        "state": inquiry_shapes.state(row, staff=True), "sent": dt(row.sent_at),
        "due": inquiry_shapes.due(row)["day"], "answered": dt(row.answered_at),
    }  # fmt: skip


def _page(row: InquiryParty, errors: dict[str, list[str]]) -> str:
    session = current_session()
    return render_template(
        "work/inquiry.html", party=row, line=_line(row), labels=LABELS, errors=errors,
        values=inquiry_shapes.typed(), may=row.phase in URGENT,
        rate=response_rates.of(session, row.provider_id),
        events=shapes.events(session, row, {}),
    )  # fmt: skip


@blueprint.get("/inquiries/<int:party_id>")
@needs(Permission.INQUIRY_WATCH)
def inquiry(party_id: int) -> str:
    """One enquiry: who asked whom, since when, what was done about it."""
    return _page(inquiry_watch.get(current_session(), current_actor(), party_id), {})


@blueprint.post("/inquiries/<int:party_id>/urge")
@needs(Permission.INQUIRY_WATCH)
@once.once
def urge_inquiry(party_id: int) -> Response:
    """Tell the provider to answer."""
    session, actor = current_session(), current_actor()
    row = inquiry_watch.get(session, actor, party_id)
    try:
        data = load(StepForm(), once.fields())
        inquiry_watch.urge(
            session, actor, row, reason=data["reason"], expected_version=data["version"]
        )
    except (Invalid, Conflict) as error:
        fields, status = inquiry_shapes.refused(error)
        page = _page(inquiry_watch.get(session, actor, party_id), fields)
        return inquiry_shapes.answer(page, status)
    flash("已督办，双方都会收到消息。", "ok")
    return redirect(url_for("work.inquiries"), 303)
