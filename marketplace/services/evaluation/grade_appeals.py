"""Appeals against published grades: what is decided about a sheet, and what upholding does."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock, outbox
from marketplace.history import Why, record
from marketplace.models import (
    Appeal,
    EvaluationSheet,
    Event,
    Membership,
    Provider,
)
from marketplace.permissions import Actor
from marketplace.services.calendar import calendar
from marketplace.services.proceedings import appeals, appeals_remedies, proceedings
from marketplace.services.proceedings.appeals import Decided

GRADE = "grade"


def _sheet(session: Session, sheet_id: int) -> EvaluationSheet | None:
    way = joinedload(EvaluationSheet.membership)
    return session.scalars(
        select(EvaluationSheet)
        .where(EvaluationSheet.id == sheet_id)
        .options(
            way.joinedload(Membership.round),
            way.joinedload(Membership.provider).joinedload(Provider.organisation),
        )
    ).one_or_none()


def decided(session: Session, sheet_id: int) -> Decided | None:
    """The publication of a sheet's grade; None before it, and once it was revoked."""
    sheet = _sheet(session, sheet_id)
    if sheet is None or sheet.published_at is None:
        return None
    event = session.scalars(
        select(Event)
        .where(
            Event.subject_type == EvaluationSheet.__tablename__, Event.subject_id == sheet_id,
            Event.action == "evaluation_graded",
        )
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
    return None if event is None else Decided(GRADE, sheet.membership, event)


def open_for(session: Session, sheet: EvaluationSheet) -> bool:
    """Whether the grade can be appealed against now: for the button; filing checks it again.

    The sheet's membership and round are loaded; 3 queries.
    """
    rules = sheet.membership.round.programme.appeal
    if sheet.published_at is None or rules is None or GRADE not in rules.against:
        return False
    since = clock.beijing(sheet.published_at).date()
    last = calendar.load(session).add(since, rules.window_working_days)
    if clock.now() >= clock.end_of_day(last):
        return False
    filed = select(Appeal.id).where(
        Appeal.subject_type == EvaluationSheet.__tablename__, Appeal.subject_id == sheet.id
    )
    return session.scalar(filed.limit(1)) is None


def uphold(session: Session, actor: Actor, appeal: Appeal, why: Why) -> None:
    """The grade is no longer public, and what it brought about is undone: its proceeding is closed
    and the place stands as before; the place is evaluated again in a cycle of its own.

    The sheet keeps everything it was reckoned from. The place is still there: nobody is removed
    while the grade can be appealed against or an appeal is open (``no_open_appeal``).
    """
    sheet = _sheet(session, appeal.subject_id)
    if sheet is None or sheet.published_at is None:
        return
    sheet.published_at = None
    session.flush()
    record(session, actor, "evaluation_revoked", sheet, why=why, diff={"grade": sheet.grade})
    outbox.put_many(session, outbox.INDEX, [f"provider/{sheet.provider_id}"])
    for case in proceedings.opened_by(session, sheet):
        appeals_remedies.undo(session, case, why)


appeals.DECISIONS[EvaluationSheet.__tablename__] = decided
appeals.UPHOLDERS[EvaluationSheet.__tablename__] = uphold
