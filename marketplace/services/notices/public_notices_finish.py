"""The end of a notice: every entry without an open objection takes effect, the others wait.

青岛通知三(三)“公示无异议的，按程序发布名单”：有未办结异议的只暂缓该条，其余照常公布。
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid
from marketplace.history import Why
from marketplace.models import NoticeEntry, Objection, PublicNotice
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import OPEN_OBJECTIONS, UNFINISHED_NOTICES, EntryPhase
from marketplace.services.calendar import database_clock
from marketplace.services.notices import public_notices, public_notices_told
from marketplace.services.notices.public_notices_kinds import Ending, Kind
from marketplace.services.notices.public_notices_kinds import get as kind
from marketplace.workflow import Data, effect, guard, locked, perform


@dataclass
class Report:
    """What became of each entry that was still to be done, by name."""

    done: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """An objection to it is not decided."""
    failed: dict[str, str] = field(default_factory=dict)
    """What stands against the effect now, e.g. a ban that began meanwhile."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.held and not self.failed


def objected(session: Session, notice: PublicNotice) -> set[int]:
    """Ids of entries with an open objection."""
    return set(
        session.scalars(
            select(Objection.entry_id).where(
                Objection.notice_id == notice.id, Objection.phase.in_(OPEN_OBJECTIONS)
            )
        )
    )


@guard("notice_over")
def notice_over(session: Session, subject: PublicNotice, actor: Actor, data: Data) -> str | None:
    """Nothing takes effect before the window has ended."""
    if public_notices.is_over(session, subject):
        return None
    return f"公示到{subject.ends_on} 24:00，期满后才能办理"


@effect("notice_close")
def notice_close(session: Session, subject: PublicNotice, actor: Actor, data: Data) -> None:
    """When the last entry was done; a CHECK ties it to the phase."""
    with session.no_autoflush:
        subject.finished_at = database_clock.now(session)


def finish(
    session: Session, actor: Actor, notice: PublicNotice, ending: Ending, *,
    expected_version: int | None = None,
) -> Report:  # fmt: skip
    """Bring about what the notice was for. Raises Conflict (too early, nothing to do), Invalid.

    Each entry has a savepoint of its own: one that fails does not stop the others.
    """
    require(actor, Permission.NOTICE_FINISH)
    notice = locked(session, PublicNotice, notice.id)
    found = kind(notice.kind)
    require(actor, found.permission)
    public_notices.check_version(notice, expected_version)
    _check(session, notice, actor, ending)
    report, members = _apply(session, actor, notice, found, ending)
    if not report.done and not report.complete:
        waiting = [f"{name}：异议尚未办结" for name in report.held]
        reasons = [*waiting, *(f"{name}：{text}" for name, text in report.failed.items())]
        raise Conflict("没有可以办理的条目", code="nothing_to_finish", reasons=reasons)
    event = perform(
        session, actor, notice, "notice_finish" if report.complete else "notice_finish_part",
        why=Why(document_no=ending.document_no, reason=ending.reason),
        rule=found.rule(notice.round.programme), entries=len(report.done),
        subjects={"memberships": members},
    )  # fmt: skip
    public_notices_told.changed(session, notice, event, "公示期满，结果已公布")
    return report


def _check(session: Session, notice: PublicNotice, actor: Actor, ending: Ending) -> None:
    if notice.phase not in UNFINISHED_NOTICES:
        raise Conflict("这份公示已经办结，或没有在公示", code="wrong_state")
    if reason := notice_over(session, notice, actor, {}):
        raise Conflict(reason, code="notice_running")
    if not ending.document_no.strip():
        raise Invalid(fields={"document_no": ["请填写公布结果的文号"]})


def _apply(
    session: Session, actor: Actor, notice: PublicNotice, found: Kind, ending: Ending
) -> tuple[Report, list[int]]:
    report, members = Report(), list[int]()
    waiting = objected(session, notice)
    for entry in public_notices.live_entries(session, notice):
        name, entry_id = entry.name, entry.id
        if entry_id in waiting or entry.phase == EntryPhase.HELD:
            report.held.append(name)
            continue
        try:
            with session.begin_nested():
                member = _one(session, actor, found, entry, ending)
        except (Conflict, Invalid) as error:
            report.failed[name] = _words(error)
            continue
        report.done.append(name)
        members += [member] if member is not None else []
    return report, members


def _one(
    session: Session, actor: Actor, found: Kind, entry: NoticeEntry, ending: Ending
) -> int | None:
    member = found.finish(session, actor, entry, ending)
    entry.membership_id = member if member is not None else entry.membership_id
    session.flush()
    perform(session, actor, entry, "entry_done", why=Why(document_no=ending.document_no))
    return member


def _words(error: Conflict | Invalid) -> str:
    if isinstance(error, Conflict):
        return "；".join(error.reasons)
    return "；".join(text for texts in error.fields.values() for text in texts) or error.message


def newest_entry(session: Session, subject: Any) -> NoticeEntry | None:
    """The last entry about a row, on whatever notice; with its notice and round."""
    id_ = session.scalar(
        select(NoticeEntry.id)
        .where(
            NoticeEntry.subject_type == subject.__tablename__,
            NoticeEntry.subject_id == subject.id,
        )
        .order_by(NoticeEntry.id.desc())
        .limit(1)
    )
    return None if id_ is None else locked(session, NoticeEntry, id_)


def refusal(session: Session, entry: NoticeEntry) -> str | None:
    """What still forbids the effect of an entry; None when its notice ended without objection."""
    if not public_notices.is_over(session, entry.notice):
        return f"公示到{entry.notice.ends_on} 24:00，期满后才能办理"
    if entry.phase == EntryPhase.STRUCK:
        return "异议成立或名单更正，条目已撤下"
    if entry.phase == EntryPhase.HELD or entry.id in objected(session, entry.notice):
        return "异议尚未办结"
    return None
