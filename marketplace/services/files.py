"""Rows of stored files, and who may read which."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import NotFound
from marketplace.models import StoredFile
from marketplace.permissions import Actor, Permission, can
from marketplace.storage import Kept

QUOTA_DOCUMENT = "quota_document"

READERS: dict[str, Permission] = {QUOTA_DOCUMENT: Permission.POOL_READ}
"""Which permission opens a file, by its purpose."""


def add(session: Session, actor: Actor, kept: Kept, purpose: str, subject: Any) -> StoredFile:
    """The row of a file that lies in storage already; ``subject`` is a flushed row."""
    row = StoredFile(
        sha256=kept.sha256,
        name=kept.name,
        media_type=kept.media_type,
        size=kept.size,
        purpose=purpose,
        subject_type=subject.__tablename__,
        subject_id=subject.id,
        uploaded_by=actor.user_id,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, actor: Actor, file_id: int) -> StoredFile:
    """A file the actor may read; anything else does not exist for them (NotFound)."""
    row = session.get(StoredFile, file_id)
    if row is None or row.purpose not in READERS or not can(actor, READERS[row.purpose]):
        raise NotFound
    return row


def of(session: Session, subject: Any) -> Sequence[StoredFile]:
    """The files of a row, newest first."""
    return session.scalars(
        select(StoredFile)
        .where(
            StoredFile.subject_type == subject.__tablename__, StoredFile.subject_id == subject.id
        )
        .order_by(StoredFile.id.desc())
    ).all()
