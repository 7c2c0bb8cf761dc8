"""Replacements (递补): who takes the place that a membership left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Candidacy, Membership
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.rounds import Quota, Round
from marketplace.phases import ReplacementPhase

TRIGGERS = ("removal", "withdrawal", "expiry", "below_quota_min", "new_segment")


class Replacement(Timestamps, Base):
    """One free place to fill from the reserve list of its segment and type.

    ``skipped`` are candidates passed over, as ``{candidacy, name, score, reasons}``; ``checks`` is
    what was checked of the chosen one, ``{name: words}``. ``listed_id`` is the place taken.
    """

    __tablename__ = "replacements"
    __table_args__ = (
        one_of("phase", ReplacementPhase),
        one_of("trigger", TRIGGERS),
        CheckConstraint("(phase = 'closed') = (closed_at IS NOT NULL)", name="closed_dated"),
        CheckConstraint("phase <> 'notice' OR candidacy_id IS NOT NULL", name="noticed_is_chosen"),
        CheckConstraint("listed_id IS NULL OR phase = 'closed'", name="listed_is_closed"),
        Index(
            "uq_replacements_candidacy", "candidacy_id", unique=True,
            sqlite_where=text("phase <> 'closed'"), postgresql_where=text("phase <> 'closed'"),
        ),
        Index("ix_replacements_phase", "phase", "state_since"),
        Index("ix_replacements_quota", "quota_id", "phase"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    quota_id: Mapped[int] = mapped_column(ForeignKey("quotas.id"))
    type: Mapped[str] = mapped_column(String(20))
    segment: Mapped[str] = mapped_column(String(40))
    trigger: Mapped[str] = mapped_column(String(20))
    vacated_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), unique=True)
    candidacy_id: Mapped[int | None] = mapped_column(ForeignKey("candidacies.id"))
    listed_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    skipped: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    checks: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    round: Mapped[Round] = relationship(lazy="raise")
    quota: Mapped[Quota] = relationship(lazy="raise")
    vacated: Mapped[Membership | None] = relationship(lazy="raise", foreign_keys=[vacated_id])
    candidacy: Mapped[Candidacy | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
