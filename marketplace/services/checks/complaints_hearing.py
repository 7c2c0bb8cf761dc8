"""Both sides are heard: the desk accepts, the provider replies in time, the city concludes."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why
from marketplace.models import Complaint, Event
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import ComplaintPhase
from marketplace.services.calendar import calendar, due_days
from marketplace.services.checks import complaints, complaints_told
from marketplace.workflow import Data, effect, guard, locked, perform

ACCEPT, REPLY, UPHOLD = "complaint_accept", "complaint_reply", "complaint_uphold"
CLOSE_HEARING = "complaint_close_hearing"
BATCH = 50


def step(
    session: Session, actor: Actor, row: Complaint, action: str, *, reason: str = "",
    expected_version: int | None = None, **given: Any,
) -> Event:  # fmt: skip
    """Take a step and tell everybody whom it concerns. Raises Conflict, Forbidden, Invalid.

    ``membership_id`` goes with accepting, ``evidence_of_sender`` and ``evidence_of_provider``
    with upholding.
    """
    row = locked(session, Complaint, row.id)
    if expected_version is not None and row.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    if action in PREPARE:
        permission, prepare = PREPARE[action]
        require(actor, permission, row)
        prepare(session, row, {**given, "reason": reason})
        session.flush()
    why: Why = {"reason": reason}
    event = perform(session, actor, row, action, why=why)
    complaints_told.tell(session, row, event)
    return event


def _accept(session: Session, row: Complaint, given: Data) -> None:
    """Which place it is about, and the provider's clock; a step that fails undoes it."""
    if row.phase != ComplaintPhase.LODGED:
        return
    chosen = given.get("membership_id") or row.membership_id
    found = next(
        ((m, r) for m, r in complaints.places(session, row.provider_id) if m.id == chosen), None
    )
    if found is None:
        raise Invalid(fields={"membership_id": ["请选择投诉针对的在池资格"]})
    membership, round_ = found
    row.membership_id, row.acknowledged_at = membership.id, clock.now()
    days = complaints.clocks_of(round_).reply
    row.reply_by = due_days.after(calendar.load(session), clock.today(), days).at
    session.flush()
    session.refresh(row, ["membership"])


def _reply(session: Session, row: Complaint, given: Data) -> None:
    if row.phase == ComplaintPhase.HEARING:
        row.reply, row.replied_at = given["reason"], clock.now()


def _uphold(session: Session, row: Complaint, given: Data) -> None:
    if row.phase == ComplaintPhase.DECIDING:
        row.evidence_of_sender = given.get("evidence_of_sender", "").strip()
        row.evidence_of_provider = given.get("evidence_of_provider", "").strip()


PREPARE: dict[str, tuple[Permission, Any]] = {
    ACCEPT: (Permission.COMPLAINT_HANDLE, _accept),
    REPLY: (Permission.COMPLAINT_REPLY, _reply),
    UPHOLD: (Permission.COMPLAINT_DECIDE, _uphold),
}
"""What a step writes down before the state changes: the table's CHECKs want both at once."""


@guard("complaint_named")
def complaint_named(session: Session, subject: Complaint, actor: Actor, data: Data) -> str | None:
    """An anonymous complaint is a lead; it is not scored."""
    return "匿名投诉作为线索核查，不能转入计分的办理程序" if subject.anonymous else None


@guard("complaint_placed")
def complaint_placed(session: Session, subject: Complaint, actor: Actor, data: Data) -> str | None:
    """One membership, one grade: the place is known before anybody is heard."""
    return None if subject.membership_id else "请先选择投诉针对的在池资格"


@guard("reply_overdue")
def reply_overdue(session: Session, subject: Complaint, actor: Actor, data: Data) -> str | None:
    """The provider has its whole time."""
    over = subject.reply_by is not None and subject.reply_by <= clock.now()
    return None if over else "服务商的答复期限还没有到"


@guard("complaint_two_sided")
def complaint_two_sided(
    session: Session, subject: Complaint, actor: Actor, data: Data
) -> str | None:
    """Upheld needs evidence of both sides; a provider that let its time pass was heard."""
    wanted = {
        "投诉方依据": subject.evidence_of_sender, "服务商方依据": subject.evidence_of_provider,
    }  # fmt: skip
    missing = [name for name, text in wanted.items() if not text]
    if missing:
        return f"认定属实要有双方依据，还没有填写{'、'.join(missing)}"
    return None


@effect("note_concluded")
def note_concluded(session: Session, subject: Complaint, actor: Actor, data: Data) -> None:
    """When it ended, and what both sides are told."""
    subject.concluded_at, subject.conclusion = clock.now(), data.get("reason", "")
    subject.acknowledged_at = subject.acknowledged_at or subject.concluded_at


def run(database: Database) -> int:
    """Go on without a reply where the provider's time is over; answers how many."""
    with database.reading() as session:
        waiting = session.scalars(
            select(Complaint.id)
            .where(
                Complaint.phase == ComplaintPhase.HEARING, Complaint.reply_by <= clock.now()
            )
            .order_by(Complaint.id)
            .limit(BATCH)
        ).all()  # fmt: skip
    return sum(database.run(lambda session, id_=id_: _close(session, id_)) for id_ in waiting)  # type: ignore[misc]


def _close(session: Session, complaint_id: int) -> int:
    row = locked(session, Complaint, complaint_id)
    if row.phase != ComplaintPhase.HEARING:
        return 0
    step(session, SYSTEM, row, CLOSE_HEARING, reason="服务商期满未答复")
    return 1
