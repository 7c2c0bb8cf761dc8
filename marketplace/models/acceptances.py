"""How projects end: acceptance (验收), and disputes on the way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.organisations import Organisation
from marketplace.models.projects import Project
from marketplace.phases import OPEN_DISPUTES, AcceptancePhase, DisputePhase

SIDES = ("provider", "enterprise")
OUTCOMES = ("continue", "terminate")
"""What a dispute ends with: the project goes on, or it is terminated."""

_OPEN = "phase IN (" + ", ".join(f"'{phase}'" for phase in OPEN_DISPUTES) + ")"


class Acceptance(Timestamps, Base):
    """One acceptance of a project; a project that failed applies again, with a row of its own.

    ``metrics`` is a list of ``{name, unit, before, target, after, met}``; levels are 0 to 4
    (``standard`` says of which edition). ``evaluator_id`` is who evaluated when it was entered.
    """

    __tablename__ = "acceptances"
    __table_args__ = (
        one_of("phase", AcceptancePhase),
        CheckConstraint(
            "level_before BETWEEN 0 AND 4 AND level_after BETWEEN 0 AND 4", name="levels"
        ),
        CheckConstraint(
            "phase NOT IN ('entered', 'passed', 'failed')"
            " OR (passed IS NOT NULL AND evaluator_id IS NOT NULL AND level_after IS NOT NULL)",
            name="result_entered",
        ),
        Index(
            "uq_acceptances_open",
            "project_id",
            unique=True,
            sqlite_where=text("phase IN ('applied', 'entered', 'reopened')"),
            postgresql_where=text("phase IN ('applied', 'entered', 'reopened')"),
        ),
        Index("ix_acceptances_phase", "phase", "project_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    evaluator_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    standard: Mapped[str] = mapped_column(String(20), default="2022")
    level_before: Mapped[int | None]
    level_after: Mapped[int | None]
    metrics: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    summary: Mapped[str] = mapped_column(Text, default="")
    passed: Mapped[bool | None]
    evaluated_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="raise")
    evaluator: Mapped[Organisation | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class Dispute(Timestamps, Base):
    """A dispute that one side opened; the district mediates, the city decides."""

    __tablename__ = "disputes"
    __table_args__ = (
        one_of("phase", DisputePhase),
        one_of("opened_by", SIDES),
        CheckConstraint("outcome IN ('', 'continue', 'terminate')", name="outcome_known"),
        CheckConstraint(
            "(phase IN ('settled', 'decided')) = (outcome <> '')", name="outcome_recorded"
        ),
        Index(
            "uq_disputes_open",
            "project_id",
            "opened_by",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index("ix_disputes_phase", "phase", "project_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    opened_by: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    outcome_text: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
