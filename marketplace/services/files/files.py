"""Rows of stored files: drafts, versions, and who may read which.

A file belongs to the row it was attached to (``subject``); whoever may read it by the rule of its
purpose may fetch it, for everybody else it does not exist. Before that it is a draft, known to the
user alone who put it in, in the organisation he acted for.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import StoredFile
from marketplace.models.files import INFECTED, NOT_SCANNED, PENDING
from marketplace.permissions import Actor, Permission, can
from marketplace.services.files import file_subjects
from marketplace.services.uploads import slots
from marketplace.services.uploads.keeping import Received
from marketplace.services.uploads.slots import Slot
from marketplace.storage import Kept

QUOTA_DOCUMENT = "quota_document"

Reader = Callable[[Actor, Any], bool]
"""Whether an actor may read the files of a subject (its row, with provider and organisation)."""


def holders_of(permission: Permission) -> Reader:
    """Whoever has ``permission`` for the subject."""
    return lambda actor, subject: can(actor, permission, subject)


def anywhere(permission: Permission) -> Reader:
    """Whoever has ``permission`` at all, whatever the subject."""
    return lambda actor, subject: can(actor, permission)


READERS: dict[str, Reader] = {QUOTA_DOCUMENT: anywhere(Permission.POOL_READ)}
"""Who may open a file, by its purpose (the name of its slot). Nobody without an entry."""


@dataclass(frozen=True)
class Change:
    """What a form does to the files of one slot: ids of drafts and of files that stand."""

    added: Sequence[int] = ()
    removed: Collection[int] = ()
    replaced: Mapping[int, int] = field(default_factory=dict)
    alts: Mapping[int, str] = field(default_factory=dict)
    """Texts for pictures, by id of draft or file."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.replaced or self.alts)


def add(
    session: Session,
    actor: Actor,
    kept: Kept,
    purpose: str,
    subject: Any,
    *,
    scan: str = NOT_SCANNED,
) -> StoredFile:
    """The row of a file that lies in storage already; ``subject`` is a flushed row."""
    row = _row(actor, kept, purpose)
    row.scan = scan
    row.subject_type, row.subject_id = subject.__tablename__, subject.id
    session.add(row)
    session.flush()
    return row


def _row(actor: Actor, kept: Kept, purpose: str) -> StoredFile:
    return StoredFile(
        sha256=kept.sha256, name=kept.name, media_type=kept.media_type, size=kept.size,
        purpose=purpose, uploaded_by=actor.user_id, organisation_id=actor.organisation_id,
    )  # fmt: skip


def draft(session: Session, actor: Actor, received: Received, slot: Slot) -> StoredFile:
    """Note a received file as this user's draft. Raises Forbidden, Invalid (field ``file``).

    Visitors share their drafts; a signed number in the form alone tells whose one is.
    """
    visitor = actor.user_id is None
    if visitor and not slot.visitors:
        raise Forbidden
    held = session.scalar(select(func.sum(StoredFile.size)).where(*_own_drafts(actor))) or 0
    room = slots.rules().visitor_mb if visitor else slots.rules().draft_mb
    if held + received.kept.size > room * slots.MEGABYTE:
        text = "没有提交的文件太多，请先提交或移除一些再上传"
        if visitor:
            text = "现在上传的人较多，请稍后再传，或先提交文字"
        raise Invalid(text, fields={"file": [text]})
    row = _row(actor, received.kept, slot.name)
    row.scan = received.scan
    session.add(row)
    session.flush()
    return row


def drafts(
    session: Session, actor: Actor, ids: Iterable[int], slot: str | None = None
) -> list[StoredFile]:
    """Those of ``ids`` that are this user's drafts (for ``slot``), in order of upload."""
    query = select(StoredFile).where(StoredFile.id.in_(list(ids)), *_own_drafts(actor))
    if slot is not None:
        query = query.where(StoredFile.purpose == slot)
    return list(session.scalars(query.order_by(StoredFile.id)))


def _own_drafts(actor: Actor) -> list[Any]:
    organisation = StoredFile.organisation_id
    mine = (
        organisation.is_(None)
        if actor.organisation_id is None
        else organisation == actor.organisation_id
    )
    return [StoredFile.subject_id.is_(None), StoredFile.uploaded_by == actor.user_id, mine]


def attach(
    session: Session,
    actor: Actor,
    subject: Any,
    slot: Slot,
    change: Change,
    *,
    required: bool = False,
) -> list[StoredFile]:
    """Let drafts become files of ``subject`` (flushed), replace and remove; answers what stands.

    The caller has checked that the actor may edit the subject. Nothing is overwritten: replaced
    and removed files stay, superseded. Raises Invalid (field = name of the slot), Conflict when
    somebody else was faster.
    """
    _check(session, actor, subject, slot, change, required=required)
    now = clock.now()
    for old_id, draft_id in change.replaced.items():
        old = _supersede(session, subject, slot, old_id, now)
        first = old.version_of or old.id
        _take(session, actor, subject, slot, draft_id, version=old.version + 1, version_of=first)
    for old_id in change.removed:
        _supersede(session, subject, slot, old_id, now)
    for draft_id in change.added:
        _take(session, actor, subject, slot, draft_id)
    standing = list(of(session, subject, slot.name))
    for row in standing:
        row.alt = change.alts.get(row.id, row.alt)
    session.flush()
    if change.added or change.removed or change.replaced:
        record(session, actor, "files_change", subject, diff=_diff(slot, change))
    return standing


def _diff(slot: Slot, change: Change) -> dict[str, Any]:
    """Numbers, not names: a name may say what only some may know."""
    numbers = {
        "files_added": sorted(change.added),
        "files_removed": sorted(change.removed),
        "files_replaced": [f"{old} → {new}" for old, new in sorted(change.replaced.items())],
    }
    return {"slot": slot.label, **{name: found for name, found in numbers.items() if found}}


def _check(
    session: Session, actor: Actor, subject: Any, slot: Slot, change: Change, *, required: bool
) -> None:
    standing = {row.id: row for row in of(session, subject)}
    gone = set(change.removed) | set(change.replaced)
    stay = [row for id_, row in standing.items() if id_ not in gone]
    new = drafts(session, actor, [*change.added, *change.replaced.values()], slot.name)
    here = [row for row in [*stay, *new] if row.purpose == slot.name]
    size = sum(row.size for row in [*stay, *new])
    errors = []
    if required and not here:
        errors.append(f"请上传{slot.label}")
    if len(here) > slot.max_count:
        errors.append(f"{slot.label}最多{slot.max_count}个文件，请移除多余的")
    if size > slots.rules().total_mb * slots.MEGABYTE:
        errors.append(f"全部文件合计不能超过{slots.rules().total_mb}MB")
    if any(not change.alts.get(row.id, row.alt).strip() for row in here) and slot.pictures_only:
        errors.append("请给每张图片写一句说明，读屏软件会读给看不见图片的人")
    if any(len(text) > 200 for text in change.alts.values()):
        errors.append("图片说明不超过200个字")
    if errors:
        raise Invalid(fields={slot.name: errors})


def _supersede(session: Session, subject: Any, slot: Slot, file_id: int, at: Any) -> StoredFile:
    done = session.execute(
        update(StoredFile)
        .where(
            StoredFile.id == file_id, StoredFile.purpose == slot.name, *_of(subject),
            StoredFile.superseded_at.is_(None),
        )
        .values(superseded_at=at)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if getattr(done, "rowcount", 0) != 1:
        raise Conflict("文件已被他人更换或移除", code="stale_file")
    return session.get_one(StoredFile, file_id, populate_existing=True)


def _take(
    session: Session, actor: Actor, subject: Any, slot: Slot, draft_id: int, **version: int
) -> None:
    """A draft is taken by one form alone, however often it is sent."""
    done = session.execute(
        update(StoredFile)
        .where(StoredFile.id == draft_id, StoredFile.purpose == slot.name, *_own_drafts(actor))
        .values(subject_type=subject.__tablename__, subject_id=subject.id, **version)
        .execution_options(synchronize_session=False)
    )
    if getattr(done, "rowcount", 0) != 1:
        raise Conflict("上传的文件已经提交过，或已过保留期", code="stale_file")
    session.get_one(StoredFile, draft_id, populate_existing=True)


def discard(session: Session, actor: Actor, draft_id: int) -> None:
    """Forget a draft of this user; its bytes are swept later. Raises NotFound."""
    found = drafts(session, actor, [draft_id])
    if not found:
        raise NotFound
    session.delete(found[0])
    session.flush()


def get(session: Session, actor: Actor, file_id: int) -> StoredFile:
    """A file the actor may read; anything else does not exist for them (NotFound).

    Raises Conflict for one that the scanner has not let through.
    """
    row = session.get(StoredFile, file_id)
    if row is None or not may_read(session, actor, row):
        raise NotFound
    if row.scan in (PENDING, INFECTED):
        waiting = row.scan == PENDING
        text = "文件正在查毒，暂时不能打开" if waiting else "文件中发现病毒，已经隔离"
        raise Conflict(text, code="not_scanned", remedy="请过几分钟再试。" if waiting else "")
    return row


def may_read(session: Session, actor: Actor, row: StoredFile) -> bool:
    """Whether the actor may know this file at all."""
    if row.subject_id is None:
        return actor.user_id is not None and bool(drafts(session, actor, [row.id]))
    reader = READERS.get(row.purpose)
    return reader is not None and reader(
        actor, file_subjects.load(session, row.subject_type, row.subject_id)
    )


def of(session: Session, subject: Any, purpose: str | None = None) -> Sequence[StoredFile]:
    """The files of a row (of one slot) that stand, newest first."""
    query = select(StoredFile).where(*_of(subject), StoredFile.superseded_at.is_(None))
    if purpose is not None:
        query = query.where(StoredFile.purpose == purpose)
    return session.scalars(query.order_by(StoredFile.id.desc())).all()


def versions(session: Session, row: StoredFile) -> Sequence[StoredFile]:
    """Every version of a file, newest first."""
    first = row.version_of or row.id
    query = select(StoredFile).where((StoredFile.id == first) | (StoredFile.version_of == first))
    return session.scalars(query.order_by(StoredFile.version.desc())).all()


def _of(subject: Any) -> list[Any]:
    return [
        StoredFile.subject_type == subject.__tablename__, StoredFile.subject_id == subject.id,
    ]  # fmt: skip
