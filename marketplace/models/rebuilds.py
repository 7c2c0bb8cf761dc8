"""Rebuilds of the search index: asked for by people, done by a process of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.phases import RebuildPhase

UNFINISHED = "phase IN ('waiting', 'running')"


class IndexRebuild(Timestamps, Base):
    """One rebuild and what became of it. At most one is ``live``: true while unfinished, else NULL.

    ``holder`` is the process at work; it renews ``beat_at``, and who finds that old takes over.
    ``done`` of ``total`` counts documents of the present ``stage``.
    """

    __tablename__ = "index_rebuilds"
    __table_args__ = (
        one_of("phase", RebuildPhase),
        CheckConstraint(f"(live IS NULL) <> ({UNFINISHED}) AND live IS NOT FALSE", name="one_live"),
        CheckConstraint(f"(finished_at IS NULL) = ({UNFINISHED})", name="finished"),
        UniqueConstraint("live"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    phase: Mapped[str] = mapped_column(String(20), default=RebuildPhase.WAITING.value)
    live: Mapped[bool | None] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(String(200), default="")
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    holder: Mapped[str] = mapped_column(String(120), default="")
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(String(20), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    documents: Mapped[int] = mapped_column(default=0)
    caught_up: Mapped[int] = mapped_column(default=0)
    generation: Mapped[str] = mapped_column(String(120), default="")
    error: Mapped[str] = mapped_column(Text, default="")
