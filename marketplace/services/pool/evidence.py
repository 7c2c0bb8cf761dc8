"""The evidence package of a membership: one ZIP with a manifest that hashes every file in it.

It holds the story, the rows it rests on, the texts of the programme that were in force, letters,
files, the seals of the events and the published digests: enough to check it years later without
this system. Telephone numbers are masked unless somebody opens them for a reason.
"""

import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

from sqlalchemy import LargeBinary, Table, and_, or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.db import Base
from marketplace.errors import Invalid
from marketplace.history import record
from marketplace.models import AuditDigest, Event, EventSeal, IssuedLetter, StoredFile
from marketplace.models.files import INFECTED, PENDING
from marketplace.permissions import Actor, Permission, require
from marketplace.programmes.snapshot import to_snapshot
from marketplace.services.audit import audit_digests
from marketplace.services.audit.why import Step, Story
from marketplace.services.audit.why_sources import facts, registry, rows_of
from marketplace.services.files import files
from marketplace.services.pool import contacts
from marketplace.services.profiles import catalogue
from marketplace.storage import Storage

MANIFEST = "manifest.json"
FORMAT = 1
IN_MEMORY = 2**24
# Hashes are hexadecimal: a run of digits inside one is no number.
NUMBER = re.compile(r"(?<![0-9a-f])(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})(?![0-9a-f])")
SECRETS = ("_hash", "_encrypted", "_sealed", "token")
"""Ends of names of columns that never leave."""
LONGEST_REASON = 200

Mask = Callable[[str], str]


@dataclass(frozen=True)
class Entry:
    """A file of the package: its name, what it is, and its bytes (or where they lie)."""

    name: str
    about: str
    content: bytes | StoredFile


def masked(text: str) -> str:
    """The text with every telephone number in it masked."""
    return NUMBER.sub(lambda found: catalogue.masked(found.group()), text)


def open_numbers(session: Session, actor: Actor, story: Story, reason: str) -> None:
    """Note that a package with full numbers is taken. Raises Forbidden, Invalid (``reason``)."""
    require(actor, Permission.EVIDENCE_FULL_EXPORT)
    if not 4 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid(fields={"reason": ["请写明查看完整号码的原因，4至200字"]})
    record(session, actor, "evidence_unmask", story.membership, why={"reason": reason.strip()})


def build(
    session: Session,
    actor: Actor,
    story: Story,
    *,
    storage: Storage,
    pages: Iterable[Entry] = (),
    cipher: Cipher | None = None,
) -> IO[bytes]:
    """The ZIP from its beginning. ``pages`` are further files, such as the story as a page.

    ``cipher`` opens the provider's number and leaves all others as they are; without it every
    number is masked.
    """
    require(actor, Permission.EVIDENCE_EXPORT)
    out = tempfile.TemporaryFile()  # noqa: SIM115  handed on, closed by the answer
    try:
        _write(
            out, storage, [*pages, *_entries(session, actor, story, cipher)], _about(story, actor)
        )
    except BaseException:
        out.close()
        raise
    size = out.tell()
    out.seek(0)
    if size > IN_MEMORY:
        return out
    with out:
        return io.BytesIO(out.read())


def _about(story: Story, actor: Actor) -> dict[str, Any]:
    membership = story.membership
    return {
        "format": FORMAT,
        "membership": membership.id,
        "provider": membership.provider.organisation.name,
        "uscc": membership.provider.organisation.uscc,
        "round": membership.round.label,
        "made_at": clock.beijing(clock.now()).isoformat(timespec="seconds"),
        "made_by": actor.name,
        "steps": len(story.steps),
    }


def _write(
    out: IO[bytes], storage: Storage, entries: Sequence[Entry], about: dict[str, Any]
) -> None:
    listed = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            digest, size = hashlib.sha256(), 0
            with archive.open(zipfile.ZipInfo(entry.name, _now()), "w", force_zip64=True) as target:
                for chunk in _chunks(storage, entry.content):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
            listed.append(
                {"name": entry.name, "size": size, "sha256": digest.hexdigest(),
                 "about": entry.about}
            )  # fmt: skip
        archive.writestr(MANIFEST, _json({**about, "files": listed}))


def _now() -> tuple[int, int, int, int, int, int]:
    at = clock.beijing(clock.now())
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)


def _chunks(storage: Storage, content: bytes | StoredFile) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with storage.open(content.sha256) as source:
        while chunk := source.read(2**20):
            yield chunk


def _entries(
    session: Session, actor: Actor, story: Story, cipher: Cipher | None
) -> Iterator[Entry]:
    mask: Mask = masked if cipher is None else str
    seals = _seals(session, story)
    steps = [_step(step, seals.get(step.event.id)) for step in story.steps]
    yield Entry("timeline.json", "每一步：操作记录、依据、期限和封存", _json(_clean(steps, mask)))
    yield Entry("contact.json", "服务商的联系方式", _json(_contact(story, cipher)))
    texts = {step.version: step.programme for step in story.steps if step.programme}
    for version, programme in texts.items():
        name = f"programme-{version[:12]}.json"
        yield Entry(name, f"方案文本，校验值 {version}", _json(to_snapshot(programme)))
    known = facts(session, story.membership)
    found: dict[str, list[int]] = {}
    for noun in registry().nouns.values():
        table = Base.metadata.tables[noun.name]
        rows = session.execute(
            select(*_columns(table))
            .where(table.c.id.in_(rows_of(noun, known)))
            .order_by(table.c.id)
        ).mappings()
        data = [dict(row) for row in rows]
        if data:
            found[noun.name] = [row["id"] for row in data]
            yield Entry(f"rows/{noun.name}.json", "相关记录", _json(_clean(data, mask)))
    yield from _letters(session, story, mask)
    yield from _files(session, actor, found)
    days = session.scalars(select(AuditDigest).order_by(AuditDigest.day))
    digests = {"digests": [asdict(audit_digests.published(row)) for row in days]}
    yield Entry("digests.json", "已公布的每日摘要", _json(digests))


def _seals(session: Session, story: Story) -> dict[int, EventSeal]:
    ids = [step.event.id for step in story.steps]
    rows = session.scalars(select(EventSeal).where(EventSeal.event_id.in_(ids)))
    return {row.event_id: row for row in rows}


def _step(step: Step, seal: EventSeal | None) -> dict[str, Any]:
    event = {column.key: getattr(step.event, column.key) for column in Event.__table__.columns}
    event["at"] = clock.beijing(step.event.at).isoformat()
    if not step.actor:
        event["actor_name"], event["actor_id"] = "", None
    return {
        "group": step.group,
        "event": event,
        "organisation": step.organisation,
        "programme_version": step.version,
        "rules": [asdict(item) for item in step.rules],
        "seal": {"seq": seal.seq, "prev": seal.prev, "hash": seal.hash} if seal else None,
    }


def _contact(story: Story, cipher: Cipher | None) -> dict[str, Any]:
    provider = story.membership.provider
    sealed = provider.contact_phone_encrypted
    phone = ""
    if sealed is not None and cipher is not None:
        phone = cipher.open(sealed, contacts.place(provider.id))
    return {"role": provider.contact_role, "phone": phone or ("已遮盖" if sealed else "")}


def _columns(table: Table) -> list[Any]:
    return [
        column
        for column in table.c
        if not isinstance(column.type, LargeBinary) and not column.key.endswith(SECRETS)
    ]


def _clean(value: Any, mask: Mask) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {name: _clean(item, mask) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, mask) for item in value]
    return value


def _letters(session: Session, story: Story, mask: Mask) -> Iterator[Entry]:
    ids = [step.event.id for step in story.steps]
    rows = select(IssuedLetter).where(IssuedLetter.event_id.in_(ids)).order_by(IssuedLetter.id)
    for row in session.scalars(rows):
        columns = {column.key: getattr(row, column.key) for column in _columns(_LETTERS)}
        yield Entry(f"letters/{row.id}.json", row.title, _json(_clean(columns, mask)))


_LETTERS = Base.metadata.tables[IssuedLetter.__tablename__]


def _files(session: Session, actor: Actor, found: Mapping[str, list[int]]) -> Iterator[Entry]:
    """Files of the rows, as far as this actor may read them and they are free of viruses."""
    mine = or_(
        *(
            and_(StoredFile.subject_type == table, StoredFile.subject_id.in_(ids))
            for table, ids in found.items()
        )
    )
    rows = session.scalars(select(StoredFile).where(mine).order_by(StoredFile.id)).all()
    for row in rows:
        if row.scan not in (PENDING, INFECTED) and files.may_read(session, actor, row):
            about = f"{row.purpose} {row.subject_type} {row.subject_id}"
            yield Entry(f"files/{row.id}-{row.name}", about, row)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()
