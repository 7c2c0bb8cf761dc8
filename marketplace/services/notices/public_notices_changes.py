"""Changes of a running notice: each leaves a correction that the public sees with the notice."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import NoticeEntry, PublicNotice
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import LIVE_ENTRIES, NoticePhase
from marketplace.services.calendar import calendar, database_clock
from marketplace.services.notices import errata, public_notices_told
from marketplace.services.notices import public_notices as notices
from marketplace.services.notices import public_notices_windows as windows
from marketplace.services.notices.public_notices import Body
from marketplace.services.notices.public_notices_kinds import get as kind
from marketplace.services.notices.public_notices_windows import Window
from marketplace.workflow import locked, perform

LONGEST_EXTENSION = 30


def _running(
    session: Session, actor: Actor, notice: PublicNotice, expected_version: int | None
) -> PublicNotice:
    require(actor, Permission.NOTICE_PUBLISH)
    notice = locked(session, PublicNotice, notice.id)
    if not notices.accepts_objections(session, notice):
        raise Conflict("公示期已满，或没有在公示，不能再改", code="wrong_state")
    notices.check_version(notice, expected_version)
    return notice


def _reason(why: Why) -> str:
    text = why.get("reason", "").strip()
    if not text:
        raise Invalid(fields={"reason": ["请填写理由，会随更正说明一起公开"]})
    return text


def extend(
    session: Session, actor: Actor, notice: PublicNotice, days: int, why: Why, *,
    expected_version: int | None = None,
) -> PublicNotice:  # fmt: skip
    """Let it run ``days`` working days longer. Raises Conflict (ended, 暂定 year), Invalid."""
    reason = _reason(why)
    if not 1 <= days <= LONGEST_EXTENSION:
        raise Invalid(fields={"days": [f"请填写1至{LONGEST_EXTENSION}"]})
    notice = _running(session, actor, notice, expected_version)
    notice.extra_days += days
    window = notices.window_from(session, notice, notice.published_at or clock.now())
    if window is None:
        raise Conflict("这份公示没有公示期", code="wrong_state")
    windows.refuse_provisional(window)
    _move(session, actor, notice, window, "notice_extend", f"延长{days}个工作日", reason)
    return notice


def _move(
    session: Session, actor: Actor, notice: PublicNotice, window: Window, action: str, what: str,
    reason: str,
) -> None:  # fmt: skip
    """The end moves later: row, event, correction, the kind's own rows, and the teams."""
    before = notice.ends_on
    windows.apply(notice, window)
    session.flush()
    event = record(
        session, actor, action, notice, why={"reason": reason},
        diff={
            "rule": kind(notice.kind).rule(notice.round.programme),
            "due": window.ends_at.isoformat(), "counted": window.counted(),
            "ends_on": [str(before), str(window.ends_on)],
        },
    )  # fmt: skip
    text = f"{what}：公示截止日由{before}改为{window.ends_on}"
    errata.add(session, notice, errata.WINDOW, text, reason)
    for entry in notices.live_entries(session, notice):
        kind(notice.kind).moved(session, actor, entry)
    public_notices_told.changed(session, notice, event, f"公示截止日改为{window.ends_on}")


def correct(
    session: Session, actor: Actor, notice: PublicNotice, *,
    title: str, body: Body, why: Why, expected_version: int | None = None,
) -> PublicNotice:  # fmt: skip
    """Correct title or text of a running notice; the former words stay in the correction."""
    reason = _reason(why)
    notice = _running(session, actor, notice, expected_version)
    told = []
    if title.strip() and title.strip() != notice.title:
        told.append(f"标题由“{notice.title}”改为“{title.strip()}”")
        notice.title = title.strip()
    before, after = _plain(notice.body), _plain(body)
    if after and before != after:
        told.append(f"正文原为“{before}”，现为“{after}”")
        notice.body = [dict(block) for block in body]
    if not told:
        raise Invalid(fields={"text": ["内容没有改动"]})
    session.flush()
    record(session, actor, "notice_correct", notice, why={"reason": reason})
    errata.add(session, notice, errata.TEXT, "；".join(told), reason)
    return notice


def _plain(body: Body) -> str:
    return " ".join(block["text"].strip() for block in body).strip()


def drop(
    session: Session, actor: Actor, entry: NoticeEntry, why: Why, *,
    expected_version: int | None = None,
) -> None:  # fmt: skip
    """Take an entry off without an objection, e.g. the firm gives up. Raises Conflict, Invalid."""
    reason = _reason(why)
    notice = _running(session, actor, entry.notice, None)
    entry = locked(session, NoticeEntry, entry.id)
    event = perform(session, actor, entry, "entry_drop", why=why, expected_version=expected_version)
    kind(notice.kind).struck(session, actor, entry, why)
    errata.add(session, notice, errata.LIST, f"撤下“{entry.name}”", reason)
    public_notices_told.entry_changed(session, entry, event, "本单位的条目已撤下")


def running(session: Session, year: int) -> list[PublicNotice]:
    """Notices under way that were counted with ``year``, the soonest end first."""
    rows = session.scalars(
        select(PublicNotice)
        .options(joinedload(PublicNotice.round))
        .where(
            PublicNotice.phase == NoticePhase.RUNNING,
            PublicNotice.ends_at > database_clock.now(session),
        )
        .order_by(PublicNotice.ends_at, PublicNotice.id)
    )
    return [row for row in rows if any(mark["year"] == year for mark in row.calendar)]


@calendar.on_save
def recount(session: Session, actor: Actor, year: int) -> None:
    """The calendar of ``year`` was edited: ends of running notices move, but only later.

    Who read the old end must not find the window closed before it; a window that has ended does
    not open again.
    """
    for found in running(session, year):
        notice = locked(session, PublicNotice, found.id)
        window = notices.window_from(session, notice, notice.published_at or clock.now())
        if window is None or notice.ends_on is None or window.ends_on <= notice.ends_on:
            continue
        _move(
            session, SYSTEM, notice, window, "notice_recount", "工作日历调整",
            f"{year}年放假安排调整，公示期按调整后的工作日重新计算，只顺延、不提前",
        )  # fmt: skip


def open_entries(session: Session, notice: PublicNotice) -> list[NoticeEntry]:
    """Entries that an objection may still be filed against, in order."""
    return list(
        session.scalars(
            select(NoticeEntry)
            .where(NoticeEntry.notice_id == notice.id, NoticeEntry.phase.in_(LIVE_ENTRIES))
            .order_by(NoticeEntry.seq)
        )
    )
