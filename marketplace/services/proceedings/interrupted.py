"""What a graver case file took the place of goes on when that one ends without effect.

An upheld appeal undoes the decision appealed against and nothing else (§4.5 ``appeal``): an order
to mend that was never found wrong holds again, with the days that were left when its clock was
stopped (Qingdao: 30 days in all, extended by at most 15), and never fewer than a plan is given.
No place is left 限期整改 or 暂停 without an open file.
"""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict
from marketplace.history import Why, record
from marketplace.models import Appeal, Event, Proceeding
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import LIVE_PHASES, ProceedingKind, StandingPhase
from marketplace.services.proceedings import (
    proceedings,
    proceedings_letters,
    proceedings_notices,
    proceedings_rules,
)
from marketplace.services.proceedings.appeals_deciding import UPHELD
from marketplace.services.proceedings.proceedings_places import follow, grounds_of
from marketplace.services.proceedings.proceedings_rules import CLOSE_RECTIFY, RECTIFY, RESTORE
from marketplace.services.proceedings.rectifications import ordered
from marketplace.workflow import Data, effect, perform, workflow_of

RESUME, SUPERSEDE = "resume", "supersede"
TABLE = Proceeding.__tablename__


@effect("go_on")
def go_on(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """After a file that ended without effect: the interrupted one, or the pool again."""
    session.flush()
    _go_on(session, subject, grounds_of(data))


def _go_on(session: Session, case: Proceeding, why: Why) -> None:
    place = case.membership
    if place.phase not in LIVE_PHASES:
        return
    line = _line(session, case)
    earlier = _interrupted(session, line[0])
    if earlier is None:
        if len(line) > 1:
            _release(session, case, why)
    elif _overruled(session, earlier):
        _release(session, case, why)
    elif earlier.kind == ProceedingKind.SUSPENSION and place.phase != StandingPhase.SUSPENDED:
        # What ended gave the place back (青岛：不予移出即恢复): there is nothing left to suspend.
        _go_on(session, earlier, why)
    else:
        _resume(session, earlier, why)


def _line(session: Session, case: Proceeding) -> list[Proceeding]:
    """The file and those it grew out of, the first of them first."""
    found = [case]
    while found[0].predecessor_id is not None:
        found.insert(0, proceedings.get(session, SYSTEM, found[0].predecessor_id))
    return found


def _interrupted(session: Session, case: Proceeding) -> Proceeding | None:
    """The file that was closed when ``case`` was opened, if it is one that can go on."""
    about = Event.subject_type == TABLE
    opened = select(Event.id).where(about, Event.subject_id == case.id).order_by(Event.id).limit(1)
    others = select(Proceeding.id).where(Proceeding.membership_id == case.membership_id)
    before = session.scalars(
        select(Event)
        .where(about, Event.subject_id.in_(others), Event.id < opened.scalar_subquery())
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    if before is None or before.action != SUPERSEDE:
        return None
    earlier = proceedings.get(session, SYSTEM, before.subject_id)
    return earlier if workflow_of(earlier).transition(earlier.state, RESUME) else None


def _overruled(session: Session, case: Proceeding) -> bool:
    """Whether it, or the grade that it followed, was found wrong while it was interrupted."""
    query = select(Appeal.id).where(
        Appeal.outcome == UPHELD,
        or_(
            (Appeal.subject_type == TABLE) & (Appeal.subject_id == case.id),
            (Appeal.subject_type == case.origin_type) & (Appeal.subject_id == case.origin_id),
        ),
    )
    return session.scalars(query.limit(1)).first() is not None


def _release(session: Session, case: Proceeding, why: Why) -> None:
    """Nothing is left to mend or to look into: back to the pool."""
    ways = {StandingPhase.RECTIFYING: CLOSE_RECTIFY, StandingPhase.SUSPENDED: RESTORE}
    if action := ways.get(StandingPhase(case.membership.phase)):
        follow(session, SYSTEM, case, action, why)


def _resume(session: Session, case: Proceeding, why: Why) -> None:
    event = perform(
        session, SYSTEM, case, RESUME, why=Why(reason_code=case.cause, reason=why["reason"]),
        rule=proceedings_letters.rule_of(case),
    )  # fmt: skip
    if case.kind == ProceedingKind.RECTIFICATION:
        _order_again(session, case, why)
        proceedings_letters.issue(session, SYSTEM, case, event)
    proceedings_notices.tell(session, case, event)


def _order_again(session: Session, case: Proceeding, why: Why) -> None:
    """The place stands under the order again, until the day of the file."""
    if case.due_at is None:
        raise Conflict("整改没有期限", code="wrong_state")
    last, place = clock.last_day(case.due_at), case.membership
    if place.phase == StandingPhase.RECTIFYING:
        place.rectify_by = last
        return
    grounds = Why(reason_code=case.cause, reason=why["reason"])
    follow(session, SYSTEM, case, RECTIFY, grounds, rectify_by=last, must=True)


@effect("restart_days")
def restart_days(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """The days of a rectification that were left when its clock was stopped, from today."""
    stopped = session.scalars(
        select(Event.at)
        .where(
            Event.subject_type == TABLE, Event.subject_id == subject.id, Event.action == SUPERSEDE
        )
        .order_by(Event.id.desc())
        .limit(1)
    ).one()
    least = ordered(subject).plan_due_days
    left = subject.due_at - clock.end_of_day(clock.beijing(stopped).date()) if subject.due_at else (
        timedelta(0)
    )  # fmt: skip
    _start(session, actor, subject, proceedings_rules.calendar_days(max(left.days, least)))


@effect("restart_confirming")
def restart_confirming(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """A suspension waits for a human again, with the days the programme gives for that."""
    due = proceedings_rules.to_confirm(session, subject.membership.round.programme)
    subject.due_at = None
    if due is not None:
        _start(session, actor, subject, due)


def _start(session: Session, actor: Actor, case: Proceeding, due: proceedings_rules.Due) -> None:
    case.due_at = due.at
    session.flush()
    rule = case.membership.round.programme.removal.id
    record(session, actor, "clock_start", case, diff={"rule": rule, **due.facts})
