"""Providers as staff see them: find one, then its texts, products, cases and places."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Ban, CaseStudy, Membership, Organisation, Product, Provider
from marketplace.permissions import Permission, can, visible
from marketplace.schemas.pool import SearchQuery
from marketplace.services.pool import bans
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, term
from marketplace.web.forms import load, query_data
from marketplace.web.work import shapes
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.texts import rows_of

PAGE = 20


@blueprint.get("/providers")
@needs(Permission.WORK_READ)
def providers() -> str:
    """Find a provider by name or code."""
    session = current_session()
    query = load(SearchQuery(), query_data())
    statement = visible(current_actor(), Permission.PROVIDER_READ, Provider).join(
        Provider.organisation
    )
    if query["q"]:
        columns = (Organisation.name, Organisation.short_name, Organisation.uscc)
        found = (column.icontains(query["q"], autoescape=True) for column in columns)
        statement = statement.where(or_(*found))
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    rows = session.scalars(
        statement.options(contains_eager(Provider.organisation))
        .order_by(Organisation.name, Provider.id)
        .offset((query["page"] - 1) * PAGE)
        .limit(PAGE)
    )
    return render_template(
        "work/providers.html",
        query=query,
        total=total,
        pages=max(1, -(-total // PAGE)),
        rows=[_line(row) for row in rows],
        page_link=lambda number: url_for("work.providers", q=query["q"], page=number),
    )


@blueprint.get("/providers/<int:provider_id>")
@needs(Permission.WORK_READ)
def provider(provider_id: int) -> str:
    """One provider with everything that belongs to it."""
    session, actor = current_session(), current_actor()
    row = session.scalars(
        visible(actor, Permission.PROVIDER_READ, Provider)
        .where(Provider.id == provider_id)
        .options(selectinload(Provider.organisation))
    ).one_or_none()
    if row is None:
        raise NotFound("没有找到这家服务商")
    return render_template(
        "work/provider.html",
        provider=row,
        organisation=row.organisation,
        line=_line(row),
        places=[shapes.membership(place) for place in _places(session, row)],
        products=[
            _text(item, item.name, item.release) for item in rows_of(session, Product, row.id)
        ],
        cases=[_text(item, item.title, item.year) for item in rows_of(session, CaseStudy, row.id)],
        events=shapes.events(session, row, {}),
        may={
            "edit": can(actor, Permission.PROVIDER_EDIT, row),
            "product": can(actor, Permission.PRODUCT_EDIT),
            "case": can(actor, Permission.CASE_EDIT),
            "contact": row.contact_phone_encrypted is not None
            and can(actor, Permission.CONTACT_UNMASK, row),
            "ban": can(actor, Permission.BAN_IMPOSE),
        },
        bans=_bans(session, row),
    )


def _bans(session: Session, row: Provider) -> list[dict[str, Any]]:
    """The bans that hold today."""
    found = session.scalars(
        select(Ban)
        .where(Ban.organisation_id == row.organisation_id, bans.holding(clock.today()))
        .order_by(Ban.id)
    )
    return [shapes.ban(ban) for ban in found]


def _line(row: Provider) -> dict[str, Any]:
    organisation = row.organisation
    return {
        "name": organisation.name,
        "url": url_for("work.provider", provider_id=row.id),
        "uscc": organisation.uscc,
        "district": term("district", organisation.district) or organisation.registered_city,
        "updated": dt(row.updated_at),
        "hidden": row.hidden_at is not None,
    }


def _places(session: Session, row: Provider) -> list[Membership]:
    return list(
        session.scalars(
            visible(current_actor(), Permission.MEMBERSHIP_READ, Membership)
            .where(Membership.provider_id == row.id)
            .options(
                selectinload(Membership.round),
                selectinload(Membership.provider).selectinload(Provider.organisation),
            )
            .order_by(Membership.id)
        )
    )


def _text(row: Any, title: str, second: Any) -> dict[str, Any]:
    name = "product" if isinstance(row, Product) else "case"
    return {
        "title": title,
        "second": second,
        "updated": dt(row.updated_at),
        "hidden": row.hidden_at is not None,
        "edit_url": url_for(f"work.{name}_form", id_=row.id),
    }
