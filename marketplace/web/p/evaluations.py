"""Evaluations of the acting provider: drafts with their sources, objections, published grades."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import EvaluationCycle, EvaluationSheet
from marketplace.permissions import Permission, can, visible
from marketplace.phases import EvaluationPhase
from marketplace.schemas import evaluations as schema
from marketplace.services.evaluation import (
    evaluation_tasks,  # noqa: F401  tasks register themselves
    grade_appeals,
    objections,
    pinned,
    scoring,
    sheets,
)
from marketplace.web import evaluation_shapes as shown
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.work import once

PER_PAGE = 20

MENU.append(("评价", "/p/evaluations", Permission.PROVIDER_DESK))


@blueprint.get("/evaluations")
@needs(Permission.PROVIDER_DESK)
def evaluations() -> str:
    """The own sheets, the newest cycle first: one for each place, never an average."""
    session = current_session()
    given = request.args.get("page", "")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 5 else 1
    query = visible(current_actor(), Permission.EVALUATION_READ, EvaluationSheet)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.options(joinedload(EvaluationSheet.cycle).joinedload(EvaluationCycle.round))
        .order_by(EvaluationSheet.cycle_id.desc(), EvaluationSheet.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return render_template(
        "p/evaluations.html", rows=[_line(row) for row in rows], page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("p.evaluations", page=number),
    )  # fmt: skip


def _line(row: EvaluationSheet) -> dict[str, Any]:
    programme = row.cycle.round.programme
    open_ = row.cycle.phase == EvaluationPhase.DRAFTED
    return {
        "label": row.cycle.label, "url": url_for("p.evaluation", sheet_id=row.id),
        "place": f"{programme.segment_label(row.segment)}·{programme.type_label(row.type)}",
        "period": shown.period(row.cycle), "state": shown.state_tag(row.cycle, staff=False),
        "score": "" if row.score is None else str(row.score),
        "grade": shown.grade_tag(pinned.scheme_of(row.cycle), row.grade),
        "until": shown.window(row.cycle) if open_ else "",
    }  # fmt: skip


@blueprint.get("/evaluations/<int:sheet_id>")
@needs(Permission.PROVIDER_DESK)
def evaluation(sheet_id: int) -> str:
    """One sheet: every figure with the rows it comes from, and what can be said against it."""
    return _page(sheets.get(current_session(), current_actor(), sheet_id))


def _page(sheet: EvaluationSheet, **more: Any) -> str:
    session, actor = current_session(), current_actor()
    cycle, scheme = sheet.cycle, pinned.scheme_of(sheet.cycle)
    programme = sheet.membership.round.programme
    said = objections.of(session, sheet)
    until = cycle.objections_until
    open_ = cycle.phase == EvaluationPhase.DRAFTED and until is not None and clock.now() < until
    may = open_ and can(actor, Permission.EVALUATION_OBJECT, sheet)
    context: dict[str, Any] = {
        "sheet": sheet, "cycle": cycle, "scheme": scheme,
        "place": f"{programme.segment_label(sheet.segment)}·{programme.type_label(sheet.type)}",
        "grade": shown.grade_tag(scheme, sheet.grade), "period": shown.period(cycle),
        "state": shown.state_tag(cycle, staff=False), "frozen": dt(cycle.frozen_at),
        "window": shown.window(cycle), "open": open_,
        "dimensions": shown.dimensions(sheet, sheets.values(session, sheet), "p", names=False),
        "summary": shown.summary(sheet),
        "objections": [shown.objection(row, scheme, staff=False) for row in said],
        "may_object": may and not any(row.phase == "open" for row in said),
        "may_take_back": may,
        "appeal": _appeal(session, sheet),
        "choices": [(item.id, item.name) for item in scoring.indicators_of(scheme)],
        "errors": {}, "values": {}, "refused": [], "labels": schema.LABELS, **more,
    }  # fmt: skip
    return render_template("p/evaluation.html", **context)


def _appeal(session: Session, sheet: EvaluationSheet) -> str:
    """Where to appeal against a published grade; empty when it is too late or done."""
    may = can(current_actor(), Permission.APPEAL_FILE, sheet)
    if not may or not grade_appeals.open_for(session, sheet):
        return ""
    return url_for("p.new_appeal", subject=EvaluationSheet.__tablename__, subject_id=sheet.id)


def _again(sheet_id: int, error: Conflict | Invalid) -> Response:
    sheet = sheets.get(current_session(), current_actor(), sheet_id)
    fields = error.fields if isinstance(error, Invalid) else {}
    reasons = error.reasons if isinstance(error, Conflict) else []
    page = _page(sheet, errors=fields, refused=reasons, values=request.form.to_dict())
    response = make_response(page)
    response.status_code = 409 if isinstance(error, Conflict) else 422
    return response


@blueprint.post("/evaluations/<int:sheet_id>/object")
@needs(Permission.EVALUATION_OBJECT)
@once.once
def object_to_evaluation(sheet_id: int) -> Response:
    """Object to the draft."""
    session, actor = current_session(), current_actor()
    sheet = sheets.get(session, actor, sheet_id)
    try:
        data = load(schema.ObjectForm(), once.fields())
        objections.submit(session, actor, sheet, data["text"], data["indicator"])
    except (Conflict, Invalid) as error:
        return _again(sheet_id, error)
    flash("异议已提交，核实后会答复。", "ok")
    return redirect(url_for("p.evaluation", sheet_id=sheet_id), 303)


@blueprint.post("/evaluations/objections/<int:grade_objection_id>/take-back")
@needs(Permission.EVALUATION_OBJECT)
@once.once
def take_back_objection(grade_objection_id: int) -> Response:
    """Withdraw the objection."""
    session, actor = current_session(), current_actor()
    row = objections.get(session, actor, grade_objection_id)
    sheet_id = row.sheet_id
    try:
        data = load(schema.TakeBackForm(), once.fields())
        objections.take_back(session, actor, row, data["version"])
    except (Conflict, Invalid) as error:
        return _again(sheet_id, error)
    flash("异议已撤回。", "ok")
    return redirect(url_for("p.evaluation", sheet_id=sheet_id), 303)
