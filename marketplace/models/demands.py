"""Demands (需求): what an enterprise publishes without its name, and what providers answer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.organisations import Organisation
from marketplace.models.providers import Provider
from marketplace.phases import AnswerPhase, DemandPhase

LONGEST_NOTE = 500


class Demand(Timestamps, Base):
    """One demand. The public and providers read it without the enterprise's name until invited.

    ``until`` is the last day for answers, ``closes_at`` its exclusive end. Budgets in CNY.
    ``note`` says why it was taken down or how it ended.
    """

    __tablename__ = "demands"
    __table_args__ = (
        one_of("phase", DemandPhase),
        CheckConstraint(
            "budget_low_cny >= 0 AND budget_high_cny >= budget_low_cny", name="budget_order"
        ),
        CheckConstraint(
            "phase NOT IN ('published', 'taken_down') OR published_at IS NOT NULL",
            name="published_dated",
        ),
        Index("ix_demands_organisation", "organisation_id", "phase"),
        Index("ix_demands_phase", "phase", "closes_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    segment: Mapped[str] = mapped_column(String(40))
    process_links: Mapped[list[str]] = mapped_column(JSON, default=list)
    budget_low_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    budget_high_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    until: Mapped[date]
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(LONGEST_NOTE), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class DemandAnswer(Timestamps, Base):
    """What one provider answers; known to it and to the enterprise alone. ``days`` of work."""

    __tablename__ = "demand_answers"
    __table_args__ = (
        one_of("phase", AnswerPhase),
        CheckConstraint("price_cny >= 0", name="price_positive"),
        CheckConstraint("days > 0", name="days_positive"),
        UniqueConstraint("demand_id", "provider_id"),
        Index("ix_demand_answers_provider", "provider_id", "phase"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    demand_id: Mapped[int] = mapped_column(ForeignKey("demands.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    text: Mapped[str] = mapped_column(Text)
    price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    days: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(LONGEST_NOTE), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)

    demand: Mapped[Demand] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
