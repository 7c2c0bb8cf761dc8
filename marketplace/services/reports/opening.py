"""Reports begin by time: for each place that was in the pool, when its period is over.

The first run opens the latest period only; later runs catch up with every period since. A second
run changes nothing. Due days are stored as instants, moved to the next working day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.clock import WorkingCalendar
from marketplace.db import Database
from marketplace.history import record
from marketplace.models import Membership, PeriodicReport, Round
from marketplace.permissions import SYSTEM
from marketplace.programmes import duties, nouns
from marketplace.programmes.duties import Duty, Period
from marketplace.services.calendar import calendar, due_days

BATCH = 200


@dataclass(frozen=True)
class _Place:
    """What a report needs of a membership."""

    id: int
    provider_id: int
    listed_on: date
    exited_on: date | None


def run(database: Database) -> int:
    """Open what is to be opened, one transaction for each batch; answers how many reports."""
    with database.reading() as session:
        rounds = list(session.scalars(select(Round.id).order_by(Round.id)))
        waiting = [id_ for id_ in rounds if _waiting(session, session.get_one(Round, id_))]
    return sum(database.run(lambda session, id_=id_: open_round(session, id_)) for id_ in waiting)  # type: ignore[misc]


def _waiting(session: Session, round_: Round) -> bool:
    return any(
        _missing(session, round_, duty, span)
        for duty in duties.of(round_.programme)
        for span in _spans(session, round_, duty)
    )


def open_round(session: Session, round_id: int) -> int:
    """Open up to ``BATCH`` reports of a round; answers how many."""
    round_, days = session.get_one(Round, round_id), calendar.load(session)
    made = 0
    for duty in duties.of(round_.programme):
        for span in _spans(session, round_, duty):
            places = _missing(session, round_, duty, span)[: BATCH - made]
            made += _insert(session, round_, duty, span, places, days)
            if made >= BATCH:
                return made
    return made


def open_period(session: Session, round_: Round, duty: Duty, span: Period) -> int:
    """Open one period of one duty for a round, up to ``BATCH`` reports; answers how many."""
    places = _missing(session, round_, duty, span)[:BATCH]
    return _insert(session, round_, duty, span, places, calendar.load(session))


def _spans(session: Session, round_: Round, duty: Duty) -> Iterable[Period]:
    """The latest period, and what was missed since reports were opened for the last time."""
    latest = duty.latest(clock.today())
    last = session.scalar(
        select(func.max(PeriodicReport.period))
        .join(Membership, Membership.id == PeriodicReport.membership_id)
        .where(Membership.round_id == round_.id, PeriodicReport.duty == duty.id)
    )
    missed = [] if last is None or last >= latest.key else list(duty.between(last, latest))
    return missed or [latest]


def _missing(session: Session, round_: Round, duty: Duty, span: Period) -> list[_Place]:
    """Places that were in the pool in the period and have no report of it yet."""
    there = select(PeriodicReport.membership_id).where(
        PeriodicReport.duty == duty.id, PeriodicReport.period == span.key
    )
    rows = session.execute(
        select(
            Membership.id, Membership.provider_id, Membership.listed_on, Membership.exited_on
        )
        .where(
            Membership.round_id == round_.id, Membership.listed_on <= span.until,
            or_(Membership.exited_on.is_(None), Membership.exited_on >= span.since),
            Membership.id.not_in(there),
        )
        .order_by(Membership.id)
    )  # fmt: skip
    return [_Place(*row) for row in rows]


def _insert(
    session: Session, round_: Round, duty: Duty, span: Period, places: list[_Place],
    days: WorkingCalendar,
) -> int:  # fmt: skip
    if not places:
        return 0
    workflow = nouns.workflow("report")
    first, now = workflow.state(workflow.initial), clock.now()
    due = due_days.moved(days, duty.due_day(span))
    session.execute(insert(PeriodicReport), [
        {
            "membership_id": place.id, "provider_id": place.provider_id, "duty": duty.id,
            "period": span.key, **_part(place, span), "asks_year": duty.asks_year(span),
            "due_at": due.at, "due_on": due.on, "due_note": due.note, "state": first.id,
            "phase": first.phase, "state_since": now,
        }
        for place in places
    ])  # fmt: skip
    record(session, SYSTEM, "report_open", round_, diff={
        "duty": duty.id, "period": span.key, "reports": len(places),
        "due_on": due.on.isoformat(),
    })  # fmt: skip
    return len(places)


def _part(place: _Place, span: Period) -> dict[str, object]:
    """The days that a report covers: of a place that came or left in between, a part."""
    since, until = max(span.since, place.listed_on), min(span.until, place.exited_on or span.until)
    reasons = []
    if since > span.since:
        reasons.append(f"{since}入池")
    if until < span.until:
        reasons.append(f"{until}退出")
    return {"since": since, "until": max(since, until), "part_reason": "，".join(reasons)}
