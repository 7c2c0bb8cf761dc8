"""Steps of the bureau and of the provider on an objection, and what each brings about."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.clock import beijing, end_of_day
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why
from marketplace.models import Candidacy, Event, NoticeEntry, Objection, PublicNotice
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import LIVE_ENTRIES, OPEN_OBJECTIONS, EntryPhase, ObjectionPhase
from marketplace.services.audit.why import counted
from marketplace.services.calendar import calendar
from marketplace.services.notices import errata, objections_told, public_notices_told
from marketplace.services.notices.public_notices_kinds import get as kind
from marketplace.services.pool import candidacies
from marketplace.workflow import Data, effect, locked, perform

LONGEST_REPLY_DAYS = 30
WAITING = (*OPEN_OBJECTIONS, ObjectionPhase.LEAD)
"""Objections and leads that the bureau still has to deal with."""


def step(
    session: Session, actor: Actor, row: Objection, action: str, *,
    why: Why, expected_version: int | None,
) -> Event:  # fmt: skip
    """One step of the bureau. Raises Conflict (wrong state, stale), Invalid, Forbidden."""
    row = _locked(session, row, expected_version)
    return _perform(session, actor, row, action, why=why)


def _locked(session: Session, row: Objection, expected_version: int | None) -> Objection:
    """The row as it is now, under its notice's lock: filing and finishing hold that one too."""
    locked(session, PublicNotice, row.notice_id)
    found: Objection = locked(session, Objection, row.id)
    if expected_version not in (None, found.version):
        raise Conflict("内容已被他人更新", code="stale_version")
    return found


def _perform(
    session: Session, actor: Actor, row: Objection, action: str, *,
    why: Why | None = None, **data: object,
) -> Event:  # fmt: skip
    event = perform(session, actor, row, action, why=why, **data)
    objections_told.tell(session, row, event)
    return event


def _appended(before: str, text: str) -> str:
    """A further question or answer goes below the earlier ones: nothing that was said is lost."""
    return f"{before}\n\n（{beijing(clock.now()):%Y-%m-%d} 补充）{text}" if before else text


def ask(
    session: Session, actor: Actor, row: Objection, *,
    question: str, days: int, expected_version: int | None,
) -> Event:  # fmt: skip
    """Ask the provider, who reads the question and nothing else. Raises Invalid, Conflict.

    ``days``: working days to answer; the instant is fixed now and does not move.
    """
    require(actor, Permission.OBJECTION_HANDLE, row)
    fields = {}
    if not question.strip():
        fields["question"] = ["请写明要服务商说明什么，不要写异议人的姓名和电话"]
    if not 1 <= days <= LONGEST_REPLY_DAYS:
        fields["days"] = [f"请填写1至{LONGEST_REPLY_DAYS}"]
    if fields:
        raise Invalid(fields=fields)
    today, days_off = beijing(clock.now()).date(), calendar.load(session)
    due = end_of_day(days_off.add(today, days))
    row = _locked(session, row, expected_version)
    row.question, row.asked_at = _appended(row.question, question.strip()), clock.now()
    row.reply_by = due
    return _perform(
        session, actor, row, "objection_ask",
        due=due.isoformat(), counted=counted(days_off, today, days),
    )  # fmt: skip


def reply(
    session: Session, actor: Actor, row: Objection, *, text: str, expected_version: int | None
) -> Event:
    """The provider's own account of it. Raises Invalid, Conflict, NotFound."""
    require(actor, Permission.OBJECTION_REPLY, row)
    if not text.strip():
        raise Invalid(fields={"reply": ["请填写说明"]})
    row = _locked(session, row, expected_version)
    row.reply, row.replied_at = _appended(row.reply, text.strip()), clock.now()
    return _perform(session, actor, row, "objection_reply")


@effect("objection_accepted")
def objection_accepted(session: Session, subject: Objection, actor: Actor, data: Data) -> None:
    """The bureau looks into it."""
    subject.accepted_at = clock.now()


@effect("hold_entry")
def hold_entry(session: Session, subject: Objection, actor: Actor, data: Data) -> None:
    """Only the objected entry waits; the others go on."""
    entry = locked(session, NoticeEntry, subject.entry_id)
    if entry.phase == EntryPhase.NOTICED:
        perform(session, actor, entry, "entry_hold")


@effect("objection_settled")
def objection_settled(session: Session, subject: Objection, actor: Actor, data: Data) -> None:
    """How it ended, for who filed it; a CHECK ties the day to the phase."""
    subject.decision = data.get("reason", "")
    subject.document_no = data.get("document_no", "")
    subject.decided_at = clock.now()


@effect("strike_entry")
def strike_entry(session: Session, subject: Objection, actor: Actor, data: Data) -> None:
    """The entry comes off, visibly; every other objection to it stays to be answered."""
    entry = locked(session, NoticeEntry, subject.entry_id)
    if entry.phase not in LIVE_ENTRIES:
        return
    why = Why(reason=data.get("reason", ""), document_no=data.get("document_no", ""))
    event = perform(session, actor, entry, "entry_strike", why=why)
    kind(entry.notice.kind).struck(session, actor, entry, why)
    text = f"撤下“{entry.name}”：异议经核查成立（{why['document_no']}）"
    errata.add(session, entry.notice, errata.LIST, text)
    public_notices_told.entry_changed(session, entry, event, "异议成立，本单位的条目已撤下")


@effect("free_entry")
def free_entry(session: Session, subject: Objection, actor: Actor, data: Data) -> None:
    """The entry goes on unless another accepted objection still holds it."""
    entry = locked(session, NoticeEntry, subject.entry_id)
    others = session.scalar(
        select(func.count()).where(
            Objection.entry_id == entry.id, Objection.id != subject.id,
            Objection.phase.in_([p for p in OPEN_OBJECTIONS if p != ObjectionPhase.RECEIVED]),
        )
    )  # fmt: skip
    if not others and entry.phase == EntryPhase.HELD:
        perform(session, actor, entry, "entry_free")


def next_in_reserve(session: Session, row: Objection) -> Candidacy | None:
    """Who may be proposed for the place that an upheld objection freed, by a notice of its own."""
    if row.phase != ObjectionPhase.UPHELD or row.entry.subject_type != Candidacy.__tablename__:
        return None
    gone = candidacies.get(session, row.entry.subject_id)
    return candidacies.next_reserve(session, gone.quota_id)
