"""What a step of a proceeding does to the place itself, always through the standing workflow.

The actor of the step takes the action where his role allows it; where the programme makes it follow
by itself (a rectification that ran out), the system takes it in the same transaction.
"""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict
from marketplace.history import Why, record
from marketplace.models import CaseStudy, Event, Membership, Proceeding
from marketplace.permissions import SYSTEM, Actor, Permission, can
from marketplace.phases import LIVE_PHASES, StandingPhase
from marketplace.programmes.procedures import RemovalProcedure
from marketplace.services.calendar import durations
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.proceedings import proceedings_rules, third_parties
from marketplace.services.proceedings.proceedings_rules import (
    CLOSE_RECTIFY,
    RESTORE,
    SUSPEND,
    WARN,
    WITHDRAW,
)
from marketplace.services.profiles import texts
from marketplace.workflow import Data, effect, workflow_of

HIDDEN_WITH = "随席位移出，案例停止展示（案卷{0}）"


def follow(
    session: Session, actor: Actor, case: Proceeding, action: str, why: Why, *,
    rectify_by: date | None = None, must: bool = False,
) -> Event | None:  # fmt: skip
    """Take ``action`` on the place of ``case``; None where its state foresees no such action.

    ``must``: raises Conflict instead, because the proceeding means nothing without it.
    """
    step = proceedings_rules.transition(case.membership, action)
    fits = step is not None and (not step.reason_codes or case.cause in step.reason_codes)
    if step is None or not fits:
        if must:
            state = case.membership.state
            raise Conflict(f"席位现在的状态（{state}）不能{action}", code="wrong_state")
        return None
    acting = actor if can(actor, Permission(step.by), case.membership) else SYSTEM
    grounds = Why(
        reason_code=case.cause, reason=why.get("reason", "") or case.findings,
        document_no=why.get("document_no", "") or case.document_no,
    )  # fmt: skip
    decision = Decision(why=grounds, rectify_by=rectify_by, proceeding=case.id)
    event = memberships.act(session, acting, case.membership, action, decision)
    third_parties.tell_of_standing(session, case.membership, event)
    return event


def stand_as_before(session: Session, case: Proceeding, why: Why) -> None:
    """A place that stood warned when ``case`` was opened is warned again, not merely listed."""
    place = case.membership
    state = session.scalars(
        select(Event.from_state)
        .where(
            Event.subject_type == Membership.__tablename__, Event.subject_id == place.id,
            Event.at >= case.opened_at, Event.from_state != Event.to_state,
        )
        .order_by(Event.id)
        .limit(1)
    ).one_or_none()  # fmt: skip
    if state and workflow_of(place).state(state).phase == StandingPhase.WARNED:
        follow(session, SYSTEM, case, WARN, why)


def grounds_of(data: Data) -> Why:
    """The reason and document that came with a step."""
    return Why(reason=data.get("reason", ""), document_no=data.get("document_no", ""))


def removal_of(case: Proceeding) -> RemovalProcedure:
    """The programme's removal procedure. Raises Conflict for a programme without one."""
    procedures = case.membership.round.programme.procedures
    if procedures is None:
        raise Conflict("方案没有规定退出程序", code="no_procedure")
    return procedures.removal


@effect("suspend_place")
def suspend_place(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """A rectification that failed: out of search and lists until the removal is decided."""
    follow(session, actor, subject, SUSPEND, grounds_of(data))


@effect("end_rectification")
def end_rectification(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """Back to the pool; what happened stays in the history."""
    follow(session, actor, subject, CLOSE_RECTIFY, grounds_of(data))


@effect("lift_suspension")
def lift_suspension(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """Shown in search and lists again."""
    follow(session, actor, subject, RESTORE, grounds_of(data))


@effect("mark_place")
def mark_place(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """A removal that was taken up: what the programme lets follow for the place (QD: 暂停)."""
    follow(session, actor, subject, removal_of(subject).opens_with, grounds_of(data))


@effect("keep_place")
def keep_place(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """No removal: the place is given its standing back."""
    follow(session, actor, subject, removal_of(subject).dismisses_with, grounds_of(data))


@effect("remove_place")
def remove_place(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """The removal itself: the place is freed and the programme's ban begins."""
    action = removal_of(subject).removes_with
    follow(session, actor, subject, action, grounds_of(data), must=True)
    hide_cases(session, subject)


@effect("withdraw_place")
def withdraw_place(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """A voluntary exit takes effect: the place is freed, no ban."""
    follow(session, actor, subject, WITHDRAW, grounds_of(data), must=True)


@effect("renew_place")
def renew_place(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """A re-review was passed: where the programme says so, the title holds for a term more."""
    membership, review = subject.membership, subject.membership.round.programme.re_review
    subject.decided_at = clock.now()
    if review is None or not review.extends_validity or membership.valid_until is None:
        return
    before = membership.valid_until
    membership.valid_until = durations.years_after(before, review.every_years)
    session.flush()
    record(
        session, actor, "validity_renew", membership, why=grounds_of(data),
        diff={"rule": review.id, "valid_until": [str(before), str(membership.valid_until)]},
    )  # fmt: skip


def hide_cases(session: Session, case: Proceeding) -> None:
    """The cases of the place leave the hall; the archive keeps them with the reason (§4.5).

    Cases of a segment in which the provider has another live place stay.
    """
    membership = case.membership
    if not membership.round.programme.removal.cases or _still_there(session, membership):
        return
    reason = HIDDEN_WITH.format(case.id)
    for row in _cases(session, membership, hidden=None):
        texts.hide(session, SYSTEM, row, expected_version=row.version, reason=reason)


def show_cases(session: Session, case: Proceeding) -> None:
    """What a removal hid comes back with the place."""
    reason = HIDDEN_WITH.format(case.id)
    for row in _cases(session, case.membership, hidden=reason):
        texts.show(session, SYSTEM, row, expected_version=row.version, reason="申诉成立，恢复展示")


def _still_there(session: Session, membership: Membership) -> bool:
    query = select(Membership.id).where(
        Membership.provider_id == membership.provider_id,
        Membership.segment == membership.segment, Membership.id != membership.id,
        Membership.phase.in_(LIVE_PHASES),
    )  # fmt: skip
    return session.scalars(query.limit(1)).first() is not None


def _cases(session: Session, membership: Membership, *, hidden: str | None) -> list[CaseStudy]:
    reason = CaseStudy.hidden_reason.is_(None) if hidden is None else (
        CaseStudy.hidden_reason == hidden
    )  # fmt: skip
    query = select(CaseStudy).where(
        CaseStudy.provider_id == membership.provider_id,
        CaseStudy.segment == membership.segment,
        reason,
    )
    query = query.where(
        CaseStudy.hidden_at.is_(None) if hidden is None else CaseStudy.hidden_at.is_not(None)
    )
    return list(session.scalars(query.order_by(CaseStudy.id)))


def past_due(case: Proceeding) -> bool:
    """Whether the running clock has ended; its end is exclusive."""
    return case.due_at is not None and clock.now() >= case.due_at
