"""What makes the past checkable: daily digests of the history, and texts that were pinned."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import made_now


class AuditDigest(Base):
    """Where the hash chain stood when a day was over, published for anybody to keep.

    ``seq`` and ``head`` are the newest link of the chain then. ``digest`` is the SHA-256 of
    the previous digest, day, seq and head; ``signature`` is Ed25519 over it. Rows are never
    changed or deleted: triggers on both engines refuse it.
    """

    __tablename__ = "audit_digests"
    __table_args__ = (CheckConstraint("seq >= 0", name="seq_positive"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    """The Beijing day that was over."""
    seq: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    prev: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)


class ProgrammeText(Base):
    """One text of a programme by its hash, kept for good once a round has pinned it.

    Rows are never changed or deleted: triggers on both engines refuse it.
    """

    __tablename__ = "programme_texts"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    programme_id: Mapped[str] = mapped_column(String(60))
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
