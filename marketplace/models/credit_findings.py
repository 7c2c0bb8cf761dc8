"""What other authorities found about a firm (信用信息): bad credit, penalties, accidents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.phases import CreditPhase


class CreditFinding(Timestamps, Base):
    """One finding about the firm with this credit code, whether or not it is in the pool.

    ``cause`` is an exit reason (X01-X17); ``found_on`` the day of the finding, ``source`` the
    document that says it, ``detail`` what it says. ``checked_at``: when the worker held it against
    the pool, ``outcome`` what came of that, a line for each place.
    """

    __tablename__ = "credit_findings"
    __table_args__ = (
        one_of("phase", CreditPhase),
        CheckConstraint(
            "phase = 'withdrawn' OR (phase = 'pending') = (checked_at IS NULL)",
            name="checked_dated",
        ),
        Index(
            "uq_credit_findings_one", "uscc", "cause", "found_on", "source", unique=True,
            sqlite_where=text("phase <> 'withdrawn'"),
            postgresql_where=text("phase <> 'withdrawn'"),
        ),
        Index("ix_credit_findings_phase", "phase", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18))
    name: Mapped[str] = mapped_column(String(120), default="")
    cause: Mapped[str] = mapped_column(String(20))
    found_on: Mapped[date]
    source: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(Text, default="")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
