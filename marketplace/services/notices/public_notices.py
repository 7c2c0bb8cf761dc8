"""Public notices (公示): drafted from decisions, published for working days, then finished.

青岛通知三(三)“公示5个工作日”，聊城办法第十三条，重庆办法第十条；条目级暂缓按方案中的理解。
Lock order: notice, then objection or entry, then whatever the kind of the notice touches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import NoticeEntry, PublicNotice, Round
from marketplace.permissions import Actor, Permission, can, require
from marketplace.phases import LIVE_ENTRIES, PUBLIC_NOTICES, NoticePhase
from marketplace.programmes import nouns
from marketplace.services.calendar import database_clock
from marketplace.services.files import files
from marketplace.services.notices import errata, public_notices_told
from marketplace.services.notices import public_notices_windows as windows
from marketplace.services.notices.public_notices_kinds import Ending, Kind, Line, register
from marketplace.services.notices.public_notices_kinds import get as kind
from marketplace.services.notices.public_notices_windows import Window
from marketplace.workflow import Data, effect, guard, lives_in, locked, perform

__all__ = ["Ending", "Kind", "Line", "draft", "finish_label", "kind", "publish", "register"]

lives_in(PublicNotice, "public_notice", joinedload(PublicNotice.round))
lives_in(NoticeEntry, "notice_entry", joinedload(NoticeEntry.notice).joinedload(PublicNotice.round))

ATTACHMENT = "notice_attachment"

files.READERS[ATTACHMENT] = lambda actor, row: (
    row.phase in PUBLIC_NOTICES or can(actor, Permission.NOTICE_READ)
)

LONGEST_TEXT = 5000
Body = Sequence[dict[str, str]]
"""Blocks of text: ``{heading, text}``."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What an officer writes. ``working_days`` counts only where the programme gives none."""

    title: str
    document_no: str = ""
    body: Body = ()
    working_days: int | None = None


def draft(
    session: Session, actor: Actor, kind_name: str, round_: Round, lines: Sequence[Line], *,
    content: Content | None = None, why: Why | None = None,
) -> PublicNotice:  # fmt: skip
    """A new notice of a kind over ``lines``. Raises Invalid, Conflict (a line stands elsewhere)."""
    require(actor, Permission.NOTICE_EDIT)
    found = kind(kind_name)
    workflow = nouns.workflow("public_notice")
    first = workflow.state(workflow.initial)
    body = [{"heading": "", "text": found.text}]
    notice = PublicNotice(
        kind=found.name, round=round_, title=found.title, body=body,
        state=first.id, phase=first.phase, state_since=clock.now(), days=[], calendar=[],
        working_days=found.days(round_.programme), extra_days=0,
    )  # fmt: skip
    if content is not None:
        _write(notice, content)
    session.add(notice)
    session.flush()
    _add(session, notice, lines, after=0)
    diff = {"notice_kind": found.label, "entries": len(lines)}
    record(session, actor, "notice_draft", notice, states=("", first.id), diff=diff, why=why)
    return notice


def _write(notice: PublicNotice, content: Content) -> None:
    fields: dict[str, list[str]] = {}
    if not content.title.strip():
        fields["title"] = ["请填写标题"]
    if sum(len(block["text"]) for block in content.body) > LONGEST_TEXT:
        fields["text"] = [f"正文不超过{LONGEST_TEXT}个字"]
    ordered = kind(notice.kind).days(notice.round.programme)
    if ordered is None and content.working_days is not None and not 1 <= content.working_days <= 60:
        fields["working_days"] = ["请填写1至60"]
    if fields:
        raise Invalid(fields=fields)
    notice.title, notice.document_no = content.title.strip(), content.document_no.strip()
    if content.body:
        notice.body = [dict(block) for block in content.body]
    notice.working_days = ordered if ordered is not None else content.working_days


def _add(session: Session, notice: PublicNotice, lines: Sequence[Line], *, after: int) -> None:
    workflow = nouns.workflow("notice_entry")
    first = workflow.state(workflow.initial)
    rows = [
        NoticeEntry(
            notice=notice, seq=after + number, subject_type=line.subject.__tablename__,
            subject_id=line.subject.id, provider_id=line.provider_id, name=line.name,
            membership_id=line.membership_id, type=line.type, segment=line.segment, note=line.note,
            state=first.id, phase=first.phase, state_since=clock.now(),
        )
        for number, line in enumerate(lines, 1)
    ]  # fmt: skip
    try:
        with session.begin_nested():
            session.add_all(rows)
    except IntegrityError as error:
        raise Conflict("选中的条目已经列在另一份公示中", code="on_another_notice") from error


def edit(
    session: Session, actor: Actor, notice: PublicNotice, *,
    content: Content, lines: Sequence[Line] | None = None, expected_version: int | None,
) -> PublicNotice:  # fmt: skip
    """Change a draft; ``lines`` replace its entries. Raises Conflict, Invalid, Forbidden."""
    require(actor, Permission.NOTICE_EDIT)
    notice = locked(session, PublicNotice, notice.id)
    if notice.phase != NoticePhase.DRAFT:
        raise Conflict("公示已经发布，只能更正", code="wrong_state")
    check_version(notice, expected_version)
    before = [notice.title, notice.document_no]
    _write(notice, content)
    if lines is not None:
        for entry in entries(session, notice):
            session.delete(entry)
        session.flush()
        _add(session, notice, lines, after=0)
    notice.updated_at = clock.now()
    session.flush()
    after = [notice.title, notice.document_no]
    record(session, actor, "notice_edit", notice, diff={
        name: [old, new]
        for name, old, new in zip(("notice_title", "notice_number"), before, after, strict=True)
        if old != new
    })  # fmt: skip
    return notice


def check_version(notice: PublicNotice, expected: int | None) -> None:
    """Refuse a stale page. Raises Conflict."""
    if expected is not None and notice.version != expected:
        raise Conflict("内容已被他人更新", code="stale_version")


def entries(session: Session, notice: PublicNotice) -> Sequence[NoticeEntry]:
    """The lines of a notice in order."""
    return session.scalars(
        select(NoticeEntry).where(NoticeEntry.notice_id == notice.id).order_by(NoticeEntry.seq)
    ).all()


def live_entries(session: Session, notice: PublicNotice) -> list[NoticeEntry]:
    """The lines whose effect is still to come, each with its notice and round, locked."""
    rows = session.scalars(
        select(NoticeEntry.id)
        .where(NoticeEntry.notice_id == notice.id, NoticeEntry.phase.in_(LIVE_ENTRIES))
        .order_by(NoticeEntry.seq)
    ).all()
    return [locked(session, NoticeEntry, id_) for id_ in rows]


def _loaded() -> Select[PublicNotice]:
    return select(PublicNotice).options(joinedload(PublicNotice.round))


def get(session: Session, actor: Actor, notice_id: int) -> PublicNotice:
    """A notice for staff, with its round. Raises NotFound, Forbidden."""
    require(actor, Permission.NOTICE_READ)
    row = session.scalars(_loaded().where(PublicNotice.id == notice_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


def public(session: Session, notice_id: int) -> PublicNotice:
    """A published notice, with its round. Raises NotFound."""
    found = _loaded().where(PublicNotice.id == notice_id, PublicNotice.phase.in_(PUBLIC_NOTICES))
    row = session.scalars(found).one_or_none()
    if row is None:
        raise NotFound("没有这份公示")
    return row


def is_over(session: Session, notice: PublicNotice) -> bool:
    """Whether the window has ended by the database's clock; its end is exclusive (F-X3)."""
    return notice.ends_at is not None and database_clock.now(session) >= notice.ends_at


def accepts_objections(session: Session, notice: PublicNotice) -> bool:
    """The one answer for page and form: published, not withdrawn, the window open."""
    return notice.phase == NoticePhase.RUNNING and not is_over(session, notice)


def length(notice: PublicNotice) -> int | None:
    """Working days of the window, the bureau's extension included; None when nobody set them."""
    return None if notice.working_days is None else notice.working_days + notice.extra_days


def window_from(session: Session, notice: PublicNotice, at: datetime) -> Window | None:
    """The window if it were published ``at``; None without a length. Raises Invalid."""
    days = length(notice)
    return None if days is None else windows.count(session, clock.beijing(at).date(), days)


def finish_label(notice: PublicNotice) -> str:
    """The words of the button at the end."""
    return kind(notice.kind).finish_label


@guard("notice_complete")
def complete(session: Session, subject: PublicNotice, actor: Actor, data: Data) -> str | None:
    """Title, document number, length and at least one entry."""
    missing = [
        label
        for label, there in (
            ("文号", subject.document_no), ("公示工作日数", subject.working_days),
            ("公示条目", entries(session, subject)),
        )
        if not there
    ]  # fmt: skip
    return f"还没有填写：{'、'.join(missing)}" if missing else None


@effect("notice_open")
def notice_open(session: Session, subject: PublicNotice, actor: Actor, data: Data) -> None:
    """The window is fixed as it was counted; a CHECK ties it to the phase."""
    with session.no_autoflush:
        at = datetime.fromisoformat(data["published_at"])
        window = window_from(session, subject, at)
        if window is None:
            raise Invalid(fields={"working_days": ["请填写公示工作日数"]})
        subject.published_at = at
        windows.apply(subject, window)


def publish(
    session: Session, actor: Actor, notice: PublicNotice, *, expected_version: int | None = None
) -> PublicNotice:
    """Show it to the public; the end is counted from today. Raises Conflict, Invalid, Forbidden.

    Refused while a year of the window is only 暂定 (F-X4).
    """
    require(actor, Permission.NOTICE_PUBLISH)
    notice = locked(session, PublicNotice, notice.id)
    found, at = kind(notice.kind), database_clock.now(session)
    facts: dict[str, Any] = {"published_at": at.isoformat()}
    window = window_from(session, notice, at)
    if window is not None:
        windows.refuse_provisional(window)
        facts |= {"due": window.ends_at.isoformat(), "counted": window.counted()}
    event = perform(
        session, actor, notice, "notice_publish", expected_version=expected_version,
        why=Why(document_no=notice.document_no), rule=found.rule(notice.round.programme), **facts,
    )  # fmt: skip
    for entry in live_entries(session, notice):
        found.opened(session, actor, entry)
    public_notices_told.published(session, notice, event)
    return notice


def discard(
    session: Session, actor: Actor, notice: PublicNotice, *, expected_version: int | None
) -> None:
    """Give a draft up; what stood on it is free again."""
    notice = locked(session, PublicNotice, notice.id)
    perform(session, actor, notice, "notice_discard", expected_version=expected_version)
    for entry in live_entries(session, notice):
        perform(session, actor, entry, "entry_discard")


def withdraw(
    session: Session, actor: Actor, notice: PublicNotice, why: Why, *, expected_version: int | None
) -> None:
    """Take a running notice back; its page stays and says why. Raises Conflict, Invalid."""
    notice = locked(session, PublicNotice, notice.id)
    event = perform(
        session, actor, notice, "notice_withdraw", why=why, expected_version=expected_version
    )
    found = kind(notice.kind)
    for entry in live_entries(session, notice):
        perform(session, actor, entry, "entry_release")
        found.released(session, actor, entry)
    errata.add(session, notice, errata.TEXT, f"本公示已撤回（{why.get('document_no', '')}）",
               why.get("reason", ""))  # fmt: skip
    public_notices_told.changed(session, notice, event, "公示已撤回")
