"""Daily digests of the history: the head of the chain, signed, stored, written out and published.

The chain alone cannot show that its tail was cut off, nor that all of it was written anew. Whoever
kept a digest can: its link must still stand in the chain. Copies lie in the table, in a folder
beside the database, and with everybody who took one from the public page.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Signer, signed
from marketplace.db import Database
from marketplace.errors import Invalid
from marketplace.models import AuditDigest, SecurityEvent
from marketplace.services.audit import seals
from marketplace.services.audit.seals import Fault, Flaw, Head, Verdict

CHECKED = "audit_verify"
"""The kind of security record that says how a check ended."""


@dataclass(frozen=True)
class Published:
    """A digest as it leaves the house: its fields as JSON, ``day`` as YYYY-MM-DD."""

    day: str
    seq: int
    head: str
    prev: str
    digest: str
    public_key: str
    signature: str


def published(row: AuditDigest) -> Published:
    """A stored digest as others get it."""
    return Published(
        row.day.isoformat(), row.seq, row.head, row.prev, row.digest, row.public_key, row.signature
    )


def text_of(day: str, seq: int, head: str, prev: str) -> str:
    """What is hashed: four lines."""
    return f"{prev}\n{day}\n{seq}\n{head}"


def make(session: Session, signer: Signer, day: date) -> AuditDigest | None:
    """Write the digest of a day that is over; None when it, or a later one, is there already."""
    newest = session.scalars(select(AuditDigest).order_by(AuditDigest.day.desc())).first()
    if newest is not None and newest.day >= day:
        return None
    stand, prev = seals.head(session), newest.digest if newest else seals.START
    text = text_of(day.isoformat(), stand.seq, stand.hash, prev)
    digest = hashlib.sha256(text.encode()).hexdigest()
    row = AuditDigest(
        day=day, seq=stand.seq, head=stand.hash, prev=prev, digest=digest,
        public_key=signer.public_keys[0], signature=signer.sign(digest),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def daily(database: Database, signer: Signer, folder: Path) -> int:
    """The worker's step after midnight: seal what is left, publish, check everything; 1 if made.

    The check is noted as a security record, so that auditors see it without running it.
    """
    yesterday = clock.today() - timedelta(days=1)
    with database.reading() as session:
        newest = session.scalar(select(AuditDigest.day).order_by(AuditDigest.day.desc()).limit(1))
    if newest is not None and newest >= yesterday:
        return 0
    while database.run(seals.seal):
        pass
    row = database.run(lambda session: make(session, signer, yesterday))
    if row is None:
        return 0
    write_out(folder, published(row))
    with database.reading() as session:
        verdict = verify(session, signer.public_keys, read_out(folder))
    database.run(lambda session: _note(session, verdict))
    return 1


def _note(session: Session, verdict: Verdict) -> None:
    fault = verdict.fault
    detail: dict[str, Any] = {"checked": verdict.checked, "head": verdict.head}
    if fault:
        detail |= {"flaw": fault.text, "event_id": fault.event_id}
    result = "failed" if fault else "ok"
    session.add(SecurityEvent(kind=CHECKED, result=result, object="events", detail=detail))


def verify(
    session: Session,
    public_keys: Sequence[str],
    kept: Sequence[Published] = (),
    after: Head | None = None,
) -> Verdict:
    """The chain, the digests in the table, and digests that were ``kept`` elsewhere.

    ``after``: a link taken as right, to check only what follows it.
    """
    verdict = seals.verify(session, after)
    if verdict.fault:
        return verdict
    rows = [
        published(row) for row in session.scalars(select(AuditDigest).order_by(AuditDigest.day))
    ]
    fault = _stored(rows, public_keys) or _outside(rows, kept) or _standing(session, rows, kept)
    return replace(verdict, fault=fault)


def _stored(rows: Sequence[Published], public_keys: Sequence[str]) -> Fault | None:
    prev = seals.START
    for row in rows:
        text = text_of(row.day, row.seq, row.head, prev)
        right = row.prev == prev and row.digest == hashlib.sha256(text.encode()).hexdigest()
        if not right:
            return Fault(Flaw.DIGEST, row.seq, detail=row.day)
        if not signed(row.digest, row.signature, row.public_key):
            return Fault(Flaw.DIGEST, row.seq, detail=f"{row.day} 签名不符")
        prev = row.digest
    # A former key may be forgotten: the newest digest vouches for all before it.
    if rows and rows[-1].public_key not in public_keys:
        return Fault(Flaw.DIGEST, rows[-1].seq, detail=f"{rows[-1].day} 不是本系统的签名")
    return None


def _outside(rows: Sequence[Published], kept: Sequence[Published]) -> Fault | None:
    known = {row.day: row for row in rows}
    for item in sorted(kept, key=lambda item: item.day):
        if known.get(item.day) != item:
            return Fault(Flaw.DIGEST, item.seq, detail=f"{item.day} 与留存的摘要不同")
    return None


def _standing(
    session: Session, rows: Sequence[Published], kept: Sequence[Published]
) -> Fault | None:
    """Whether every link that a digest names still stands in the chain."""
    last = seals.head(session).seq
    every = sorted([*rows, *kept], key=lambda item: item.seq)
    found = seals.links(session, [item.seq for item in every if item.seq <= last])
    for item in every:
        if item.seq > last:
            return Fault(Flaw.CUT, last + 1, detail=f"{item.day} 的摘要记到第 {item.seq} 条")
        if found.get(item.seq) != item.head:
            return Fault(Flaw.DIGEST, item.seq, detail=f"{item.day} 公布后链被重写")
    return None


def folder_of(data_dir: Path, database_url: str) -> Path:
    """Where digests of this database are kept: two databases of one machine never mix."""
    return data_dir / "audit-digests" / hashlib.sha256(database_url.encode()).hexdigest()[:12]


def write_out(folder: Path, item: Published) -> None:
    """Keep a digest as a file of its own, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{item.day}.json"
    aside = target.with_suffix(".new")
    with aside.open("w") as file:
        json.dump(asdict(item), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(target)


def read_out(folder: Path) -> list[Published]:
    """The digests of a folder, in order of their days. Raises Invalid."""
    return [item for path in sorted(folder.glob("*.json")) for item in parse(path.read_text())]


def parse(text: str) -> list[Published]:
    """One digest, or the list that the public page gives. Raises Invalid."""
    try:
        data = json.loads(text)
        items = data.get("digests", [data])
        return [Published(**{name: item[name] for name in _FIELDS}) for item in items]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid("不是本系统公布的日摘要") from error


_FIELDS = tuple(Published.__dataclass_fields__)
