"""Rounds (批次) and their quotas (名额)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.phases import RoundPhase
from marketplace.programmes.schema import Programme
from marketplace.programmes.snapshot import from_snapshot


class Round(Timestamps, Base):
    """One run of a programme. It pins the programme: running rounds read the snapshot only."""

    __tablename__ = "rounds"
    __table_args__ = (one_of("phase", RoundPhase),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    label: Mapped[str] = mapped_column(String(80))
    seq: Mapped[int] = mapped_column(default=1)
    phase: Mapped[str] = mapped_column(String(20), default=RoundPhase.LISTED)
    programme_id: Mapped[str] = mapped_column(String(60), index=True)
    programme_hash: Mapped[str] = mapped_column(String(64))
    programme_snapshot: Mapped[dict[str, Any]] = deferred(mapped_column(JSON))
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listed_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    quotas: Mapped[list[Quota]] = relationship(back_populates="round", lazy="raise")

    __mapper_args__ = {"version_id_col": version}

    @property
    def programme(self) -> Programme:
        """The pinned programme; parsed once per process and hash."""
        if self.programme_hash not in _PINNED:
            _PINNED[self.programme_hash] = from_snapshot(self.programme_snapshot)
        return _PINNED[self.programme_hash]


_PINNED: dict[str, Programme] = {}


class Quota(Base):
    """Places of one cell, counted as the programme counts (type × segment, city, year ...).

    ``used`` are live memberships, ``held`` are places decided but not yet listed. The CHECK is
    the last guard: taking a place is one conditional UPDATE (``services.quotas``).
    """

    __tablename__ = "quotas"
    __table_args__ = (
        UniqueConstraint("round_id", "cell"),
        CheckConstraint("used >= 0 AND held >= 0", name="counts_positive"),
        CheckConstraint("cap IS NULL OR used + held <= cap", name="within_cap"),
        CheckConstraint("cap IS NULL OR minimum IS NULL OR minimum <= cap", name="min_below_cap"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    cell: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(120))
    dims: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    minimum: Mapped[int | None]
    cap: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    round: Mapped[Round] = relationship(back_populates="quotas", lazy="raise")
