"""What was typed and not sent yet: drafts kept while typing, and forms cut off by a lost session.

Contents are sealed: forms hold phone numbers and prices before anybody decided what to keep.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import made_now

UNPLACED = text("organisation_id IS NULL")
"""NULLs are never equal: those who act for nobody yet need an index of their own."""


class FormDraft(Base):
    """The state of one form of one user for one organisation, or for none yet.

    ``version`` counts its saves. ``rivals_encrypted`` keeps what another window had typed when it
    came too late; ``base_version`` is the version of the edited row that the typing began with.
    """

    __tablename__ = "form_drafts"
    __table_args__ = (
        UniqueConstraint("user_id", "organisation_id", "key"),
        Index(
            "uq_form_drafts_unplaced", "user_id", "key", unique=True,
            sqlite_where=UNPLACED, postgresql_where=UNPLACED,
        ),
        CheckConstraint("version > 0", name="version_positive"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    key: Mapped[str] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(default=1)
    base_version: Mapped[int | None]
    data_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    rivals_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now, index=True)

    __mapper_args__ = {"version_id_col": version}


class HeldForm(Base):
    """A form that arrived after its session had ended; its sender can send it after login."""

    __tablename__ = "held_forms"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("role_grants.id"))
    path: Mapped[str] = mapped_column(String(400))
    data_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
