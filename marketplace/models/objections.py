"""Objections (异议) to entries of a public notice, filed with or without a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.providers import Provider
from marketplace.models.public_notices import NoticeEntry, PublicNotice
from marketplace.phases import ObjectionPhase


class Objection(Timestamps, Base):
    """One objection. Who filed it holds a receipt code, of which ``receipt_hash`` is the SHA-256.

    An ``anonymous`` one is a lead (线索): it holds nothing up. Name and phone of the others are
    sealed in ``contact_encrypted``; ``contact_masked`` is what lists show. ``question`` is what
    the bureau asks the provider, who never sees ``facts`` nor the contact; ``reply_by`` is the
    exclusive instant by which the provider answers.
    """

    __tablename__ = "objections"
    __table_args__ = (
        one_of("phase", ObjectionPhase),
        CheckConstraint(
            "(contact_encrypted IS NULL OR NOT anonymous)"
            " AND (contact_encrypted IS NOT NULL OR anonymous OR decided_at IS NOT NULL)",
            name="named_or_not",
        ),
        CheckConstraint("phase NOT IN ('lead', 'noted') OR anonymous", name="leads_are_anonymous"),
        CheckConstraint(
            "(phase IN ('upheld', 'rejected', 'refused', 'noted')) = (decided_at IS NOT NULL)",
            name="decided_dated",
        ),
        CheckConstraint("phase <> 'replying' OR asked_at IS NOT NULL", name="asked_dated"),
        CheckConstraint("(asked_at IS NULL) = (reply_by IS NULL)", name="asked_until"),
        CheckConstraint("(reply = '') = (replied_at IS NULL)", name="replied_dated"),
        Index("ix_objections_phase", "phase", "filed_at"),
        Index("ix_objections_notice", "notice_id", "phase"),
        Index("ix_objections_entry", "entry_id", "phase"),
        Index("ix_objections_provider", "provider_id", "phase"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("public_notices.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("notice_entries.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    receipt_hash: Mapped[str] = mapped_column(String(64), unique=True)
    anonymous: Mapped[bool]
    contact_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_masked: Mapped[str] = mapped_column(String(80), default="")
    facts: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    question: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str] = mapped_column(Text, default="")
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str] = mapped_column(Text, default="")
    """Why it was decided as it was; told to who filed it and to the provider."""
    document_no: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    notice: Mapped[PublicNotice] = relationship(lazy="raise")
    entry: Mapped[NoticeEntry] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
