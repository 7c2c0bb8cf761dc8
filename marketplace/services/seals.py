"""The hash chain over events, sealed afterwards by the worker (house.md §9).

Sealing inside the business transaction would serialise all writers; here events that committed
late are simply sealed later, in sealing order.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.models import Event, EventSeal

START = "0" * 64
BATCH = 1000


def digest(event: Event, prev: str) -> str:
    """SHA-256 of the previous link and every column of the event."""
    columns = {column.key: getattr(event, column.key) for column in Event.__table__.columns}
    columns["at"] = event.at.isoformat()
    text = json.dumps(columns, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{prev}\n{text}".encode()).hexdigest()


def seal(session: Session, limit: int = BATCH) -> int:
    """Append links for committed events that have none; answers how many."""
    last = session.execute(
        select(EventSeal.seq, EventSeal.hash, Event.at)
        .join(Event, Event.id == EventSeal.event_id)
        .order_by(EventSeal.seq.desc())
        .limit(1)
    ).first()
    seq, prev = (last.seq, last.hash) if last else (0, START)
    sealed = select(EventSeal.seq).where(EventSeal.event_id == Event.id).exists()
    fresh = select(Event).where(~sealed).order_by(Event.id).limit(limit)
    if last:
        # No transaction stays open for a day: nothing unsealed is older than that.
        fresh = fresh.where(Event.at >= last.at - timedelta(days=1))
    events = session.scalars(fresh).all()
    for event in events:
        seq, link = seq + 1, digest(event, prev)
        session.add(EventSeal(seq=seq, event_id=event.id, prev=prev, hash=link))
        prev = link
    return len(events)


@dataclass(frozen=True)
class Verdict:
    """The result of a check: the first broken link, if any, and what is not sealed yet."""

    checked: int
    unsealed: int
    broken_seq: int | None
    head: str


def verify(session: Session) -> Verdict:
    """Walk the chain; finds any edit, deletion or reordering of sealed events."""
    prev, checked = START, 0
    for seal_row, event in _links(session):
        checked += 1
        wrong_place = seal_row.seq != checked or seal_row.prev != prev
        if wrong_place or event is None or digest(event, prev) != seal_row.hash:
            return Verdict(checked, _unsealed(session), seal_row.seq, prev)
        prev = seal_row.hash
    return Verdict(checked, _unsealed(session), None, prev)


def _links(session: Session) -> Iterator[Any]:
    statement = (
        select(EventSeal, Event)
        .outerjoin(Event, Event.id == EventSeal.event_id)
        .order_by(EventSeal.seq)
        .execution_options(yield_per=BATCH)
    )
    yield from session.execute(statement)


def _unsealed(session: Session) -> int:
    events = session.scalar(select(func.count()).select_from(Event)) or 0
    seals = session.scalar(select(func.count()).select_from(EventSeal)) or 0
    return events - seals
