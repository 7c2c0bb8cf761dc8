"""Rectification (限期整改): plan, report, check by the district, confirmation, more days.

Days and what an overdue one brings about are the programme's (青岛默认方案：30 天，可延长 15 天).
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Proceeding, RectificationCase, RectificationExtension
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import ProceedingKind, ProceedingPhase
from marketplace.programmes.evaluation import Rectification
from marketplace.services.proceedings import proceedings, proceedings_rules
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.services.proceedings.proceedings_places import grounds_of, past_due
from marketplace.workflow import Data, effect, guard, locked

LONGEST = 5000


def ordered(case: Proceeding) -> Rectification:
    """The days that the programme gives. Raises Conflict for a programme without any."""
    found = case.membership.round.programme.rectification
    if found is None:
        raise Conflict("方案没有规定限期整改", code="no_procedure")
    return found


def days_left(case: Proceeding) -> int:
    """How many more days may be granted."""
    return max(0, ordered(case).extendable_days - case.extended_days)


@guard("before_due")
def before_due(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """What is handed in at the end or later is late."""
    if not past_due(subject):
        return None
    return f"期限已到（{clock.beijing(subject.due_at or clock.now()):%Y-%m-%d %H:%M}），不能再提交"


@guard("past_due")
def past_due_(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """Nothing lapses before its time."""
    if past_due(subject):
        return None
    last = clock.last_day(subject.due_at) if subject.due_at else None
    return f"期限到{last} 24:00，期满后才能办理" if last else "还没有开始计算期限"


@guard("within_extension")
def within_extension(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """The programme bounds the days in all; an order that ran out is not extended."""
    if past_due(subject):
        return "期限已到，不能再延长"
    left = days_left(subject)
    if not left:
        return f"最多延长{ordered(subject).extendable_days}天，已经用完"
    days = data.get("days")
    return f"还可以延长{left}天" if days is not None and not 1 <= days <= left else None


@effect("note_plan")
def note_plan(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """The plan as it was handed in; earlier ones stay in the events."""
    subject.plan = data["text"]


@effect("note_answer")
def note_answer(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """What the provider reports or replies. A clock that was met stands still."""
    subject.answer = data["text"]
    if subject.kind != ProceedingKind.RECTIFICATION:
        subject.due_at = None


@effect("extend_due")
def extend_due(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """Both the case and the place get the later day; an open request is granted with it."""
    before = subject.due_at
    if before is None:
        raise Conflict("没有可以延长的期限", code="wrong_state")
    subject.due_at = before + timedelta(days=data["days"])
    subject.extended_days += data["days"]
    subject.membership.rectify_by = clock.last_day(subject.due_at)
    asked = open_request(session, subject)
    if asked is None:
        asked = RectificationExtension(
            proceeding_id=subject.id, days=data["days"], reason=data.get("reason", ""),
            due_before=before,
        )  # fmt: skip
        session.add(asked)
    asked.granted, asked.decided_at = True, clock.now()
    asked.due_after, asked.answer = subject.due_at, data.get("reason", "")
    session.flush()


def open_request(session: Session, case: Proceeding) -> RectificationExtension | None:
    """The request for more days that waits for an answer."""
    query = select(RectificationExtension).where(
        RectificationExtension.proceeding_id == case.id, RectificationExtension.granted.is_(None)
    )
    return session.scalars(query).one_or_none()


def requests(session: Session, case: Proceeding) -> list[RectificationExtension]:
    """Every request and grant of the case, oldest first."""
    query = select(RectificationExtension).where(RectificationExtension.proceeding_id == case.id)
    return list(session.scalars(query.order_by(RectificationExtension.id)))


def ask_extension(
    session: Session, actor: Actor, case: Proceeding, *, days: int, reason: str
) -> RectificationExtension:
    """The provider asks for more days before they end. Raises Conflict, Invalid, Forbidden."""
    require(actor, Permission.PROCEEDING_ANSWER, case)
    case = locked(session, RectificationCase, case.id)
    if case.phase != ProceedingPhase.PROVIDER:
        raise Conflict("现在不能申请延期", code="wrong_state")
    if refusal := within_extension(session, case, actor, {}):
        raise Conflict(refusal, code="guard_refused")
    if open_request(session, case) is not None:
        raise Conflict("已有一项延期申请在等待答复", code="wrong_state")
    fields = {} if reason.strip() else {"reason": ["请填写理由"]}
    if not 1 <= days <= days_left(case):
        fields["days"] = [f"请填写1至{days_left(case)}"]
    if fields:
        raise Invalid(fields=fields)
    row = RectificationExtension(
        proceeding_id=case.id, days=days, reason=reason.strip(), due_before=case.due_at
    )
    session.add(row)
    session.flush()
    record(session, actor, "extension_ask", case, why=Why(reason=reason), diff={"days": days})
    return row


def refuse_extension(session: Session, actor: Actor, case: Proceeding, *, reason: str) -> None:
    """The city gives no more days; the clock runs on. Raises Conflict, Invalid, Forbidden."""
    require(actor, Permission.PROCEEDING_RUN, case)
    case = locked(session, RectificationCase, case.id)
    asked = open_request(session, case)
    if asked is None:
        raise Conflict("没有等待答复的延期申请", code="wrong_state")
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写理由"]})
    asked.granted, asked.decided_at, asked.answer = False, clock.now(), reason.strip()
    session.flush()
    record(session, actor, "extension_refuse", case, why=Why(reason=reason))


@guard("knows_rectification")
def knows_rectification(
    session: Session, subject: Proceeding, actor: Actor, data: Data
) -> str | None:
    """Only where the programme orders rectifications."""
    programme = subject.membership.round.programme
    known = proceedings_rules.offers(programme, ProceedingKind.RECTIFICATION)
    return None if known else "方案没有规定限期整改"


@effect("begin_rectification")
def begin_rectification(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """A suspension that ends in an order to mend."""
    session.flush()
    proceedings.open(
        session, actor, subject.membership, ProceedingKind.RECTIFICATION, subject.cause,
        grounds_of(data), Details(findings=subject.findings, predecessor=subject),
    )  # fmt: skip
