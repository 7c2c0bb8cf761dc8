"""The hash chain over events, sealed afterwards by the worker (house.md §9).

Sealing inside the business transaction would serialise all writers; here events that committed
late are simply sealed later, in sealing order.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Result, func, or_, select
from sqlalchemy.orm import Session

from marketplace.models import Event, EventSeal

START = "0" * 64
BATCH = 1000
LATE = timedelta(days=1)
"""No transaction stays open for a day: nothing that commits late is older than that."""

_COLUMNS = tuple(Event.__table__.columns)
_NAMES = tuple(column.key for column in _COLUMNS)
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def digest(event: Event, prev: str) -> str:
    """SHA-256 of the previous link and every column of the event."""
    return _digest({name: getattr(event, name) for name in _NAMES}, prev)


def _digest(columns: dict[str, Any], prev: str) -> str:
    columns["at"] = columns["at"].isoformat()
    return hashlib.sha256(f"{prev}\n{_ENCODER.encode(columns)}".encode()).hexdigest()


@dataclass(frozen=True)
class Head:
    """The newest link: its number (0 = no link yet) and its hash."""

    seq: int = 0
    hash: str = START


def head(session: Session) -> Head:
    """Where the chain stands."""
    columns = select(EventSeal.seq, EventSeal.hash).order_by(EventSeal.seq.desc()).limit(1)
    row = session.execute(columns).one_or_none()
    return Head(row.seq, row.hash) if row else Head()


def seal(session: Session, limit: int = BATCH) -> int:
    """Append links for committed events that have none; answers how many."""
    last = head(session)
    seq, prev = last.seq, last.hash
    fresh = select(Event).where(~_sealed(), _open(session)).order_by(Event.id).limit(limit)
    events = session.scalars(fresh).all()
    for event in events:
        seq, link = seq + 1, digest(event, prev)
        session.add(EventSeal(seq=seq, event_id=event.id, prev=prev, hash=link))
        prev = link
    return len(events)


def _sealed() -> ColumnElement[bool]:
    return select(EventSeal.seq).where(EventSeal.event_id == Event.id).exists()


def _open(session: Session) -> ColumnElement[bool]:
    """Which events may still be sealed: newer ones, and those that a slow transaction brought."""
    newest = select(func.max(EventSeal.event_id)).scalar_subquery()
    at = session.scalar(select(Event.at).where(Event.id == newest))
    if at is None:
        return Event.id > func.coalesce(newest, 0)
    return or_(Event.id > newest, Event.at >= at - LATE)


class Flaw(StrEnum):
    """What can be wrong with the chain."""

    EDITED = "edited"
    DELETED = "deleted"
    REORDERED = "reordered"
    CUT = "cut"
    SLIPPED_IN = "slipped_in"
    DIGEST = "digest"


FLAWS: dict[Flaw, str] = {
    Flaw.EDITED: "内容与封存时不一致",
    Flaw.DELETED: "操作记录或封存记录缺失",
    Flaw.REORDERED: "与前一条封存记录接不上，次序被改动",
    Flaw.CUT: "末尾的封存记录缺失",
    Flaw.SLIPPED_IN: "不在封存范围内的旧记录，可能是事后插入",
    Flaw.DIGEST: "已公布的日摘要缺失或被改动",
}


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong: number of the link, id of the event where one is known."""

    flaw: Flaw
    seq: int | None = None
    event_id: int | None = None
    detail: str = ""

    @property
    def text(self) -> str:
        """For people: where, and what."""
        place = [f"第 {self.seq} 条封存记录"] if self.seq is not None else []
        place += [f"操作记录 {self.event_id}"] if self.event_id is not None else []
        return "，".join([*place, FLAWS[self.flaw]]) + (f"（{self.detail}）" if self.detail else "")


@dataclass(frozen=True)
class Verdict:
    """The result of a check: links read, events not sealed yet, newest good link, first fault."""

    checked: int
    unsealed: int
    head: str
    fault: Fault | None = None

    @property
    def broken_seq(self) -> int | None:
        """Number of the first broken link."""
        return self.fault.seq if self.fault else None


def verify(session: Session, after: Head | None = None) -> Verdict:
    """Walk the chain from its start, or from a link that is taken as right.

    Finds any edit, deletion or reordering of sealed events, and old events that were slipped in.
    A cut of the tail shows only against published digests (``audit_digests.verify``).
    """
    last = after or Head()
    seq, prev = last.seq, last.hash
    with _links(session, seq) as rows:
        for row in rows:
            fault = _fault(row, seq + 1, prev)
            if fault:
                return Verdict(seq - last.seq, _unsealed(session), prev, fault)
            seq, prev = row[0], row[2]
    return Verdict(seq - last.seq, _unsealed(session), prev, _slipped_in(session))


def _fault(row: Sequence[Any], expected: int, prev: str) -> Fault | None:
    seq, before, link, event_id, id_ = row[:5]
    if seq != expected:
        return Fault(Flaw.DELETED, expected)
    if before != prev:
        return Fault(Flaw.REORDERED, seq, event_id)
    if id_ is None:
        return Fault(Flaw.DELETED, seq, event_id)
    if _digest(dict(zip(_NAMES, row[4:], strict=True)), prev) != link:
        return Fault(Flaw.EDITED, seq, event_id)
    return None


def _links(session: Session, after: int) -> Result[*tuple[Any, ...]]:
    # Plain columns: rows as objects would take three times as long.
    statement = (
        select(EventSeal.seq, EventSeal.prev, EventSeal.hash, EventSeal.event_id, *_COLUMNS)
        .outerjoin(Event, Event.id == EventSeal.event_id)
        .where(EventSeal.seq > after)
        .order_by(EventSeal.seq)
        .execution_options(yield_per=BATCH)
    )
    return session.execute(statement)


def _slipped_in(session: Session) -> Fault | None:
    """An event that stands among sealed ones and is too old to be sealed any more."""
    statement = select(func.min(Event.id)).where(~_sealed(), ~_open(session))
    found = session.scalar(statement)
    return Fault(Flaw.SLIPPED_IN, event_id=found) if found is not None else None


def _unsealed(session: Session) -> int:
    events = session.scalar(select(func.count()).select_from(Event)) or 0
    seals = session.scalar(select(func.count()).select_from(EventSeal)) or 0
    return max(0, events - seals)


def links(session: Session, seqs: list[int]) -> Mapping[int, str]:
    """The hashes of some links by number; those that are missing are left out."""
    rows = session.execute(select(EventSeal).where(EventSeal.seq.in_(seqs))).scalars()
    return {0: START, **{row.seq: row.hash for row in rows}}
