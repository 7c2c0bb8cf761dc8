"""What an upheld appeal undoes in a proceeding: the open case, or the exit itself."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.history import Why, record
from marketplace.models import (
    Appeal,
    Ban,
    BureauOpinion,
    Event,
    Membership,
    Proceeding,
    Replacement,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import (
    ProceedingKind,
    ProceedingPhase,
    ReplacementPhase,
    StandingPhase,
)
from marketplace.services.calendar.durations import years_after
from marketplace.services.pool import bans, memberships
from marketplace.services.pool.memberships import Admission
from marketplace.services.proceedings import appeals, proceedings, removals_notice
from marketplace.services.proceedings.appeals import Decided
from marketplace.services.proceedings.proceedings_places import show_cases, stand_as_before
from marketplace.workflow import perform, workflow_of

TABLE = Proceeding.__tablename__

DECISIVE: dict[str, tuple[str, tuple[str, ...]]] = {
    ProceedingKind.RECTIFICATION: ("warning", ("open_rectification",)),
    ProceedingKind.SUSPENSION: ("suspension", ("open_suspension", "confirm_suspension")),
    ProceedingKind.REMOVAL: ("removal", ("decide", "announce")),
    ProceedingKind.RE_REVIEW: ("re_review", ("fail_review", "lapse_papers")),
}
"""By kind: the word of the programme's list, and the steps that are decisions."""


def decided(session: Session, proceeding_id: int) -> Decided | None:
    """The latest decision in a proceeding, if there is one."""
    case = proceedings.get(session, SYSTEM, proceeding_id)
    against, actions = DECISIVE.get(case.kind, ("", ()))
    event = session.scalars(
        select(Event)
        .where(Event.subject_type == TABLE, Event.subject_id == case.id, Event.action.in_(actions))
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    if event is None:
        return None
    case.membership.provider = case.provider
    return Decided(against, case.membership, event)


def deciders(session: Session, proceeding_id: int) -> set[int]:
    """Beside the events of the case: bureaus' opinions, and what the case came from."""
    found = set(
        session.scalars(
            select(BureauOpinion.user_id).where(BureauOpinion.proceeding_id == proceeding_id)
        )
    )
    case = session.get_one(Proceeding, proceeding_id)
    if case.predecessor_id is not None:
        rows = session.scalars(
            select(Event.actor_id).where(
                Event.subject_type == TABLE, Event.subject_id == case.predecessor_id,
                Event.actor_id.is_not(None),
                Event.actor_role.not_in(("provider_owner", "provider_editor")),
            )
        )  # fmt: skip
        found |= {id_ for id_ in rows if id_ is not None}
    return found


def needs_place(session: Session, appeal: Appeal) -> bool:
    """Whether the place was given up by what is appealed against."""
    phase = session.scalar(select(Membership.phase).where(Membership.id == appeal.membership_id))
    return phase == StandingPhase.EXITED


def put_right(session: Session, actor: Actor, appeal: Appeal, why: Why) -> None:
    """Undo the case, what followed from it, and the exit if there was one."""
    case = proceedings.get(session, SYSTEM, appeal.subject_id)
    undo(session, case, why)
    if needs_place(session, appeal):
        appeal.restored_id = reinstate(session, actor, appeal, case, why).id
        session.flush()


def undo(session: Session, case: Proceeding, why: Why) -> None:
    """Close the open proceeding that ``case`` is or led to; the place stands as before it."""
    found = _open_line(session, case)
    for open_case in found:
        _strike(session, open_case, why)
        perform(session, SYSTEM, open_case, "overturn", why=why, by_notice=True)
    if found:
        stand_as_before(session, case, why)


def _open_line(session: Session, case: Proceeding) -> list[Proceeding]:
    """The open proceeding on the place, if it is this one or came from it."""
    found = proceedings.current(session, case.membership_id)
    line = found
    while line is not None and line.id != case.id and line.predecessor_id is not None:
        line = session.get_one(Proceeding, line.predecessor_id)
    if found is None or line is None or line.id != case.id:
        return []
    step = workflow_of(found).transition(found.state, "overturn")
    return [found] if step is not None else []


def _strike(session: Session, case: Proceeding, why: Why) -> None:
    """Who is not removed does not stay on a notice."""
    if case.phase == ProceedingPhase.NOTICE:
        removals_notice.strike(session, case, why)


def reinstate(
    session: Session, actor: Actor, appeal: Appeal, case: Proceeding, why: Why
) -> Membership:
    """A new row with the original day; the place of the quota has been taken already."""
    old = case.membership
    valid_until = old.valid_until
    review = old.round.programme.re_review
    if case.kind == ProceedingKind.RE_REVIEW and review is not None and valid_until is not None:
        valid_until = years_after(valid_until, review.every_years)
    admission = Admission(
        round=old.round, provider=case.provider, type=old.type, segment=old.segment,
        listed_on=old.listed_on, valid_until=valid_until, document_no=why.get("document_no", ""),
        chain_mode=old.chain_mode, reason=why.get("reason", ""),
    )  # fmt: skip
    _lift_bans(session, old, why)
    membership = memberships.enter(session, actor, admission, old.quota, action="reinstate")
    record(session, actor, "reinstated_as", old, why=why, diff={"membership": membership.id})
    show_cases(session, case)
    _stop_replacing(session, old, why)
    return membership


def _lift_bans(session: Session, old: Membership, why: Why) -> None:
    rows = session.scalars(
        select(Ban).where(Ban.membership_id == old.id, Ban.lifted_on.is_(None)).order_by(Ban.id)
    ).all()
    for ban in rows:
        if ban.until is None or ban.until >= clock.today():
            bans.lift(session, SYSTEM, ban, why)


def _stop_replacing(session: Session, old: Membership, why: Why) -> None:
    """Nobody is looked for who would take a place that is not free any more."""
    row = session.scalars(
        select(Replacement).where(
            Replacement.vacated_id == old.id, Replacement.phase == ReplacementPhase.OPEN
        )
    ).one_or_none()
    if row is not None:
        perform(session, SYSTEM, row, "give_up", why=why)


appeals.DECISIONS[TABLE] = decided
appeals.DECIDERS[TABLE] = deciders
appeals.NEEDS_PLACE[TABLE] = needs_place
appeals.UPHOLDERS[TABLE] = put_right
