"""Staff: what if weights, grade bounds, targets or quotas were others. Reads only."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from marketplace.db import current_session
from marketplace.models import EvaluationCycle, Quota
from marketplace.permissions import Permission
from marketplace.phases import EvaluationPhase
from marketplace.programmes.evaluation import Evaluation
from marketplace.services.evaluation import pinned, scoring, what_if
from marketplace.services.evaluation.what_if import Change, Outcome
from marketplace.web.access import needs
from marketplace.web.work.blueprint import blueprint

FROZEN = (EvaluationPhase.SCORING, EvaluationPhase.DRAFTED, EvaluationPhase.PUBLISHED)
MOVES_SHOWN = 100
LARGEST = 1000


@blueprint.get("/what-if")
@needs(Permission.EVALUATION_SIMULATE)
def what_if_page() -> str:
    """The form with the numbers in force, and what other numbers would change."""
    session = current_session()
    cycles = session.scalars(
        select(EvaluationCycle)
        .where(EvaluationCycle.phase.in_(FROZEN))
        .options(joinedload(EvaluationCycle.round))
        .order_by(EvaluationCycle.id.desc())
        .limit(50)
    ).all()
    asked = request.args.get("cycle", "")
    chosen = next((one for one in cycles if str(one.id) == asked), cycles[0] if cycles else None)
    if chosen is None:
        return render_template("work/what_if.html", cycle=None, errors={})
    quotas = what_if.quotas(session, chosen)
    change, errors = _change(pinned.scheme_of(chosen), quotas)
    other = what_if.altered(pinned.scheme_of(chosen), change)
    problems = what_if.faults(other)
    tried = "try" in request.args and not errors
    outcome = what_if.outcome(session, chosen, change) if tried and not problems else None
    return render_template(
        "work/what_if.html", cycle=chosen, errors=errors,
        problems=problems if tried else [], choices=[(one.id, one.label) for one in cycles],
        fields=_fields(chosen, other, change, quotas),
        outcome=_outcome(chosen, outcome) if outcome else None,
        blank=url_for("work.what_if_page", cycle=chosen.id),
    )  # fmt: skip


def _number(name: str, now: int | None, errors: dict[str, list[str]]) -> int | None:
    """The number typed for ``name`` if it differs from the one in force."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or int(text) > LARGEST:
        errors[name] = [f"请填写0到{LARGEST}之间的整数"]
        return None
    return None if int(text) == now else int(text)


def _change(scheme: Evaluation, quotas: Any) -> tuple[Change, dict[str, list[str]]]:
    errors: dict[str, list[str]] = {}
    items = scoring.indicators_of(scheme)
    points = {i.id: _number(f"points_{i.id}", i.points, errors) for i in items}
    bounds = {g.id: _number(f"min_{g.id}", g.min, errors) for g in scheme.grades[:-1]}
    targets = {
        (item.id, type_): _number(f"target_{item.id}_{type_}", now, errors)
        for item in items
        for type_, now in (item.target or {}).items()
    }
    caps = {quota.id: _number(f"cap_{quota.id}", quota.cap, errors) for quota in quotas}
    return Change(_given(points), _given(bounds), _given(targets), _given(caps)), errors


def _given(found: dict[Any, int | None]) -> dict[Any, int]:
    return {key: value for key, value in found.items() if value is not None}


def _fields(
    cycle: EvaluationCycle, scheme: Evaluation, change: Change, quotas: list[Quota] | Any
) -> dict[str, Any]:
    """What the form shows: the numbers as asked."""
    programme = cycle.round.programme
    items = scoring.indicators_of(scheme)
    return {
        "points": [(f"points_{i.id}", f"{i.id} {i.name}", i.points) for i in items],
        "total": sum(i.points for i in items),
        "bounds": [(f"min_{g.id}", g.name, g.min) for g in scheme.grades[:-1]],
        "targets": [
            (f"target_{i.id}_{type_}", f"{i.name}：{programme.type_label(type_)}", number)
            for i in items
            for type_, number in (i.target or {}).items()
        ],
        "caps": [
            (f"cap_{q.id}", q.label, change.caps.get(q.id, "" if q.cap is None else q.cap))
            for q in quotas
        ],
    }


def _outcome(cycle: EvaluationCycle, found: Outcome) -> dict[str, Any]:
    programme = cycle.round.programme
    moves = [
        {
            "url": url_for("work.evaluation_sheet", sheet_id=move.sheet_id), "name": move.name,
            "place": f"{programme.segment_label(move.segment)}·{programme.type_label(move.type)}",
            "before": _mark(move.score, move.grade), "after": _mark(move.new_score, move.new_grade),
            "moved": move.grade != move.new_grade,
        }
        for move in found.moves
    ]  # fmt: skip
    return {
        "grades": [
            {"name": name, "before": number, "after": found.after[name]}
            for name, number in found.before.items()
        ],
        "moved": sum(move["moved"] for move in moves), "moves": moves[:MOVES_SHOWN],
        "more": max(0, len(moves) - MOVES_SHOWN),
        "cells": [
            {
                "label": cell.label, "used": f"{cell.used}（拟入池{cell.held}）",
                "cap": "不限" if cell.cap is None else cell.cap, "new_cap": cell.new_cap,
                "effect": f"超出{cell.over}家" if cell.over
                else f"候补{cell.reserve}家中可补{cell.room}家",
            }
            for cell in found.cells
        ],
    }  # fmt: skip


def _mark(score: Any, grade: str) -> str:
    return grade if score is None else f"{score} {grade}"
