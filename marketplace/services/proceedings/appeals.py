"""Appeals (申诉): within working days, decided by people who did not decide before.

What may be appealed against, the window and the days for the answer are the programme's
(``appeal``); what an upheld appeal brings about is registered by the kind of row decided on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Appeal, Event, Membership, Provider
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import AppealPhase
from marketplace.programmes import nouns
from marketplace.services.files import file_subjects, files
from marketplace.services.notices import public_notices_windows as windows
from marketplace.services.pool import applicants
from marketplace.services.proceedings import proceedings_letters, proceedings_notices
from marketplace.workflow import lives_in, perform

EVIDENCE = "appeal_evidence"
LOADING = (
    joinedload(Appeal.membership).options(
        joinedload(Membership.round),
        joinedload(Membership.quota),
        joinedload(Membership.provider).joinedload(Provider.organisation),
    ),
    joinedload(Appeal.provider).joinedload(Provider.organisation),
)

AGAINST_LABELS = {
    "grade": "评价等次", "warning": "限期整改（警告）", "suspension": "暂停", "removal": "移出",
    "re_review": "复核结果", "objection_decision": "异议处理决定",
}  # fmt: skip


@dataclass(frozen=True)
class Decided:
    """What can be appealed against: the word of the programme's list, the place, the decision."""

    against: str
    membership: Membership
    event: Event


DECISIONS: dict[str, Callable[[Session, int], Decided | None]] = {}
"""By table: what stands decided about the row with this id; None when nothing is."""

DECIDERS: dict[str, Callable[[Session, int], Iterable[int]]] = {}
"""By table: ids of further users who took part in the decision, beside those in its events."""

UPHOLDERS: dict[str, Callable[[Session, Actor, Appeal, Why], None]] = {}
"""By table: what an upheld appeal brings about, in the transaction of the decision."""

NEEDS_PLACE: dict[str, Callable[[Session, Appeal], bool]] = {}
"""By table: whether upholding has to give a place of the quota back."""

lives_in(Appeal, "appeal", *LOADING)


def _file_subject(session: Session, id_: int) -> Appeal | None:
    query = select(Appeal).where(Appeal.id == id_).options(*LOADING)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


file_subjects.LOADERS[Appeal.__tablename__] = _file_subject
files.READERS[EVIDENCE] = files.holders_of(Permission.APPEAL_READ)


def get(session: Session, actor: Actor, appeal_id: int) -> Appeal:
    """An appeal the actor may know of. Raises NotFound."""
    query = visible(actor, Permission.APPEAL_READ, Appeal).where(Appeal.id == appeal_id)
    found = session.scalars(query.options(*LOADING)).one_or_none()
    if found is None:
        raise NotFound("没有这件申诉")
    return found


def listed(actor: Actor, phase: str = "") -> Select[Appeal]:
    """SELECT of the appeals the actor may know of: the open first, by the day of the answer."""
    query = visible(actor, Permission.APPEAL_READ, Appeal)
    if phase:
        query = query.where(Appeal.phase == phase)
    return query.order_by(Appeal.phase == AppealPhase.CLOSED, Appeal.decide_by, Appeal.id.desc())


def possible(session: Session, subject_type: str, subject_id: int) -> Decided | None:
    """What may be appealed against now; None when nothing is decided or the window is over."""
    decided = DECISIONS[subject_type](session, subject_id) if subject_type in DECISIONS else None
    if decided is None or refusal(session, decided, subject_type, subject_id):
        return None
    return decided


def window_end(session: Session, decided: Decided) -> datetime:
    """The exclusive end of the window: working days after the decision. Raises Conflict."""
    rules = decided.membership.round.programme.appeal
    if rules is None:
        raise Conflict("方案没有规定申诉", code="appeal_refused")
    day = clock.beijing(decided.event.at).date()
    return windows.count(session, day, rules.window_working_days).ends_at


def refusal(session: Session, decided: Decided, subject_type: str, subject_id: int) -> str:
    """Why a decision cannot be appealed against now; empty when it can."""
    rules = decided.membership.round.programme.appeal
    if rules is None or decided.against not in rules.against:
        return "方案没有规定对这类决定可以申诉"
    end = window_end(session, decided)
    if clock.now() >= end:
        days, last = rules.window_working_days, clock.last_day(end)
        return f"申诉期限为{days}个工作日，到{last} 24:00，已经结束"
    query = select(Appeal.id).where(
        Appeal.subject_type == subject_type, Appeal.subject_id == subject_id,
        (Appeal.phase != AppealPhase.CLOSED) | (Appeal.outcome != ""),
    )  # fmt: skip
    return "已经申诉过" if session.scalars(query.limit(1)).first() is not None else ""


def file(
    session: Session, actor: Actor, subject_type: str, subject_id: int, *, text: str
) -> Appeal:
    """The provider appeals. Raises Conflict (window over, filed before), Invalid, NotFound."""
    finder = DECISIONS.get(subject_type)
    decided = finder(session, subject_id) if finder else None
    if decided is None:
        raise NotFound("没有可以申诉的决定")
    require(actor, Permission.APPEAL_FILE, decided.membership)
    applicants.lock(session, [decided.membership.provider.organisation_id])
    if reason := refusal(session, decided, subject_type, subject_id):
        raise Conflict(reason, code="appeal_refused")
    if not text.strip():
        raise Invalid(fields={"text": ["请写明申诉的理由和要求"]})
    appeal, facts = _row(session, actor, decided, subject_type, subject_id, text.strip())
    try:
        session.add(appeal)
        session.flush()
    except IntegrityError as error:
        raise Conflict("已经申诉过", code="appeal_refused") from error
    event = record(
        session, actor, "appeal_file", appeal, states=("", appeal.state), diff=facts,
    )  # fmt: skip
    tell(session, appeal, event)
    return appeal


def _row(
    session: Session, actor: Actor, decided: Decided, subject_type: str, subject_id: int, text: str
) -> tuple[Appeal, dict[str, Any]]:
    programme = decided.membership.round.programme
    rules = programme.appeal
    if rules is None:
        raise Conflict("方案没有规定申诉", code="appeal_refused")
    answer = windows.count(session, clock.today(), rules.decide_within_working_days)
    first = nouns.workflow("appeal").state(nouns.workflow("appeal").initial)
    row = Appeal(
        provider=decided.membership.provider, membership=decided.membership,
        against=decided.against, subject_type=subject_type, subject_id=subject_id,
        event_id=decided.event.id, text=text, filed_by=actor.user_id, filed_at=clock.now(),
        window_until=window_end(session, decided), decide_by=answer.ends_at,
        state=first.id, phase=first.phase, state_since=clock.now(),
    )  # fmt: skip
    facts: dict[str, Any] = {"rule": programme.removal.id, "due": answer.ends_at.isoformat(),
             "counted": answer.counted(), "against": decided.against}  # fmt: skip
    return row, facts


def withdraw(
    session: Session, actor: Actor, appeal: Appeal, *, why: Why, expected_version: int | None
) -> None:
    """The provider takes its appeal back. Raises Conflict, Invalid, Forbidden."""
    event = perform(
        session, actor, appeal, "withdraw_appeal", why=why, expected_version=expected_version
    )
    tell(session, appeal, event)


def letter(session: Session, appeal: Appeal, event: Event) -> None:
    """The letter that goes with a decision, if one does."""
    form = proceedings_letters.forms().get(event.action)
    if form is not None:
        facts = proceedings_letters.common_facts(session, appeal.membership, appeal.provider, event)
        proceedings_letters.write(
            session, appeal, appeal.membership, appeal.provider, form, facts, event
        )


def tell(session: Session, appeal: Appeal, event: Event) -> None:
    """Everybody concerned is told."""
    proceedings_notices.send(
        session, appeal, appeal.membership, appeal.provider, event, "申诉", f"appeals/{appeal.id}"
    )
