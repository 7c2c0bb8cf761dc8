"""What happens to files by themselves: late virus checks, and the end of what nobody needs."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, not_, or_, select, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import StoredFile
from marketplace.models.files import INFECTED, PENDING
from marketplace.services.inbox import inbox
from marketplace.services.uploads import slots
from marketplace.services.uploads.scanner import Scanner
from marketplace.storage import Storage

ORPHAN_HOURS = 24
BATCH = 20
VISITOR_DRAFTS = timedelta(days=1)
"""How long what a visitor uploaded and never sent is kept."""


def scan_waiting(database: Database, storage: Storage, scanner: Scanner) -> int:
    """Ask the scanner about files it could not be asked about before; answers how many it saw."""
    with database.reading() as session:
        waiting = session.scalars(
            select(StoredFile.sha256).where(StoredFile.scan == PENDING).distinct().limit(BATCH)
        ).all()
    seen = 0
    for sha256 in waiting:
        path = storage.path(sha256)
        said = scanner.scan(path)
        if said == PENDING:
            break  # it is still away: the others would wait in vain as well
        if said == INFECTED:
            storage.set_aside(path)
        database.run(lambda session, sha=sha256, said=said: _note(session, sha, said))  # type: ignore[misc]
        seen += 1
    return seen


def _note(session: Session, sha256: str, said: str) -> None:
    rows = update(StoredFile).where(StoredFile.sha256 == sha256)
    if said != INFECTED:
        rows = rows.where(StoredFile.scan == PENDING)
    marked = session.execute(
        rows.values(scan=said).returning(
            StoredFile.id, StoredFile.name, StoredFile.uploaded_by, StoredFile.organisation_id
        )
    ).all()
    for id_, name, user_id, organisation_id in marked:
        if said == INFECTED and user_id is not None:
            reader = [inbox.Reader(user_id, organisation_id)]
            facts = {"file": name}
            inbox.notify(
                session, "file_infected", reader, cause=f"file:{id_}", voice="reader", facts=facts
            )


@dataclass(frozen=True)
class Unneeded:
    """What a sweep would remove: forgotten drafts, files that no row names, and their bytes."""

    drafts: int
    files: int
    size: int


def unneeded(database: Database, storage: Storage, *, hours: int = ORPHAN_HOURS) -> Unneeded:
    """What a sweep would remove now. Writes nothing."""
    with database.reading() as session:
        drafts = session.scalar(select(func.count()).select_from(StoredFile).where(_forgotten()))
        named = set(session.scalars(select(StoredFile.sha256).where(not_(_forgotten()))))
    found = storage.orphans(named, before=_before(hours))
    return Unneeded(drafts or 0, len(found), sum(path.stat().st_size for path in found))


def sweep(database: Database, storage: Storage, *, hours: int = ORPHAN_HOURS) -> int:
    """Forget drafts that were never sent, and bytes that no row names; answers how many.

    What was put in within ``hours`` stays: its row may be on its way.
    """
    with database.unit_of_work() as session:
        done = session.execute(delete(StoredFile).where(_forgotten()))
    with database.reading() as session:
        named = set(session.scalars(select(StoredFile.sha256).distinct()))
    return int(getattr(done, "rowcount", 0)) + storage.sweep(named, before=_before(hours))


def _forgotten() -> ColumnElement[bool]:
    old = clock.now() - timedelta(days=slots.rules().keep_draft_days)
    visitors = and_(
        StoredFile.uploaded_by.is_(None),
        StoredFile.purpose.in_(
            [slot.name for slot in slots.rules().slots.values() if slot.visitors]
        ),
        StoredFile.uploaded_at < clock.now() - VISITOR_DRAFTS,
    )
    return and_(StoredFile.subject_id.is_(None), or_(StoredFile.uploaded_at < old, visitors))


def _before(hours: int) -> float:
    return (clock.now() - timedelta(hours=hours)).timestamp()
