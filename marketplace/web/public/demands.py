"""Published demands for everybody: what is wanted, never by whom, never how many answered."""

from flask import render_template, request, url_for
from sqlalchemy import func, select

from marketplace.db import current_session
from marketplace.permissions import Permission, can
from marketplace.services.demands import demands as service
from marketplace.web import demand_shapes, inquiry_shapes
from marketplace.web.access import current_actor, public
from marketplace.web.context import vocabulary
from marketplace.web.public import blueprint

PER_PAGE = 20


@blueprint.get("/demands", endpoint="demands")
@public
def index() -> str:
    """What takes answers now."""
    session, page = current_session(), inquiry_shapes.page_number() or 1
    segments = [(word.code, word.name) for word in vocabulary().options("segment")]
    segment = next((code for code, _ in segments if code == request.args.get("segment")), "")
    query = service.public(segment)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return render_template(
        "public/demands.html",
        rows=[demand_shapes.public(row) for row in rows],
        segments=segments,
        segment=segment,
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("public.demands", segment=segment or None, page=number),
    )


@blueprint.get("/demands/<int:demand_id>")
@public
def demand(demand_id: int) -> str:
    """One demand."""
    row, actor = service.shown(current_session(), demand_id), current_actor()
    visitor = actor.user_id is None
    return render_template(
        "public/demand.html", demand=demand_shapes.public(row),
        answers=visitor or can(actor, Permission.DEMAND_ANSWER),
    )  # fmt: skip
