"""What happens to files by themselves: late virus checks, and the end of what nobody needs."""

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import StoredFile
from marketplace.models.files import INFECTED, PENDING
from marketplace.services.uploads import slots
from marketplace.services.uploads.scanner import Scanner
from marketplace.storage import Storage

ORPHAN_HOURS = 24
BATCH = 20


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
    session.execute(rows.values(scan=said))


def sweep(database: Database, storage: Storage) -> int:
    """Forget drafts that were never sent, and bytes that no row names; answers how many.

    What was put in within a day stays: its row may be on its way.
    """
    now = clock.now()
    old = now - timedelta(days=slots.rules().keep_draft_days)
    with database.unit_of_work() as session:
        done = session.execute(
            delete(StoredFile).where(StoredFile.subject_id.is_(None), StoredFile.uploaded_at < old)
        )
    with database.reading() as session:
        named = set(session.scalars(select(StoredFile.sha256).distinct()))
    before = (now - timedelta(hours=ORPHAN_HOURS)).timestamp()
    return int(getattr(done, "rowcount", 0)) + storage.sweep(named, before=before)
