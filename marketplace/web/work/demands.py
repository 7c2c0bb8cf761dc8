"""Staff: published demands, with their enterprises; one that is improper is taken down."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Demand
from marketplace.permissions import Permission
from marketplace.phases import DemandPhase
from marketplace.programmes import nouns
from marketplace.schemas.inquiries import LABELS, StepForm
from marketplace.services.demands import demands
from marketplace.services.demands.demands_rules import NOUN
from marketplace.web import demand_shapes, inquiry_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint

PER_PAGE = 30
TABS = (DemandPhase.PUBLISHED, DemandPhase.TAKEN_DOWN, DemandPhase.CLOSED)


@blueprint.get("/demands", endpoint="demands")
@needs(Permission.DEMAND_MODERATE)
def index() -> str:
    """By state, the latest first."""
    session, actor = current_session(), current_actor()
    given = request.args.get("phase")
    phase = next((item for item in TABS if item.value == given), DemandPhase.PUBLISHED)
    page = inquiry_shapes.page_number() or 1
    query = demands.moderated(actor, phase.value)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    labels = {state.phase: state.staff_label for state in reversed(nouns.workflow(NOUN).states)}
    labels[DemandPhase.CLOSED.value] = "已结束或到期"
    return render_template(
        "work/demands.html",
        rows=[_line(row) for row in rows],
        tabs=[
            {
                "label": labels[item.value], "url": url_for("work.demands", phase=item.value),
                "current": item == phase,
            }
            for item in TABS
        ],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.demands", phase=phase.value, page=number),
    )  # fmt: skip


def _line(row: Demand) -> dict[str, Any]:
    return {
        **demand_shapes.own(row), "enterprise": row.organisation.name,
        "page": url_for("work.demand", demand_id=row.id), "at": dt(row.published_at),
        "state": inquiry_shapes.state(row, NOUN, staff=True),
    }  # fmt: skip


def _page(row: Demand, errors: dict[str, list[str]]) -> str:
    session = current_session()
    return render_template(
        "work/demand.html", demand=_line(row), labels=LABELS, errors=errors,
        values=inquiry_shapes.typed(), may=row.phase == DemandPhase.PUBLISHED,
        events=shapes.events(session, row, {}),
    )  # fmt: skip


@blueprint.get("/demands/<int:demand_id>")
@needs(Permission.DEMAND_MODERATE)
def demand(demand_id: int) -> str:
    """One demand as it was published."""
    return _page(demands.get(current_session(), current_actor(), demand_id), {})


@blueprint.post("/demands/<int:demand_id>/take-down")
@needs(Permission.DEMAND_MODERATE)
@once.once
def take_down(demand_id: int) -> Response:
    """Take it off the public pages, with a reason."""
    session, actor = current_session(), current_actor()
    row = demands.get(session, actor, demand_id)
    try:
        data = load(StepForm(), once.fields())
        demands.act(
            session, actor, row, "demand_take_down", reason=data["reason"],
            expected_version=data["version"],
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        fields, status = inquiry_shapes.refused(error)
        page = _page(demands.get(session, actor, demand_id), fields)
        return inquiry_shapes.answer(page, status)
    flash("已撤下，企业会看到理由。", "ok")
    return redirect(url_for("work.demands"), 303)
