"""Periodic reports (季度报告、年度总结) of providers in the pool, their versions and summaries."""

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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.providers import Provider
from marketplace.phases import ReportPhase


class PeriodicReport(Timestamps, Base):
    """What one place in the pool owes for one period, by one duty of its programme.

    ``duty`` is the id of the programme's report, ``period`` such as ``2026Q1`` or ``2026``.
    ``since`` and ``until`` are the days that it covers: fewer than the period for a provider that
    came or left in between (``part_reason`` says so). ``due_at`` is the exclusive instant,
    ``due_on`` its last day, ``due_note`` why it is another than the programme's. ``draft`` is
    ``{"figures": {id: {"value", "reason"}}, "texts": {id: text}}``. ``first_sent_at`` and
    ``number`` are of the versions. On time: ``first_sent_at < due_at``; complete: ``phase`` is
    ``submitted`` (evaluation D4-2); a skipped report counts neither way.
    """

    __tablename__ = "periodic_reports"
    __table_args__ = (
        one_of("phase", ReportPhase),
        UniqueConstraint("membership_id", "duty", "period"),
        CheckConstraint("until >= since", name="days_order"),
        CheckConstraint("number >= 0", name="number_positive"),
        CheckConstraint("(number = 0) = (first_sent_at IS NULL)", name="sent_dated"),
        CheckConstraint(
            "phase NOT IN ('submitted', 'returned') OR number > 0", name="submitted_has_version"
        ),
        Index("ix_periodic_reports_period", "duty", "period", "phase"),
        Index("ix_periodic_reports_provider", "provider_id", "due_at"),
        Index("ix_periodic_reports_due", "phase", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    duty: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(10))
    since: Mapped[date]
    until: Mapped[date]
    part_reason: Mapped[str] = mapped_column(String(120), default="")
    asks_year: Mapped[bool] = mapped_column(default=False)
    """Whether the summary of the year and the plan for the next one go with it."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date]
    due_note: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    draft: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    number: Mapped[int] = mapped_column(default=0)
    """Of the latest version; 0 before the first."""
    first_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    """Why it was returned or skipped, for the provider."""
    reminded: Mapped[int | None]
    """The latest reminder sent, in days from ``due_on``."""
    version: Mapped[int] = mapped_column(default=1)

    membership: Mapped[Membership] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class ReportVersion(Base):
    """One report as it was sent; rows are only added.

    ``figures`` is a list of ``{id, label, unit, value, prefilled, reason, sources}`` (values and
    prefilled ones are texts of decimal numbers or "", ``sources`` are ``[kind, id, label]``);
    ``texts`` of ``{id, label, text}``. ``zero``: sent as "nothing to report".
    """

    __tablename__ = "report_versions"
    __table_args__ = (
        UniqueConstraint("report_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("periodic_reports.id"))
    number: Mapped[int]
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    texts: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    zero: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    by_name: Mapped[str] = mapped_column(String(60), default="")


class ReportSummary(Timestamps, Base):
    """What a district has sent the city for one period of one programme (LC 第十九条).

    ``figures`` are the sums of that moment, ``{id: text}``, with ``reports`` rows of which
    ``submitted`` had been sent. Sent again, it is brought up to date; the events keep each.
    """

    __tablename__ = "report_summaries"
    __table_args__ = (
        UniqueConstraint("programme_id", "duty", "period", "district"),
        CheckConstraint("submitted BETWEEN 0 AND reports", name="submitted_within"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[str] = mapped_column(String(60))
    duty: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(10))
    district: Mapped[str] = mapped_column(String(12))
    figures: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    reports: Mapped[int] = mapped_column(default=0)
    submitted: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_name: Mapped[str] = mapped_column(String(60), default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
