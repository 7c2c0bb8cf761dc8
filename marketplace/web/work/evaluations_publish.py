"""Staff: what publishing a cycle would do to whom, and publishing it in one batch."""

from typing import Any

from flask import flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import EvaluationCycle
from marketplace.permissions import Permission, can
from marketplace.schemas import evaluations as schema
from marketplace.services.evaluation import cycles, pinned, publishing, scoring
from marketplace.web import evaluation_shapes as shown
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load
from marketplace.web.work import once
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.evaluations import SETTLED


@blueprint.get("/evaluations/<int:cycle_id>/publish")
@needs(Permission.EVALUATION_SIMULATE)
def evaluation_effects(cycle_id: int) -> str:
    """What publishing would do to whom; nothing is written."""
    return _effects(cycles.get(current_session(), cycle_id))


def _effects(cycle: EvaluationCycle, **more: Any) -> str:
    session, actor = current_session(), current_actor()
    scheme = pinned.scheme_of(cycle)
    planned = publishing.effects(session, cycle) if cycle.phase in SETTLED else []
    counts = dict.fromkeys([*(g.name for g in scheme.grades), scoring.UNRATED], 0)
    for effect in planned:
        counts[effect.grade] += 1
    context: dict[str, Any] = {
        "cycle": cycle, "state": shown.state_tag(cycle), "counts": counts,
        "follows": [_effect(cycle, item) for item in planned if item.follow],
        "moved": [_effect(cycle, item) for item in planned
                  if item.before and item.before != item.grade],
        "total": len(planned), "window": shown.window(cycle),
        "blocked": cycles.blocked(session, actor, cycle), "errors": {}, "refused": [],
        "may": can(actor, Permission.EVALUATION_PUBLISH), "labels": schema.LABELS, **more,
    }  # fmt: skip
    return render_template("work/evaluation_publish.html", **context)


def _effect(cycle: EvaluationCycle, item: publishing.Effect) -> dict[str, Any]:
    return {
        "url": url_for("work.evaluation_sheet", sheet_id=item.sheet.id), "name": item.name,
        "place": item.place, "before": item.before or "没有",
        "score": "" if item.sheet.score is None else str(item.sheet.score),
        "grade": shown.grade_tag(pinned.scheme_of(cycle), item.sheet.grade),
        "texts": "；".join(item.texts[1:]),
    }  # fmt: skip


@blueprint.post("/evaluations/<int:cycle_id>/publish")
@needs(Permission.EVALUATION_PUBLISH)
@once.once
def publish_evaluation(cycle_id: int) -> Response:
    """Make every grade public, in one batch."""
    session = current_session()
    try:
        data = load(schema.StepForm(), once.fields())
        cycle = cycles.get(session, cycle_id)
        report = cycles.publish(
            session, current_actor(), cycle, data["version"],
            {"reason": data["reason"], "document_no": data["document_no"]},
        )  # fmt: skip
    except (Conflict, Invalid) as error:
        fields = error.fields if isinstance(error, Invalid) else {}
        reasons = error.reasons if isinstance(error, Conflict) else []
        page = _effects(cycles.get(session, cycle_id), errors=fields, refused=reasons)
        response = make_response(page)
        response.status_code = 409 if isinstance(error, Conflict) else 422
        return response
    flash(f"已公布{report.published}份评价，立案{report.opened}件。", "ok")
    for name, reason in report.refused:
        flash(f"{name}没有立案：{reason}", "warn")
    return redirect(url_for("work.evaluation", cycle_id=cycle_id), 303)
