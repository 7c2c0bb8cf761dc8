"""One sheet: its figures with their rows, what evaluators enter, what the city decides."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import (
    EvaluationCycle,
    EvaluationSheet,
    IndicatorValue,
    InterestDeclaration,
)
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import EvaluationPhase
from marketplace.programmes.evaluation import Indicator
from marketplace.programmes.indicators import COUNTED, MEASURES
from marketplace.schemas import evaluations as schema
from marketplace.services.evaluation import objections, pinned, recompute, scoring, seats, sheets
from marketplace.services.evaluation.objections import Correction
from marketplace.services.evaluation.sheets import Entry
from marketplace.web import evaluation_shapes as shown
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint

STATES = {
    "undeclared": ("info", "clock", "待声明"), "recused": ("neutral", "slash-circle", "已回避"),
    "waiting": ("warn", "hourglass-split", "待评分"), "done": ("ok", "check-circle", "已评分"),
}  # fmt: skip


def own_states(
    session: Session, actor: Actor, cycle: EvaluationCycle, rows: Sequence[EvaluationSheet]
) -> dict[int, dict[str, str]]:
    """How far the actor has come with each sheet, while the cycle is scored: two queries."""
    if cycle.phase != EvaluationPhase.SCORING or not rows:
        return {}
    wanted = seats.asked(actor, pinned.scheme_of(cycle))
    ids = [row.id for row in rows if can(actor, Permission.EVALUATION_SCORE, row)]
    if not wanted or not ids:
        return {}
    declared = dict(
        session.execute(
            select(InterestDeclaration.sheet_id, InterestDeclaration.interest).where(
                InterestDeclaration.sheet_id.in_(ids),
                InterestDeclaration.user_id == actor.user_id,
            )
        ).all()
    )
    entered = dict(
        session.execute(
            select(IndicatorValue.sheet_id, func.count())
            .where(IndicatorValue.sheet_id.in_(ids), seats.own_seat(actor, wanted))
            .group_by(IndicatorValue.sheet_id)
        ).all()
    )
    found = {}
    for id_ in ids:
        interest = declared.get(id_)
        state = "undeclared"
        if interest is not None:
            done = entered.get(id_, 0) >= len(wanted)
            state = "recused" if interest != sheets.NONE else "done" if done else "waiting"
        tone, icon, label = STATES[state]
        found[id_] = {"tone": tone, "icon": icon, "label": label}
    return found


@blueprint.get("/evaluations/sheets/<int:sheet_id>")
@needs(Permission.EVALUATION_DESK)
def evaluation_sheet(sheet_id: int) -> str:
    """One sheet, as far as the actor may see it."""
    return _page(sheets.get(current_session(), current_actor(), sheet_id))


def _sees_all(actor: Actor, sheet: EvaluationSheet) -> bool:
    """While others still judge, only the city and the auditor see what has been entered."""
    if can(actor, Permission.EVALUATION_SIMULATE) or can(actor, Permission.EVENT_READ):
        return True
    scoring_ = sheet.cycle.phase == EvaluationPhase.SCORING
    return can(actor, Permission.WORK_READ) and not scoring_


def _page(sheet: EvaluationSheet, **more: Any) -> str:
    session, actor = current_session(), current_actor()
    cycle, scheme = sheet.cycle, pinned.scheme_of(sheet.cycle)
    everything = _sees_all(actor, sheet)
    values = sheets.values(session, sheet)
    visible = values if everything else [v for v in values if v.rater in COUNTED]
    settled = cycle.phase in (EvaluationPhase.DRAFTED, EvaluationPhase.PUBLISHED)
    scores = can(actor, Permission.EVALUATION_SCORE, sheet)
    own = sheets.declaration(session, actor, sheet) if scores else None
    wanted = seats.asked(actor, scheme) if scores else []
    context: dict[str, Any] = {
        "sheet": sheet, "cycle": cycle, "scheme": scheme, "everything": everything,
        "name": sheet.provider.organisation.name, "place": _place(sheet),
        "settled": settled, "grade": shown.grade_tag(scheme, sheet.grade) if settled else None,
        "dimensions": shown.dimensions(sheet, visible, _audience(actor), names=everything),
        "summary": shown.summary(sheet) if everything and settled else [],
        "check": recompute.compare(cycle, sheet, values) if everything and settled else None,
        "frozen": dt(cycle.frozen_at), "period": shown.period(cycle),
        "window": shown.window(cycle), "state": shown.state_tag(cycle),
        "declarations": _declarations(session, sheet) if everything else [],
        "objections": [
            shown.objection(row, scheme, staff=True) for row in objections.of(session, sheet)
        ] if everything else [],
        "adjustments": _adjustments(sheet, values) if everything else [],
        "may_manage": can(actor, Permission.EVALUATION_MANAGE),
        "may_score": scores and bool(wanted), "own": own, "interests": shown.INTERESTS,
        "asked": _asked(wanted, seats.own_values(session, actor, sheet) if own else {}),
        "choices": [(i.id, f"{i.name}（{i.points}分）") for i in scoring.indicators_of(scheme)],
        "codes": _codes(sheet), "events": shapes.events(session, sheet, {}) if everything else [],
        "errors": {}, "refused": [], "values": {}, "labels": schema.LABELS, **more,
    }  # fmt: skip
    return render_template("work/evaluation_sheet.html", **context)


def _place(sheet: EvaluationSheet) -> str:
    programme = sheet.membership.round.programme
    return f"{programme.segment_label(sheet.segment)}·{programme.type_label(sheet.type)}"


def _declarations(session: Session, sheet: EvaluationSheet) -> list[dict[str, str]]:
    return [
        {
            "name": row.user_name, "interest": shown.INTERESTS[row.interest], "note": row.note,
            "at": dt(row.at), "recused": "回避" if row.interest != sheets.NONE else "",
        }
        for row in sheets.declarations(session, sheet)
    ]  # fmt: skip


def _codes(sheet: EvaluationSheet) -> list[tuple[str, str]]:
    scheme = pinned.scheme_of(sheet.cycle)
    items = [(b.id, f"加分：{b.name}（{b.points}分）") for b in scheme.bonuses]
    items += [(d.id, f"扣分：{d.name}（{d.points}分）") for d in scheme.deductions]
    return items + [(code, f"一票否决：{shown.reason(code)}") for code in scheme.vetoes]


def _audience(actor: Actor) -> str:
    """Whose pages the source rows may lead to: experts and third parties open public ones only."""
    return "work" if can(actor, Permission.WORK_READ) else "evaluator"


def _adjustments(sheet: EvaluationSheet, values: Sequence[IndicatorValue]) -> list[dict[str, Any]]:
    """Bonuses, deductions and vetoes that somebody or the system noted."""
    names = dict(_codes(sheet))
    return [
        {
            "name": names[value.indicator], "happened": "是" if value.numerator else "否",
            "why": value.justification, "who": value.evaluator_name or "系统",
            "rows": [shown.row_of(row, _audience(current_actor())) for row in value.sources],
        }
        for value in values
        if value.indicator in names and (value.numerator or value.rater == scoring.CITY)
    ]  # fmt: skip


def _asked(wanted: Sequence[Indicator], own: dict[str, IndicatorValue]) -> list[dict[str, Any]]:
    """The fields of the actor's own indicators with what he entered before."""
    found = []
    for item in wanted:
        row = own.get(item.id)
        found.append({
            "id": item.id, "name": item.name, "formula": item.formula, "points": item.points,
            "counts": MEASURES[item.measure].entered,
            "given": "" if row is None or row.points is None else f"{row.points.normalize():f}",
            "good": "" if row is None else row.numerator,
            "of": "" if row is None else row.denominator,
            "why": "" if row is None else row.justification,
        })  # fmt: skip
    return found


def _answer(sheet_id: int, error: Conflict | Invalid) -> Response:
    sheet = sheets.get(current_session(), current_actor(), sheet_id)
    fields = error.fields if isinstance(error, Invalid) else {}
    reasons = error.reasons if isinstance(error, Conflict) else [] if fields else [error.message]
    typed = request.form.to_dict()
    response = make_response(_page(sheet, errors=fields, refused=reasons, values=typed))
    response.status_code = 409 if isinstance(error, Conflict) else 422
    return response


def _back(sheet_id: int, said: str) -> Response:
    flash(said, "ok")
    return redirect(url_for("work.evaluation_sheet", sheet_id=sheet_id), 303)


@blueprint.post("/evaluations/sheets/<int:sheet_id>/declare")
@needs(Permission.EVALUATION_SCORE)
@once.once
def declare_interest(sheet_id: int) -> Response:
    """Declare an interest, or none."""
    session, actor = current_session(), current_actor()
    sheet = sheets.get(session, actor, sheet_id)
    try:
        data = load(schema.DeclareForm(), once.fields())
        row = sheets.declare(session, actor, sheet, data["interest"], data["note"])
    except (Conflict, Invalid) as error:
        return _answer(sheet_id, error)
    recused = row.interest != sheets.NONE
    said = f"已登记回避：{shown.INTERESTS[row.interest]}。" if recused else "已声明，可以评分。"
    return _back(sheet_id, said)


@blueprint.post("/evaluations/sheets/<int:sheet_id>/score")
@needs(Permission.EVALUATION_SCORE)
@once.once
def score_sheet(sheet_id: int) -> Response:
    """Enter the actor's own figures."""
    session, actor = current_session(), current_actor()
    sheet = sheets.get(session, actor, sheet_id)
    wanted = seats.asked(actor, pinned.scheme_of(sheet.cycle))
    form = schema.score_form([(item.id, MEASURES[item.measure].entered) for item in wanted])
    try:
        data = load(form, once.fields())
        sheets.score(session, actor, sheet, [_entry(item, data) for item in wanted])
    except (Conflict, Invalid) as error:
        return _answer(sheet_id, error)
    return _back(sheet_id, "评分已保存。")


def _entry(item: Indicator, data: dict[str, Any]) -> Entry:
    return Entry(
        item.id, data[f"why_{item.id}"], schema.decimal(data.get(f"points_{item.id}")),
        data.get(f"good_{item.id}"), data.get(f"of_{item.id}"),
    )  # fmt: skip


@blueprint.post("/evaluations/sheets/<int:sheet_id>/adjust")
@needs(Permission.EVALUATION_MANAGE)
@once.once
def adjust_sheet(sheet_id: int) -> Response:
    """Note a bonus, a deduction or a veto."""
    session, actor = current_session(), current_actor()
    sheet = sheets.get(session, actor, sheet_id)
    try:
        data = load(schema.AdjustForm(), once.fields())
        sheets.adjust(
            session, actor, sheet, data["code"], happened=data["happened"], why=data["why"]
        )
    except (Conflict, Invalid) as error:
        return _answer(sheet_id, error)
    return _back(sheet_id, "已登记。")


@blueprint.post("/evaluations/objections/<int:grade_objection_id>/uphold")
@needs(Permission.EVALUATION_MANAGE)
@once.once
def uphold_grade_objection(grade_objection_id: int) -> Response:
    """The objection is right: correct the figure."""
    session, actor = current_session(), current_actor()
    row = objections.get(session, actor, grade_objection_id)
    sheet_id = row.sheet_id
    try:
        data = load(schema.AnswerForm(), once.fields())
        points: Decimal | None = data["points"]
        if (points is None) != (not data["indicator"]):
            raise Invalid(fields={"points": ["更正指标时，指标和得分都要填写"]})
        fix = Correction(data["indicator"], points) if points is not None else None
        objections.uphold(session, actor, row, fix, {"reason": data["reason"]}, data["version"])
    except (Conflict, Invalid) as error:
        return _answer(sheet_id, error)
    return _back(sheet_id, "已答复：异议成立。")


@blueprint.post("/evaluations/objections/<int:grade_objection_id>/reject")
@needs(Permission.EVALUATION_MANAGE)
@once.once
def reject_grade_objection(grade_objection_id: int) -> Response:
    """The objection is wrong."""
    session, actor = current_session(), current_actor()
    row = objections.get(session, actor, grade_objection_id)
    sheet_id = row.sheet_id
    try:
        data = load(schema.AnswerForm(), once.fields())
        objections.reject(session, actor, row, {"reason": data["reason"]}, data["version"])
    except (Conflict, Invalid) as error:
        return _answer(sheet_id, error)
    return _back(sheet_id, "已答复：异议不成立。")
