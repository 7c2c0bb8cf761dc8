"""Public notices (公示): lists shown for a number of working days, and their corrections."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.rounds import Round
from marketplace.phases import LIVE_ENTRIES, EntryPhase, NoticePhase

_LIVE = "phase IN (" + ", ".join(f"'{phase}'" for phase in LIVE_ENTRIES) + ")"


class PublicNotice(Timestamps, Base):
    """One public notice. ``kind`` names what its end brings about (``services.public_notices``).

    ``body`` is a list of ``{heading, text}``. With publication the window is fixed: ``starts_on``
    and ``ends_on`` are its first and last day, ``ends_at`` the exclusive instant of its end,
    ``days`` every day counted, as ``{day, working, label, number}``, and ``calendar`` the years
    counted with, as ``{year, official, source, sha256}``. ``working_days`` is the length that the
    programme orders, with ``extra_days`` the bureau added.
    """

    __tablename__ = "public_notices"
    __table_args__ = (
        one_of("phase", NoticePhase),
        CheckConstraint(
            "(phase IN ('draft', 'discarded')) = (published_at IS NULL)", name="published_dated"
        ),
        CheckConstraint(
            "published_at IS NULL OR (starts_on IS NOT NULL AND ends_on IS NOT NULL"
            " AND ends_at IS NOT NULL AND working_days IS NOT NULL AND document_no <> '')",
            name="window_fixed",
        ),
        CheckConstraint("ends_on >= starts_on", name="window_order"),
        CheckConstraint("working_days > 0 AND extra_days >= 0", name="days_positive"),
        CheckConstraint("(phase = 'finished') = (finished_at IS NOT NULL)", name="finished_dated"),
        Index("ix_public_notices_phase", "phase", "ends_at"),
        Index("ix_public_notices_published", "published_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    document_no: Mapped[str] = mapped_column(String(60), default="")
    body: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    working_days: Mapped[int | None]
    extra_days: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    days: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    calendar: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    round: Mapped[Round] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class NoticeEntry(Timestamps, Base):
    """One line of a notice: what it is about, in the words of the day it was put there.

    ``subject_type`` and ``subject_id`` name the row (a candidacy, a membership); it stands on at
    most one notice at a time. ``membership_id`` is the place concerned, once there is one.
    """

    __tablename__ = "notice_entries"
    __table_args__ = (
        one_of("phase", EntryPhase),
        UniqueConstraint("notice_id", "subject_type", "subject_id"),
        CheckConstraint("seq > 0", name="seq_positive"),
        Index(
            "uq_notice_entries_live", "subject_type", "subject_id", unique=True,
            sqlite_where=text(_LIVE), postgresql_where=text(_LIVE),
        ),
        Index("ix_notice_entries_notice", "notice_id", "seq"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("public_notices.id"))
    seq: Mapped[int]
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(20), default="")
    segment: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    """What the public reads beside the name, e.g. the ground of a removal."""
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    notice: Mapped[PublicNotice] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class NoticeErratum(Base):
    """A correction of a published notice, shown with it for ever; rows are only added."""

    __tablename__ = "notice_errata"
    __table_args__ = (UniqueConstraint("notice_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("public_notices.id"))
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    subject: Mapped[str] = mapped_column(String(20))
    """What was corrected: ``list``, ``window``, ``text``."""
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
