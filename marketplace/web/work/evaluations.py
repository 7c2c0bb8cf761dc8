"""Staff: evaluation cycles, their sheets, their steps, and what publishing would do."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session, of_one_instant
from marketplace.errors import Conflict, Invalid, MarketplaceError
from marketplace.models import EvaluationCycle, EvaluationSheet, Organisation, Provider, Round
from marketplace.models.evaluations import NOT_RATED
from marketplace.permissions import Permission, can, visible
from marketplace.phases import EvaluationPhase
from marketplace.schemas import evaluations as schema
from marketplace.services.evaluation import (
    cycles,
    evaluation_tasks,  # noqa: F401  tasks register themselves
    grade_appeals,  # noqa: F401  appeals find their decisions by it
    missing,
    pinned,
    scoring,
)
from marketplace.services.evaluation.cycles import Opening
from marketplace.services.pool import rounds
from marketplace.web import evaluation_shapes as shown
from marketplace.web.access import current_actor, needs
from marketplace.web.context import day
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.evaluations_scoring import own_states
from marketplace.workflow import available

PER_PAGE = 30
SETTLED = (EvaluationPhase.DRAFTED, EvaluationPhase.PUBLISHED)
"""Phases in which scores and grades are written down."""


@blueprint.get("/evaluations")
@needs(Permission.EVALUATION_DESK)
def evaluations() -> str:
    """All cycles, the newest first."""
    given = request.args.get("page", "")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 5 else 1
    session = current_session()
    total = session.scalar(select(func.count()).select_from(EvaluationCycle)) or 0
    places = (
        select(EvaluationSheet.cycle_id, func.count().label("number"))
        .group_by(EvaluationSheet.cycle_id)
        .subquery()
    )
    rows = session.execute(
        select(EvaluationCycle, func.coalesce(places.c.number, 0))
        .outerjoin(places, places.c.cycle_id == EvaluationCycle.id)
        .options(joinedload(EvaluationCycle.round))
        .order_by(EvaluationCycle.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return render_template(
        "work/evaluations.html",
        rows=[_line(cycle, number) for cycle, number in rows],
        page=page, pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.evaluations", page=number),
    )  # fmt: skip


def _line(cycle: EvaluationCycle, number: int) -> dict[str, Any]:
    return {
        "label": cycle.label, "url": url_for("work.evaluation", cycle_id=cycle.id),
        "programme": cycle.round.programme.short_name, "kind": shown.KINDS[cycle.kind],
        "period": shown.period(cycle), "places": number, "state": shown.state_tag(cycle),
    }  # fmt: skip


@blueprint.get("/evaluations/new")
@needs(Permission.EVALUATION_MANAGE)
def new_evaluation() -> str:
    """The form of a new cycle."""
    return render_template("work/evaluation_new.html", **_form())


def _form() -> dict[str, Any]:
    every = [r for r in rounds.newest_first(current_session()) if r.programme.evaluation]
    types = {item.id: item.label for r in every for item in r.programme.types}
    segments = {item.id: item.label for r in every for item in r.programme.segments}
    return {
        "errors": {}, "values": {}, "labels": schema.LABELS,
        "rounds": [(r.id, f"{r.programme.short_name} · {r.label}") for r in every],
        "kinds": list(shown.KINDS.items()), "types": list(types.items()),
        "segments": list(segments.items()), "chosen": request.form.to_dict(flat=False),
    }  # fmt: skip


@blueprint.post("/evaluations/new")
@needs(Permission.EVALUATION_MANAGE)
@once.once
def open_evaluation() -> Response:
    """Open a cycle."""
    session = current_session()
    try:
        data = load(schema.OpenForm(), once.fields(("types", "segments")))
        round_ = session.get(Round, data.pop("round"))
        if round_ is None:
            raise Invalid(fields={"round": ["请选择批次"]})
        data["types"], data["segments"] = tuple(data["types"]), tuple(data["segments"])
        cycle = cycles.open_cycle(session, current_actor(), Opening(round=round_, **data))
    except Conflict as error:
        problem = Invalid(fields={"label": [error.message]})
        return page_again("work/evaluation_new.html", problem, **_again(_form()))
    except Invalid as error:
        return page_again("work/evaluation_new.html", error, **_again(_form()))
    flash(f"已开启：{cycle.label}", "ok")
    return redirect(url_for("work.evaluation", cycle_id=cycle.id), 303)


def _again(form: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if name not in ("errors", "values")}


@blueprint.get("/evaluations/<int:cycle_id>")
@needs(Permission.EVALUATION_DESK)
def evaluation(cycle_id: int) -> str:
    """One cycle: where it stands, what comes next, its sheets."""
    return _page(cycles.get(current_session(), cycle_id))


def _page(cycle: EvaluationCycle, **more: Any) -> str:
    session, actor = current_session(), current_actor()
    scheme = pinned.scheme_of(cycle)
    steps = [
        {"action": step.action, "label": step.label, "tone": shapes.tone(step.tone)}
        for step in available(cycle, actor)
    ]
    ready = {step["action"] for step in steps}
    context: dict[str, Any] = {
        "cycle": cycle, "scheme": scheme, "state": shown.state_tag(cycle),
        "kind": shown.KINDS[cycle.kind], "period": shown.period(cycle),
        "window": shown.window(cycle), "steps": steps,
        "missing": missing.of(session, cycle) if cycles.SHOW in ready else [],
        "days": _days(session, cycle) if cycles.SHOW in ready else [],
        "over": cycle.objections_until is not None and clock.now() >= cycle.objections_until,
        "events": shapes.events(session, cycle, {}), "errors": {}, "refused": [],
        **_sheets(session, cycle), **more,
    }  # fmt: skip
    return render_template("work/evaluation.html", **context)


def _days(session: Session, cycle: EvaluationCycle) -> list[dict[str, Any]]:
    """How the window would be counted if the drafts were shown today."""
    try:
        counted = cycles.window(session, cycle, clock.today())
    except (Conflict, Invalid):
        return []
    return [{"day": day(one.day), "label": one.label, "number": one.number} for one in counted]


def _sheets(session: Session, cycle: EvaluationCycle) -> dict[str, Any]:
    """One page of the sheets that the actor may see, with filters kept in the address."""
    actor, scheme = current_actor(), pinned.scheme_of(cycle)
    asked = load(schema.CycleQuery(), query_data() if request.method == "GET" else {})
    query = visible(actor, Permission.EVALUATION_READ, EvaluationSheet).where(
        EvaluationSheet.cycle_id == cycle.id
    )
    settled = cycle.phase in SETTLED
    if asked["grade"] and settled:
        query = query.where(EvaluationSheet.grade == asked["grade"])
    if asked["segment"]:
        query = query.where(EvaluationSheet.segment == asked["segment"])
    if not can(actor, Permission.WORK_READ):  # evaluators: what will not be rated needs no marks
        query = query.where(EvaluationSheet.projects >= scheme.min_projects)
    query = query.join(Provider, Provider.id == EvaluationSheet.provider_id)
    query = query.join(Organisation, Organisation.id == Provider.organisation_id)
    if asked["q"]:
        query = query.where(Organisation.name.icontains(asked["q"], autoescape=True))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.options(joinedload(EvaluationSheet.provider).joinedload(Provider.organisation))
        .order_by(EvaluationSheet.segment, EvaluationSheet.type, Organisation.name)
        .limit(PER_PAGE)
        .offset((asked["page"] - 1) * PER_PAGE)
    ).all()
    for row in rows:
        set_committed_value(row, "cycle", cycle)
    states = own_states(session, actor, cycle, rows)
    filters = {name: value for name, value in asked.items() if value and name != "page"}
    return {
        "rows": [_sheet(cycle, row, settled, states.get(row.id)) for row in rows],
        "total": total, "page": asked["page"], "pages": max(1, -(-total // PER_PAGE)),
        "page_link": lambda number: url_for(
            "work.evaluation", cycle_id=cycle.id, **filters, page=number
        ),
        "asked": asked, "settled": settled, "scores": bool(states),
        "grades": [*((g.id, g.name) for g in scheme.grades), (NOT_RATED, scoring.UNRATED)],
        "segments": [(s.id, s.label) for s in cycle.round.programme.segments],
    }  # fmt: skip


def _sheet(
    cycle: EvaluationCycle, row: EvaluationSheet, settled: bool, own: dict[str, str] | None
) -> dict[str, Any]:
    programme, scheme = cycle.round.programme, pinned.scheme_of(cycle)
    return {
        "url": url_for("work.evaluation_sheet", sheet_id=row.id),
        "name": row.provider.organisation.name, "segment": programme.segment_label(row.segment),
        "type": programme.type_label(row.type), "projects": row.projects, "own": own,
        "score": str(row.score) if settled and row.score is not None else "",
        "grade": shown.grade_tag(scheme, row.grade) if settled else None,
    }  # fmt: skip


def _refused(cycle_id: int, error: MarketplaceError) -> Response:
    """The cycle's page with what stands in the way."""
    conflict = isinstance(error, Conflict)
    reasons = error.reasons if isinstance(error, Conflict) else [error.message]
    fields = error.fields if isinstance(error, Invalid) else {}
    cycle = cycles.get(current_session(), cycle_id)
    response = make_response(_page(cycle, refused=[] if fields else reasons, errors=fields))
    response.status_code = 409 if conflict else 422
    return response


@blueprint.post("/evaluations/<int:cycle_id>/freeze")
@needs(Permission.EVALUATION_MANAGE)
@of_one_instant
@once.once
def freeze_evaluation(cycle_id: int) -> Response:
    """Take the figures now: all of them from one snapshot."""
    session = current_session()
    try:
        data = load(schema.StepForm(), once.fields())
        cycle = cycles.get(session, cycle_id)
        number = cycles.freeze(session, current_actor(), cycle, data["version"])
    except (Conflict, Invalid) as error:
        return _refused(cycle_id, error)
    flash(f"数据已冻结，共{number}份评价。", "ok")
    return redirect(url_for("work.evaluation", cycle_id=cycle_id), 303)


@blueprint.post("/evaluations/<int:cycle_id>/show")
@needs(Permission.EVALUATION_MANAGE)
@once.once
def show_evaluation(cycle_id: int) -> Response:
    """Show the drafts to the providers."""
    session = current_session()
    try:
        data = load(schema.StepForm(), once.fields())
        cycle = cycles.get(session, cycle_id)
        until = cycles.show(
            session, current_actor(), cycle, data["version"], incomplete=data["incomplete"]
        )
    except (Conflict, Invalid) as error:
        return _refused(cycle_id, error)
    flash(f"已发给服务商征求意见，异议期到{clock.last_day(until)} 24:00。", "ok")
    return redirect(url_for("work.evaluation", cycle_id=cycle_id), 303)


@blueprint.post("/evaluations/<int:cycle_id>/cancel")
@needs(Permission.EVALUATION_MANAGE)
@once.once
def cancel_evaluation(cycle_id: int) -> Response:
    """Give the cycle up."""
    session = current_session()
    try:
        data = load(schema.StepForm(), once.fields())
        cycle = cycles.get(session, cycle_id)
        cycles.cancel(session, current_actor(), cycle, data["version"], {"reason": data["reason"]})
    except (Conflict, Invalid) as error:
        return _refused(cycle_id, error)
    flash("已取消。", "ok")
    return redirect(url_for("work.evaluation", cycle_id=cycle_id), 303)
