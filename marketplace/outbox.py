"""The queue of effects that leave the transaction (house.md §7).

A listener writes index rows for every changed object that has ``index_keys``; mails and
notices are put in by services. ``drain`` takes rows by existence, lets the handler confirm
the effect, and only then removes them, so a kill at any point loses nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Select, Table, delete, event, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.bulk import among, insert_rows
from marketplace.db import Database
from marketplace.models.outbox import Lease, OutboxItem

INDEX = "index"
MAIL = "mail"
WEBHOOK = "webhook"

BATCH = 500
MOST_KIN = 2000
"""Further rows that a full batch takes with it: a batch must end long before the lease does."""
MAX_ATTEMPTS = 10
FIRST_DELAY_SECONDS = 1
MAX_DELAY_SECONDS = 300
LEASE_SECONDS = 8
LATE_SECONDS = 60
"""Rows that wait longer make an alarm: on the operator page and in the worker's log."""


@dataclass(frozen=True)
class Entry:
    """One queued row as the handler sees it."""

    id: int
    key: str
    payload: dict[str, Any]


Handler = Callable[[Sequence[Entry]], dict[int, str]]
"""Does the effects of some rows; answers ``{row id: error}`` for those that failed."""
Kin = Callable[[Session, Sequence[Entry]], Sequence[str]]
"""Keys that cost little more when they are done together with some rows."""


def put(session: Session, kind: str, key: str, payload: dict[str, Any] | None = None) -> None:
    """Queue one effect in the running transaction."""
    session.add(OutboxItem(kind=kind, key=key, payload=payload or {}))


def put_many(session: Session, kind: str, keys: Sequence[str]) -> None:
    """Queue many effects at once, for bulk work that by-passes the listener."""
    rows = [{"kind": kind, "key": key} for key in keys]
    insert_rows(session, cast("Table", OutboxItem.__table__), rows)


@event.listens_for(Session, "after_flush")
def _queue_index_jobs(session: Session, context: Any) -> None:
    changed = [*session.new, *session.deleted]
    changed += [obj for obj in session.dirty if session.is_modified(obj)]
    keys = {key for obj in changed if hasattr(obj, "index_keys") for key in obj.index_keys()}
    if keys:
        put_many(session, INDEX, sorted(keys))


def take_lease(database: Database, name: str, holder: str) -> bool:
    """Become or stay the only one who does ``name``; a dead holder is replaced after 8 s."""

    def work(session: Session) -> bool:
        now = clock.now()
        until = now + timedelta(seconds=LEASE_SECONDS)
        lease = session.get(Lease, name, with_for_update=True)
        if lease is None:
            session.add(Lease(name=name, holder=holder, until=until))
            return True
        if lease.holder != holder and lease.until > now:
            return False
        lease.holder, lease.until = holder, until
        return True

    try:
        return database.run(work)
    except IntegrityError:  # another one made the very first row just now
        return False


def holder_of(database: Database, name: str) -> str:
    """Who holds a lease, also one that has ended; empty for nobody."""
    with database.reading() as session:
        lease = session.get(Lease, name)
        return lease.holder if lease else ""


def release_lease(database: Database, name: str, holder: str) -> None:
    """Give the lease back, so that a successor need not wait."""
    with database.unit_of_work() as session:
        session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def drain(
    database: Database,
    kind: str,
    handler: Handler,
    limit: int = BATCH,
    kin: Kin | None = None,
) -> int:
    """Work off up to ``limit`` due rows of ``kind``, the longest due first; answers how many were
    taken. While more wait than that, their ``kin`` is done with them wherever it stands in the
    queue.

    The rows are read in one short transaction, the effect happens outside any transaction,
    and a second short one removes what was confirmed: SQLite's write lock is never held long.
    """
    with database.reading() as session:
        # Chosen in the order of the index, constant column and all: a long queue is never sorted.
        first = _due(kind).order_by(OutboxItem.parked_at, OutboxItem.due_at).limit(limit)
        entries = sorted((Entry(*row) for row in session.execute(first)), key=lambda each: each.id)
        if kin is not None and len(entries) == limit:
            related = among(session, OutboxItem.key, kin(session, entries))
            rows = session.execute(_due(kind).where(related).limit(limit + MOST_KIN))
            taken = {entry.id for entry in entries}
            entries += [Entry(*row) for row in rows if row[0] not in taken]
    if not entries:
        return 0
    failed = handler(entries)
    database.run(lambda session: _settle(session, entries, failed))
    return len(entries)


def _due(kind: str) -> Select[tuple[int, str, dict[str, Any]]]:
    return select(OutboxItem.id, OutboxItem.key, OutboxItem.payload).where(
        OutboxItem.kind == kind,
        OutboxItem.parked_at.is_(None),
        OutboxItem.due_at <= clock.now(),
    )


def _settle(session: Session, entries: Sequence[Entry], failed: dict[int, str]) -> None:
    done = [entry.id for entry in entries if entry.id not in failed]
    session.execute(delete(OutboxItem).where(among(session, OutboxItem.id, done)))
    for item in session.scalars(select(OutboxItem).where(OutboxItem.id.in_(failed))):
        item.attempts += 1
        item.error = failed[item.id][:2000]
        delay = min(FIRST_DELAY_SECONDS * 2 ** (item.attempts - 1), MAX_DELAY_SECONDS)
        item.due_at = clock.now() + timedelta(seconds=delay)
        if item.attempts >= MAX_ATTEMPTS:
            item.parked_at = clock.now()


@dataclass(frozen=True)
class QueueStatus:
    """How one kind of queue stands; ages in seconds."""

    waiting: int
    parked: int
    oldest_seconds: float

    @property
    def alarming(self) -> bool:
        """Whether somebody must look: rows wait too long, or have been given up."""
        return self.parked > 0 or self.oldest_seconds > LATE_SECONDS


def status(session: Session, kind: str) -> QueueStatus:
    """Numbers for the operator page."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxItem.created_at)).where(
            OutboxItem.kind == kind, OutboxItem.parked_at.is_(None)
        )
    ).one()
    parked = session.scalar(
        select(func.count()).where(OutboxItem.kind == kind, OutboxItem.parked_at.is_not(None))
    )
    age = (clock.now() - oldest).total_seconds() if waiting else 0.0
    return QueueStatus(waiting, parked or 0, age)


def parked(kind: str) -> Select[OutboxItem]:
    """SELECT of the rows that were given up, the latest first."""
    return (
        select(OutboxItem)
        .where(OutboxItem.kind == kind, OutboxItem.parked_at.is_not(None))
        .order_by(OutboxItem.parked_at.desc(), OutboxItem.id.desc())
    )


def retry_parked(session: Session, kind: str, item_id: int | None = None) -> int:
    """Let parked rows run again, one or all; answers how many. Their error stays to be read."""
    statement = update(OutboxItem).where(OutboxItem.kind == kind, OutboxItem.parked_at.is_not(None))
    if item_id is not None:
        statement = statement.where(OutboxItem.id == item_id)
    # The age counts from now: what waited for a person is not the worker's delay.
    now = clock.now()
    values = {"parked_at": None, "attempts": 0, "due_at": now, "created_at": now}
    result = session.execute(statement.values(values))
    return int(getattr(result, "rowcount", 0))
