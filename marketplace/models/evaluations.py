"""Dynamic evaluation (动态评价): cycles, one sheet for each place, and what stands behind it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.providers import Provider
from marketplace.models.rounds import Round
from marketplace.phases import EvaluationPhase, GradeObjectionPhase

CYCLE_KINDS = ("regular", "yearly", "ad_hoc")
"""Scored round, consolidation of the year, and one in between for a cause."""

NOT_RATED = "not_rated"
"""The grade of a place with too little data: never a zero (domain.md §4.5, J9)."""

INTERESTS = ("none", "employment", "shareholding", "contract", "affiliate", "other")
"""What an evaluator declares; everything but ``none`` recuses him from the sheet."""


class EvaluationCycle(Timestamps, Base):
    """One evaluation of the places of a programme over a period, both days included.

    ``scope`` is ``{types, segments, memberships}``, an empty list meaning all. ``scheme`` is the
    evaluation section of the programme as pinned when the cycle was opened, and ``scheme_sha256``
    the hash of its canonical JSON. ``frozen_at`` is the instant the figures are taken at;
    ``objections_until`` the exclusive end of the objection window.
    """

    __tablename__ = "evaluation_cycles"
    __table_args__ = (
        one_of("phase", EvaluationPhase),
        one_of("kind", CYCLE_KINDS),
        CheckConstraint("period_until >= period_from", name="period_order"),
        CheckConstraint(
            "phase IN ('open', 'cancelled') OR frozen_at IS NOT NULL", name="frozen_dated"
        ),
        CheckConstraint(
            "phase NOT IN ('drafted', 'published') OR objections_until IS NOT NULL",
            name="window_dated",
        ),
        CheckConstraint("phase <> 'published' OR published_at IS NOT NULL", name="published_dated"),
        Index(
            "uq_evaluation_cycles_label", "programme_id", "label", unique=True,
            sqlite_where=text("phase <> 'cancelled'"),
            postgresql_where=text("phase <> 'cancelled'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[str] = mapped_column(String(60), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    kind: Mapped[str] = mapped_column(String(20), default="regular")
    label: Mapped[str] = mapped_column(String(80))
    scope: Mapped[dict[str, list[Any]]] = mapped_column(JSON, default=dict)
    period_from: Mapped[date]
    period_until: Mapped[date]
    scheme: Mapped[dict[str, Any]] = mapped_column(JSON)
    scheme_sha256: Mapped[str] = mapped_column(String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    objections_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    round: Mapped[Round] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class EvaluationSheet(Timestamps, Base):
    """The evaluation of one place in one cycle: a place has one grade, never an average.

    ``type`` and ``segment`` are those of the freeze. ``result`` is the reckoning as shown (texts
    of decimals), ``data_sha256`` the hash over every value it was reckoned from. ``published_at``
    is set when the grade becomes public. ``consequence`` is what publishing brought about.
    """

    __tablename__ = "evaluation_sheets"
    __table_args__ = (
        UniqueConstraint("cycle_id", "membership_id"),
        CheckConstraint("score IS NULL OR grade <> ''", name="score_graded"),
        CheckConstraint("published_at IS NULL OR grade <> ''", name="published_graded"),
        Index("ix_evaluation_sheets_provider", "provider_id", "published_at"),
        Index("ix_evaluation_sheets_membership", "membership_id", "published_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("evaluation_cycles.id"))
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    type: Mapped[str] = mapped_column(String(20))
    segment: Mapped[str] = mapped_column(String(40))
    projects: Mapped[int] = mapped_column(default=0)
    """Accepted or running projects at the freeze: below the scheme's minimum nothing is rated."""
    score: Mapped[Decimal | None] = mapped_column(Numeric(5, 1))
    grade: Mapped[str] = mapped_column(String(40), default="")
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    data_sha256: Mapped[str] = mapped_column(String(64), default="")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    consequence: Mapped[str] = mapped_column(String(40), default="")
    version: Mapped[int] = mapped_column(default=1)

    cycle: Mapped[EvaluationCycle] = relationship(lazy="raise")
    membership: Mapped[Membership] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class IndicatorValue(Timestamps, Base):
    """One figure of a sheet: what was counted or judged, by whom, from which rows.

    ``numerator`` and ``denominator`` are whole and exact; ``n`` is how many source rows count.
    ``points`` is given for judged figures and for corrections, empty for what a formula reckons.
    ``sources`` are the frozen rows, ``{id, text, value, counts, good}``. ``rater`` ``city`` is
    a bonus, deduction or veto, or a correction after an upheld objection, which goes before all
    other values of the same indicator. Experts write a row each; all others one.
    """

    __tablename__ = "indicator_values"
    __table_args__ = (
        one_of("rater", ("auto", "enterprise", "expert", "third_party", "district", "city")),
        CheckConstraint("n >= 0 AND denominator >= 0 AND numerator >= 0", name="counts_positive"),
        CheckConstraint("rater IN ('auto', 'enterprise') OR justification <> ''", name="justified"),
        CheckConstraint(
            "(rater IN ('auto', 'enterprise')) = (evaluator_name = '')", name="evaluator_named"
        ),
        Index(
            "uq_indicator_values_one", "sheet_id", "indicator", "rater", unique=True,
            sqlite_where=text("rater <> 'expert'"), postgresql_where=text("rater <> 'expert'"),
        ),
        Index(
            "uq_indicator_values_expert", "sheet_id", "indicator", "evaluator_id", unique=True,
            sqlite_where=text("rater = 'expert'"), postgresql_where=text("rater = 'expert'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("evaluation_sheets.id"), index=True)
    indicator: Mapped[str] = mapped_column(String(20))
    rater: Mapped[str] = mapped_column(String(20))
    numerator: Mapped[int | None]
    denominator: Mapped[int | None]
    n: Mapped[int] = mapped_column(default=0)
    points: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    justification: Mapped[str] = mapped_column(Text, default="")
    evaluator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    evaluator_name: Mapped[str] = mapped_column(String(60), default="")

    sheet: Mapped[EvaluationSheet] = relationship(lazy="raise")


class InterestDeclaration(Base):
    """What an evaluator declared about a provider before he saw its sheet (回避)."""

    __tablename__ = "interest_declarations"
    __table_args__ = (
        UniqueConstraint("sheet_id", "user_id"),
        one_of("interest", INTERESTS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("evaluation_sheets.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    user_name: Mapped[str] = mapped_column(String(60))
    interest: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)


class GradeObjection(Timestamps, Base):
    """A provider's objection to the draft of a sheet, and the bureau's answer."""

    __tablename__ = "grade_objections"
    __table_args__ = (
        one_of("phase", GradeObjectionPhase),
        CheckConstraint(
            "phase NOT IN ('upheld', 'rejected') OR answered_at IS NOT NULL", name="answer_dated"
        ),
        Index(
            "uq_grade_objections_open", "sheet_id", unique=True,
            sqlite_where=text("phase = 'open'"), postgresql_where=text("phase = 'open'"),
        ),
        Index("ix_grade_objections_sheet", "sheet_id", "phase"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("evaluation_sheets.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    indicator: Mapped[str] = mapped_column(String(20), default="")
    """Which figure it is about; empty for the sheet as a whole."""
    text: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    sheet: Mapped[EvaluationSheet] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
