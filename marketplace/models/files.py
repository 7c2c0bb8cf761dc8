"""Stored files: the bytes lie in storage under their hash, the row says what they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import made_now, one_of

NOT_SCANNED, PENDING, CLEAN, INFECTED = "off", "pending", "clean", "infected"
SCANS = (NOT_SCANNED, PENDING, CLEAN, INFECTED)
"""What a virus scanner said: none was set up, not reached yet, nothing found, something found."""


class StoredFile(Base):
    """A file somebody put in. ``sha256`` names the bytes in storage.

    Without a subject it is a draft: it belongs to who put it in, acting for ``organisation_id``,
    until a form takes it over. A row is never overwritten: a newer version is a row of its own
    that names the first one in ``version_of``, and the older one is ``superseded_at``. A removed
    file is superseded by nothing.
    """

    __tablename__ = "stored_files"
    __table_args__ = (
        CheckConstraint("size > 0", name="size_positive"),
        CheckConstraint("version > 0", name="version_positive"),
        one_of("scan", SCANS),
        Index("uq_stored_files_version", "version_of", "version", unique=True),
        Index("ix_stored_files_subject", "subject_type", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(40))
    subject_type: Mapped[str] = mapped_column(String(40), default="")
    subject_id: Mapped[int | None]
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    scan: Mapped[str] = mapped_column(String(10), default=NOT_SCANNED)
    version: Mapped[int] = mapped_column(default=1)
    version_of: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    alt: Mapped[str] = mapped_column(String(200), default="")
    """What a picture shows, for those who do not see it."""
