"""The staff list of memberships: filters, order, pages; the export takes the same filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from marketplace import clock
from marketplace.models import Membership, Organisation, Provider
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import LIVE_PHASES, StandingPhase
from marketplace.schemas.pool import Sort

ENDING_DAYS = 90


_ORDERS: dict[Sort, Any] = {
    Sort.NAME: Organisation.name,
    Sort.LISTED: Membership.listed_on,
    Sort.VALID: Membership.valid_until,
    Sort.SINCE: Membership.state_since,
}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What to list; empty values mean all. ``outside`` are providers without a district."""

    round_id: int | None = None
    quota_id: int | None = None
    type: str = ""
    segment: str = ""
    district: str = ""
    outside: bool = False
    phases: tuple[str, ...] = ()
    text: str = ""
    ending: bool = False
    """Validity ends within the next 90 days."""
    overdue: bool = False
    """The day set for rectification has passed."""
    sort: Sort = Sort.NAME
    descending: bool = False


@dataclass(frozen=True)
class Listed:
    """One page and the number of all."""

    rows: Sequence[Membership]
    total: int


def page(
    session: Session, actor: Actor, filters: Filters, *, number: int = 1, size: int = 20
) -> Listed:
    """Page ``number`` (from 1) of what ``actor`` may see; provider, organisation, quota loaded."""
    statement = _filtered(actor, filters)
    total = session.scalar(select(func.count()).select_from(statement.subquery()))
    rows = session.scalars(
        _ordered(statement, filters).offset((number - 1) * size).limit(size)
    ).all()
    return Listed(rows, total or 0)


def every(session: Session, actor: Actor, filters: Filters, *, limit: int) -> Sequence[Membership]:
    """All rows for an export, at most ``limit``."""
    return session.scalars(_ordered(_filtered(actor, filters), filters).limit(limit)).all()


def _filtered(actor: Actor, filters: Filters) -> Select[Membership]:
    statement = (
        visible(actor, Permission.MEMBERSHIP_READ, Membership)
        .join(Membership.provider)
        .join(Provider.organisation)
    )
    equal = {
        Membership.round_id: filters.round_id,
        Membership.quota_id: filters.quota_id,
        Membership.type: filters.type,
        Membership.segment: filters.segment,
        Organisation.district: filters.district,
    }
    for column, value in equal.items():
        if value:
            statement = statement.where(column == value)
    if filters.outside:
        statement = statement.where(
            or_(Organisation.district.is_(None), Organisation.district == "")
        )
    if filters.phases:
        statement = statement.where(Membership.phase.in_(filters.phases))
    if filters.text:
        statement = statement.where(_mentions(filters.text))
    return _attention(statement, filters)


def is_ending() -> ColumnElement[bool]:
    """Live, and the validity ends within 90 days or has ended."""
    until = clock.today() + timedelta(days=ENDING_DAYS)
    return and_(Membership.phase.in_(LIVE_PHASES), Membership.valid_until <= until)


def is_overdue() -> ColumnElement[bool]:
    """The day set for rectification has passed."""
    late = Membership.rectify_by < clock.today()
    return and_(Membership.phase == StandingPhase.RECTIFYING, late)


def _attention(statement: Select[Membership], filters: Filters) -> Select[Membership]:
    if filters.ending:
        statement = statement.where(is_ending())
    if filters.overdue:
        statement = statement.where(is_overdue())
    return statement


def _mentions(text: str) -> Any:
    columns = (Organisation.name, Organisation.short_name, Organisation.uscc)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def _ordered(statement: Select[Membership], filters: Filters) -> Select[Membership]:
    column = _ORDERS[filters.sort]
    order = column.desc() if filters.descending else column.asc()
    return (
        statement.options(
            contains_eager(Membership.provider).contains_eager(Provider.organisation),
            joinedload(Membership.quota),
            joinedload(Membership.round),
        )
        .order_by(column.is_(None), order, Membership.id)
        .execution_options(populate_existing=True)
    )
