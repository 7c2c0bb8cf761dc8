"""Staff: objections by state, and one objection with its steps and letters."""

from collections.abc import Callable
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func
from werkzeug.wrappers import Response

from marketplace.clock import last_day
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import Objection
from marketplace.permissions import Permission, can, visible
from marketplace.phases import ObjectionPhase
from marketplace.programmes import nouns
from marketplace.schemas.notices import (
    OBJECTION_LABELS,
    AskForm,
    NoticesQuery,
    StepForm,
    UnmaskForm,
)
from marketplace.services.notices import objections, objections_desk, objections_letters
from marketplace.services.notices.public_notices_kinds import KINDS
from marketplace.web import limits
from marketplace.web import notice_shapes as shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, query_data
from marketplace.web.notice_letters import letter_file
from marketplace.web.parts import cipher
from marketplace.web.work import once
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.shapes import events
from marketplace.workflow import available

PER_PAGE = 30
TABS = tuple(ObjectionPhase)
STEPS = {
    "objection_accept": Permission.OBJECTION_HANDLE,
    "objection_refuse": Permission.OBJECTION_HANDLE,
    "objection_go_on": Permission.OBJECTION_HANDLE,
    "lead_take_up": Permission.OBJECTION_HANDLE,
    "lead_note": Permission.OBJECTION_HANDLE,
    "objection_uphold": Permission.OBJECTION_DECIDE,
    "objection_reject": Permission.OBJECTION_DECIDE,
}


@blueprint.get("/objections")
@needs(Permission.WORK_READ)
def objections_list() -> str:
    """Objections by state; what waits for the bureau comes oldest first."""
    session, query = current_session(), load(NoticesQuery(), query_data())
    phase = next((item for item in TABS if item.value == query["phase"]), ObjectionPhase.RECEIVED)
    known = visible(current_actor(), Permission.OBJECTION_READ, Objection)
    counted = known.with_only_columns(Objection.phase, func.count()).group_by(Objection.phase)
    counts = dict(session.execute(counted).all())
    ended = phase not in objections_desk.WAITING
    order = Objection.state_since.desc() if ended else Objection.filed_at
    rows = session.scalars(
        objections.loaded(known.where(Objection.phase == phase))
        .order_by(order, Objection.id)
        .limit(PER_PAGE)
        .offset((query["page"] - 1) * PER_PAGE)
    ).all()
    total = counts.get(phase.value, 0)
    return render_template(
        "work/objections.html",
        rows=[shapes.objection(row) for row in rows],
        tabs=[
            {
                "label": shapes.phase_label("objection", item),
                "url": url_for("work.objections_list", phase=item.value), "current": item == phase,
                "count": counts.get(item.value, 0),
            }
            for item in TABS
        ],
        total=total, page=query["page"], pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.objections_list", phase=phase.value, page=number),
    )  # fmt: skip


def _get(objection_id: int) -> Objection:
    return objections.get(current_session(), current_actor(), objection_id)


@blueprint.get("/objections/<int:objection_id>")
@needs(Permission.WORK_READ)
def objection(objection_id: int) -> str:
    """One objection."""
    return _page(_get(objection_id))


def _page(row: Objection, **given: Any) -> str:
    session, actor = current_session(), current_actor()
    steps = available(row, actor)
    reserve = objections_desk.next_in_reserve(session, row)
    default = row.notice.round.programme.evaluation
    context: dict[str, Any] = {
        "row": row, "line": shapes.objection(row), "labels": OBJECTION_LABELS, "errors": {},
        "values": {}, "clash": [], "contact": None,
        "due_day": last_day(row.reply_by) if row.reply_by is not None else None,
        "entry": shapes.tag("notice_entry", row.entry.state),
        "steps": [
            {
                "action": item.action, "label": item.label, "tone": item.tone,
                "document": item.document_required, "reason": item.reason_required,
                "url": url_for("work.step_objection", objection_id=row.id, action=item.action),
            }
            for item in steps if item.action in STEPS
        ],
        "may_ask": any(item.action == "objection_ask" for item in steps),
        "may_unmask": row.contact_encrypted is not None
        and can(actor, Permission.OBJECTION_UNMASK, row),
        "days": default.complaints.provider_reply_working_days if default is not None else "",
        "evidence": shapes.attachments(session, row, objections.EVIDENCE),
        "replies": shapes.attachments(session, row, objections.REPLY),
        "letters": _letters(row),
        "reserve": _reserve(reserve) if reserve is not None else None,
        "events": events(session, row, {
            item.action: item for item in nouns.workflow("objection").transitions
        }),
        **given,
    }  # fmt: skip
    return render_template("work/objection.html", **context)


def _reserve(found: Any) -> dict[str, Any]:
    offers = KINDS.get("replacement")
    return {
        "name": found.provider.organisation.name, "rank": found.rank,
        "url": url_for("work.candidacy", candidacy_id=found.id),
        "notice": offers is not None and offers.offers is not None,
    }  # fmt: skip


def _letters(row: Objection) -> list[dict[str, str]]:
    return [
        {
            "label": objections_letters.TITLES[name],
            "docx": url_for("work.objection_letter", objection_id=row.id, name=name, kind="docx"),
            "pdf": url_for("work.objection_letter", objection_id=row.id, name=name, kind="pdf"),
        }
        for name in objections_letters.which(row)
    ]  # fmt: skip


def _answer(objection_id: int, status: int, **given: Any) -> Response:
    current_session().expire_all()
    values = dict(request.form.items())
    response = make_response(_page(_get(objection_id), values=values, **given))
    response.status_code = status
    return response


def _do(objection_id: int, said: str, work: Callable[[Objection], None]) -> Response:
    row = _get(objection_id)
    try:
        work(row)
    except Invalid as error:
        fields = dict(error.fields) or {"form": [f"{error.message}。{error.remedy}"]}
        return _answer(objection_id, 422, errors=fields)
    except Conflict as error:
        return _answer(objection_id, 409, clash=[*error.reasons, error.remedy])
    flash(said, "ok")
    return redirect(url_for("work.objection", objection_id=objection_id), 303)


@blueprint.post("/objections/<int:objection_id>/steps/<action>")
@needs(Permission.OBJECTION_HANDLE)
@once.once
def step_objection(objection_id: int, action: str) -> Response:
    """A step that needs nothing but its grounds."""
    if action not in STEPS:
        raise NotFound("没有这个操作")
    label = next(t.label for t in nouns.workflow("objection").transitions if t.action == action)

    def work(row: Objection) -> None:
        data = load(StepForm(), once.fields())
        objections_desk.step(
            current_session(), current_actor(), row, action,
            why=objections.why(data["reason"], data["document_no"]),
            expected_version=data["version"],
        )  # fmt: skip

    return _do(objection_id, f"已办理：{label}。", work)


@blueprint.post("/objections/<int:objection_id>/ask")
@needs(Permission.OBJECTION_HANDLE)
@once.once
def ask_provider(objection_id: int) -> Response:
    """Ask the provider for its account."""

    def work(row: Objection) -> None:
        data = load(AskForm(), once.fields())
        objections_desk.ask(
            current_session(), current_actor(), row, question=data["question"],
            days=data["days"], expected_version=data["version"],
        )  # fmt: skip

    return _do(objection_id, "已请服务商说明。", work)


@blueprint.post("/objections/<int:objection_id>/contact")
@needs(Permission.OBJECTION_UNMASK)
def unmask_objection(objection_id: int) -> Response:
    """Name and phone of who filed it, once, for a reason that is kept."""
    limits.take("unmask", str(current_actor().user_id))
    row = _get(objection_id)
    try:
        data = load(UnmaskForm(), once.fields())
        contact = objections.unmask(
            current_session(), current_actor(), cipher(), row, reason=data["contact_reason"]
        )
    except Invalid as error:
        return _answer(objection_id, 422, errors=dict(error.fields))
    current_session().flush()
    return make_response(_page(row, contact=contact))


@blueprint.get("/objections/<int:objection_id>/letters/<name>.<kind>")
@needs(Permission.WORK_READ)
def objection_letter(objection_id: int, name: str, kind: str) -> Response:
    """One letter as a file."""
    return letter_file(_get(objection_id), name, kind)
