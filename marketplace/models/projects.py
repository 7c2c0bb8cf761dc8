"""Transformation projects (改造项目): the filed contract, its milestones, its changes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.organisations import Organisation
from marketplace.models.providers import Provider
from marketplace.phases import FILED_PHASES, ChangePhase, MilestonePhase, ProjectPhase

_FILED = "phase IN (" + ", ".join(f"'{phase}'" for phase in FILED_PHASES) + ")"


class Project(Timestamps, Base):
    """One contract between a provider in the pool and an enterprise (合同备案, N+X).

    ``common_modules`` (N) and ``custom_modules`` (X) are lists of names; ``subcontractors`` of
    ``{name, uscc}``. ``filed_on`` is the day on which the district took the contract on file.
    The district office of the enterprise is the one that acts.
    """

    __tablename__ = "projects"
    __table_args__ = (
        one_of("phase", ProjectPhase),
        CheckConstraint(f"({_FILED}) = (filed_on IS NOT NULL)", name="filed_dated"),
        CheckConstraint("(phase = 'accepted') = (accepted_on IS NOT NULL)", name="accepted_dated"),
        CheckConstraint("contract_price_cny >= 0", name="contract_price_positive"),
        CheckConstraint("ends_on >= starts_on", name="dates_order"),
        CheckConstraint("evaluator_id <> enterprise_id", name="evaluator_is_another"),
        Index("ix_projects_provider", "provider_id", "phase"),
        Index("ix_projects_enterprise", "enterprise_id", "phase"),
        Index("ix_projects_phase", "phase", "state_since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"), index=True)
    segment: Mapped[str] = mapped_column(String(40))
    contract_no: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    common_modules: Mapped[list[str]] = mapped_column(JSON, default=list)
    custom_modules: Mapped[list[str]] = mapped_column(JSON, default=list)
    subcontractors: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    list_price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    pilot_price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    contract_price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    signed_on: Mapped[date | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    filed_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    evaluator_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(lazy="raise")
    enterprise: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[enterprise_id])
    evaluator: Mapped[Organisation | None] = relationship(lazy="raise", foreign_keys=[evaluator_id])
    membership: Mapped[Membership] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class Milestone(Timestamps, Base):
    """One stage of a project: done by the provider with evidence, confirmed by the enterprise."""

    __tablename__ = "milestones"
    __table_args__ = (
        one_of("phase", MilestonePhase),
        CheckConstraint("seq > 0", name="seq_positive"),
        Index("uq_milestones_seq", "project_id", "seq", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    due_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class ChangeNotice(Timestamps, Base):
    """A change of scope, price, dates or subcontractors; ``changes`` is ``{field: [old, new]}``.

    Prices stand as texts of CNY, days as ISO texts. Nothing changes before the enterprise agrees.
    """

    __tablename__ = "change_notices"
    __table_args__ = (
        one_of("phase", ChangePhase),
        Index("ix_change_notices_project", "project_id", "phase"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
