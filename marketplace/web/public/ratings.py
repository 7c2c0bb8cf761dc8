"""Ratings of a provider as the public sees them: of real projects, without names."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Provider
from marketplace.phases import ProjectPhase
from marketplace.schemas.projects import PageQuery
from marketplace.services.pool import applicants
from marketplace.services.profiles import catalogue
from marketplace.services.projects import ratings
from marketplace.services.projects.project_rules import rules
from marketplace.services.projects.ratings import Line
from marketplace.web.access import public
from marketplace.web.context import day, term
from marketplace.web.forms import load, query_data
from marketplace.web.public import blueprint

FIRST = 3


def shown(
    session: Session, provider: Provider, *, page: int = 1, size: int = FIRST
) -> dict[str, Any]:
    """Averages, if there are enough ratings, and one page of them; three queries."""
    group = applicants.group_of(session, provider.organisation_id)
    found = ratings.summary(session, provider.id, group)
    lines = ratings.listed(session, provider.id, page=page, size=size, group=group)
    total = found.counted + found.affiliated
    averages = found.averages or {}
    return {
        "total": total,
        "counted": found.counted,
        "affiliated": found.affiliated,
        "minimum": found.minimum,
        "overall": "" if found.overall is None else f"{found.overall:.1f}",
        "averages": [
            (label, f"{averages[name]:.1f}分")
            for name, label in rules().scores.items()
            if name in averages
        ],
        "lines": [_line(item) for item in lines],
        "all_url": url_for("public.ratings", provider_id=provider.id) if total > size else "",
    }


def _line(item: Line) -> dict[str, Any]:
    rating = item.rating
    where = term("district", item.district)
    ended = "已验收" if item.ended == ProjectPhase.ACCEPTED else "已终止"
    return {
        "who": f"{where}某{term('segment', item.segment)}企业",
        "facts": f"合同已备案，项目{ended}",
        "day": day(rating.created_at),
        "edited": item.edited,
        "scores": [(label, rating.scores.get(name, 0)) for name, label in rules().scores.items()],
        "text": "" if rating.text_hidden_at else rating.text,
        "hidden": rating.text_hidden_at is not None,
        "reply": rating.reply,
        "affiliated": item.affiliated,
    }


@blueprint.get("/providers/<int:provider_id>/ratings", endpoint="ratings")
@public
def every(provider_id: int) -> str:
    """All ratings of a provider in the pool."""
    session = current_session()
    in_view = catalogue.provider(session, provider_id)
    if not in_view.in_pool:
        raise NotFound("这家服务商不在池")
    page = load(PageQuery(), query_data())["page"]
    found = shown(session, in_view.provider, page=page, size=ratings.PER_PAGE)
    return render_template(
        "public/ratings.html", ratings=found, organisation=in_view.provider.organisation,
        provider_id=provider_id, page=page, pages=max(1, -(-found["total"] // ratings.PER_PAGE)),
        page_link=lambda number: url_for("public.ratings", provider_id=provider_id, page=number),
    )  # fmt: skip
