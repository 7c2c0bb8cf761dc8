"""Leaving by one's own will (X10), and re-reviews that decide whether a title goes on.

重庆第十四条（每三年复核一次）；浙江、枣庄、聊城有效期三年，期满重新认定；自愿退出提前告知为建议。
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer
from sqlalchemy.orm.attributes import set_committed_value

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Event, Membership, Proceeding, ReReviewCase, Round
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import LIVE_PHASES, ProceedingKind, Proposer
from marketplace.services.pool import applicants
from marketplace.services.proceedings import (
    proceedings,
    proceedings_letters,
    proceedings_notices,
    proceedings_rules,
    third_parties,
)
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.services.proceedings.proceedings_places import follow, grounds_of
from marketplace.workflow import Data, effect, guard, locked

VOLUNTARY = "X10"


def request(session: Session, actor: Actor, membership: Membership, *, reason: str) -> Proceeding:
    """A provider asks to leave with one place. Raises Conflict, Invalid, Forbidden.

    Refused while a rectification, suspension or removal is open: nobody leaves before the decision.
    """
    require(actor, Permission.PROCEEDING_ANSWER, membership)
    applicants.lock(session, [membership.provider.organisation_id])
    membership = locked(session, Membership, membership.id)
    if not proceedings_rules.offers(membership.round.programme, ProceedingKind.WITHDRAWAL):
        raise Conflict("方案没有规定自愿退出的程序，请联系主管部门", code="no_procedure")
    if membership.phase not in LIVE_PHASES:
        raise Conflict("这个席位已经退出", code="wrong_state")
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写退出理由"]})
    proceedings.supersede(session, membership, ProceedingKind.WITHDRAWAL)
    why = Why(reason=reason.strip())
    details = Details(
        findings=reason.strip(), proposer=Proposer.PROVIDER, proposer_name=actor.organisation_name
    )
    case = proceedings.begin(
        session, membership, ProceedingKind.WITHDRAWAL, VOLUNTARY, why, details
    )
    event = _record_opening(session, actor, case, why)
    proceedings_notices.tell(session, case, event)
    return case


def _record_opening(session: Session, actor: Actor, case: Proceeding, why: Why) -> Event:
    event = record(
        session, actor, f"open_{case.kind}", case, states=("", case.state), why=why,
        diff={"rule": proceedings_letters.rule_of(case), "cause": case.cause},
    )  # fmt: skip
    session.flush()
    return event


@effect("start_notice_period")
def start_notice_period(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """The days between acceptance and exit, in which projects are handed over."""
    days = proceedings_rules.notice_days(subject.membership.round.programme)
    due = proceedings_rules.calendar_days(days)
    subject.due_at = due.at if days else clock.now()
    session.flush()
    event = record(
        session, actor, "clock_start", subject,
        diff={"rule": proceedings_letters.rule_of(subject), **due.facts},
    )  # fmt: skip
    session.flush()
    third_parties.tell_of_leaving(session, subject, f"event:{event.id}")


def _tiers(count: int) -> str | None:
    return None if count else "方案的复核环节与此不同"


@guard("two_tiers")
def two_tiers(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """Two levels review (重庆：区县审查，市级复核)."""
    review = subject.membership.round.programme.re_review
    return _tiers(review is not None and len(review.path) == 2)


@guard("three_tiers")
def three_tiers(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """Three levels review (浙江：县级、设区市、省级)."""
    review = subject.membership.round.programme.re_review
    return _tiers(review is not None and len(review.path) == 3)


@effect("fail_place")
def fail_place(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """Not passed: the title ends with its term, or the removal is announced (重庆第十四条)."""
    review = subject.membership.round.programme.re_review
    why = grounds_of(data)
    if not why.get("reason", "").strip():
        why["reason"] = "没有按期提交复核材料"
    if review is None:
        return
    session.flush()
    if review.fails_with:
        follow(session, actor, subject, review.fails_with, why, must=True)
        return
    proceedings.open(
        session, SYSTEM, subject.membership, ProceedingKind.REMOVAL, review.fail_cause, why,
        Details(
            proposer=Proposer.RULE, findings=why["reason"], predecessor=subject, found=True
        ),
    )  # fmt: skip


def due_for_review(
    session: Session, day: date, membership_id: int | None = None
) -> Sequence[tuple[Membership, date]]:
    """Live places (or the one) whose re-review is to be open on ``day``, with the papers' day."""
    found: list[tuple[Membership, date]] = []
    every = session.scalars(select(Round).options(undefer(Round.programme_snapshot)))
    rounds = {
        row.id: row
        for row in every
        if proceedings_rules.offers(row.programme, ProceedingKind.RE_REVIEW)
    }
    if not rounds:
        return found
    busy = select(Proceeding.membership_id).where(Proceeding.closed_at.is_(None))
    query = select(Membership).where(
        Membership.round_id.in_(list(rounds)), Membership.phase.in_(LIVE_PHASES),
        Membership.id.not_in(busy),
    )  # fmt: skip
    if membership_id is not None:
        query = query.where(Membership.id == membership_id)
    rows = session.scalars(query.order_by(Membership.id)).all()
    passed = _last_reviews(session)
    for row in rows:
        set_committed_value(row, "round", rounds[row.round_id])
        review = row.round.programme.re_review
        due = proceedings_rules.review_due(row, passed.get(row.id))
        if review and due and due - timedelta(days=review.opens_days_before) <= day:
            found.append((row, due))
    return found


def _last_reviews(session: Session) -> dict[int, date]:
    """When each place last passed a re-review."""
    rows = session.execute(
        select(ReReviewCase.membership_id, func.max(ReReviewCase.decided_at))
        .where(ReReviewCase.decided_at.is_not(None))
        .group_by(ReReviewCase.membership_id)
    )
    return {id_: clock.beijing(at).date() for id_, at in rows if at is not None}


def open_review(session: Session, membership: Membership, due: date) -> Proceeding:
    """Ask for the papers of a re-review. Papers long overdue still get the opening days."""
    review = membership.round.programme.re_review
    cause = review.fail_cause if review else ""
    days = review.opens_days_before if review else 0
    last = due if due > clock.today() else clock.today() + timedelta(days=days)
    return proceedings.open(
        session, SYSTEM, membership, ProceedingKind.RE_REVIEW, cause,
        Why(reason=f"{review.label if review else ''}：{review.article if review else ''}"),
        Details(due_on=last),
    )  # fmt: skip
