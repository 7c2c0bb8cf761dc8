"""How reliably a provider answers enquiries, with the number that it is counted from.

Counted: enquiries of the declared window that were answered or whose clock ran out. On time:
answered before the end of the last day; declining is an answer. What the enterprise ended before
the clock ran out, unanswered, speaks neither for nor against. Below the declared minimum no rate
is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import InquiryParty, Person
from marketplace.phases import InquiryPhase
from marketplace.services.inquiries.inquiry_rules import rules
from marketplace.services.profiles.catalogue import Team


@dataclass(frozen=True)
class Rate:
    """``percent`` and ``hours`` (mean until the first answer) are None below the ``minimum``."""

    n: int
    on_time: int
    minimum: int
    percent: float | None
    hours: float | None


def of(session: Session, provider_id: int) -> Rate:
    """The rate of one provider now; one query."""
    return _rate(*session.execute(_counted(InquiryParty.provider_id == provider_id)).one())


def of_each(session: Session, provider_ids: Sequence[int]) -> dict[int, Rate]:
    """The rates of some providers now, in one query; who was never asked has none."""
    whose = InquiryParty.provider_id
    query = _counted(whose.in_(provider_ids)).add_columns(whose).group_by(whose)
    return {id_: _rate(n, good, minutes) for n, good, minutes, id_ in session.execute(query)}


def beside_team(session: Session, provider_id: int) -> tuple[Rate, Team]:
    """The same with the size of the provider's roster, still in one query: its page shows both."""
    people = select(func.count()).select_from(Person).where(Person.provider_id == provider_id)
    query = _counted(InquiryParty.provider_id == provider_id).add_columns(
        people.scalar_subquery(), people.where(Person.is_local).scalar_subquery()
    )
    n, good, minutes, everybody, local = session.execute(query).one()
    return _rate(n, good, minutes), Team(everybody, local)


def _counted(whose: ColumnElement[bool]) -> Select[Any]:
    """SELECT of how many enquiries count, how many were answered in time, and the mean minutes."""
    now = clock.now()
    answered = InquiryParty.answered_at.is_not(None)
    ended_early = and_(
        InquiryParty.phase == InquiryPhase.CLOSED, InquiryParty.state_since < InquiryParty.reply_by
    )
    on_time = case((and_(answered, InquiryParty.answered_at < InquiryParty.reply_by), 1), else_=0)
    return select(
        func.count(), func.coalesce(func.sum(on_time), 0), func.avg(InquiryParty.minutes)
    ).where(
        whose,
        InquiryParty.sent_at >= now - rules().window,
        or_(answered, and_(InquiryParty.reply_by <= now, ~ended_early)),
    )


def _rate(n: int, good: Any, minutes: Any) -> Rate:
    minimum = rules().rate_minimum
    if n < minimum:
        return Rate(n, int(good), minimum, None, None)
    hours = None if minutes is None else float(minutes) / 60
    return Rate(n, int(good), minimum, 100 * int(good) / n, hours)
