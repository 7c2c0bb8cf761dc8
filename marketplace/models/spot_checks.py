"""Spot checks (不定期抽查) of providers in the pool."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.providers import Provider
from marketplace.phases import SpotCheckPhase


class SpotCheck(Timestamps, Base):
    """One check of one place in the pool: planned, then recorded as passed or failed.

    ``topic`` is what was checked, in the words of the programme; ``cause`` the code of the exit
    reason (X01 …) that a failed check found, empty for a lesser fault. ``complaint_id``: what
    gave the occasion.
    """

    __tablename__ = "spot_checks"
    __table_args__ = (
        one_of("phase", SpotCheckPhase),
        CheckConstraint(
            "(phase IN ('passed', 'failed')) = (checked_on IS NOT NULL)", name="result_dated"
        ),
        CheckConstraint("cause = '' OR phase = 'failed'", name="cause_of_failed"),
        Index("ix_spot_checks_provider", "provider_id", "phase"),
        Index("ix_spot_checks_membership", "membership_id", "checked_on"),
        Index("ix_spot_checks_phase", "phase", "planned_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"), index=True)
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaints.id"), index=True)
    topic: Mapped[str] = mapped_column(String(60))
    plan: Mapped[str] = mapped_column(Text, default="")
    planned_on: Mapped[date]
    checked_on: Mapped[date | None]
    finding: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    membership: Mapped[Membership] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
