"""Work that leaves the transaction: index jobs, mails, notices; and the lease of the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import made_now


class OutboxItem(Base):
    """A row to be worked off; taken by existence, removed when the effect is confirmed."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "kind", "parked_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(120))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    attempts: Mapped[int] = mapped_column(default=0)
    parked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")


class Lease(Base):
    """Who may do a job alone, and until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
