"""Bans (禁报期): times in which an organisation may not enter the pool."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Ban, Membership
from marketplace.programmes.schema import Programme
from marketplace.programmes.standing import Ban as BanClause
from marketplace.services import durations


def active(
    session: Session, organisation_ids: Sequence[int], programme_id: str, day: date
) -> Sequence[Ban]:
    """Bans of these organisations that hold on ``day``, oldest first."""
    return session.scalars(
        select(Ban)
        .where(Ban.organisation_id.in_(organisation_ids), Ban.programme_id == programme_id)
        .where(Ban.since <= day, or_(Ban.until.is_(None), Ban.until >= day))
        .where(or_(Ban.lifted_on.is_(None), Ban.lifted_on > day))
        .order_by(Ban.id)
    ).all()


def clause_for(programme: Programme, reason_code: str) -> BanClause | None:
    """The programme's ban for an exit reason; None when that reason brings no ban."""
    found = next((item for item in programme.bans if reason_code in item.reasons), None)
    return None if found is None or found.years == 0 else found


def last_day(clause: BanClause, since: date) -> date | None:
    """Last day of a ban that begins on ``since``; None = until its condition is met."""
    return None if clause.years is None else durations.last_day(since, clause.years)


def start(session: Session, membership: Membership) -> Ban | None:
    """Ban the organisation of a membership that just left, as its programme orders."""
    programme = membership.round.programme
    clause = clause_for(programme, membership.reason_code)
    if clause is None:
        return None
    since = membership.exited_on or clock.today()
    ban = Ban(
        organisation_id=membership.provider.organisation_id,
        programme_id=membership.round.programme_id,
        reason_code=membership.reason_code,
        since=since,
        until=last_day(clause, since),
        membership_id=membership.id,
    )
    session.add(ban)
    return ban
