"""The pool (资源池): memberships, candidacies, waivers and bans."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import (
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
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.providers import Provider
from marketplace.models.rounds import Quota, Round
from marketplace.phases import CANDIDACY_PHASES, LIVE_PHASES, StandingPhase

if TYPE_CHECKING:
    from marketplace.models.evaluations import EvaluationSheet

_LIVE = "phase IN (" + ", ".join(f"'{phase}'" for phase in LIVE_PHASES) + ")"


class Membership(Timestamps, Base):
    """One place in the pool: provider × type × segment × round.

    Four axes stay apart: the application (its own table), this standing (``state``, ``phase``),
    the validity of the title (dates), and the evaluation grade (a row per cycle).
    """

    __tablename__ = "memberships"
    __table_args__ = (
        one_of("phase", StandingPhase),
        Index(
            "uq_memberships_live",
            "provider_id",
            "type",
            "segment",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        CheckConstraint("(phase = 'exited') = (exited_on IS NOT NULL)", name="exit_dated"),
        CheckConstraint("valid_until IS NULL OR valid_until >= listed_on", name="validity_order"),
        Index("ix_memberships_cell", "round_id", "segment", "type", "phase"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    quota_id: Mapped[int] = mapped_column(ForeignKey("quotas.id"), index=True)
    type: Mapped[str] = mapped_column(String(20))
    segment: Mapped[str] = mapped_column(String(40))
    chain_mode: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    listed_on: Mapped[date]
    valid_until: Mapped[date | None]
    rectify_by: Mapped[date | None]
    exited_on: Mapped[date | None]
    reason_code: Mapped[str] = mapped_column(String(20), default="")
    public_reason: Mapped[str] = mapped_column(Text, default="")
    document_no: Mapped[str] = mapped_column(String(60), default="")
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(back_populates="memberships", lazy="raise")
    round: Mapped[Round] = relationship(lazy="raise")
    quota: Mapped[Quota] = relationship(lazy="raise")
    graded: Mapped[list[EvaluationSheet]] = relationship(
        primaryjoin="and_(Membership.id == foreign(EvaluationSheet.membership_id),"
        " EvaluationSheet.published_at.is_not(None))",
        order_by="(EvaluationSheet.published_at.desc(), EvaluationSheet.id.desc())",
        viewonly=True,
        lazy="raise",
    )
    """Published evaluations, the latest first."""

    __mapper_args__ = {"version_id_col": version}

    def index_keys(self) -> list[str]:
        """Search documents that show this row."""
        return [f"provider/{self.provider_id}"]


class Candidacy(Timestamps, Base):
    """A decided place that is not listed yet, or a place on the reserve list (候补)."""

    __tablename__ = "candidacies"
    __table_args__ = (
        one_of("phase", CANDIDACY_PHASES),
        UniqueConstraint("round_id", "provider_id", "type", "segment"),
        CheckConstraint("rank > 0", name="rank_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    quota_id: Mapped[int] = mapped_column(ForeignKey("quotas.id"), index=True)
    type: Mapped[str] = mapped_column(String(20))
    segment: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    score: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    rank: Mapped[int | None]
    publicity_from: Mapped[date | None]
    publicity_until: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(lazy="raise")
    round: Mapped[Round] = relationship(lazy="raise")
    quota: Mapped[Quota] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class Waiver(Timestamps, Base):
    """A recorded exemption from a soft rule ("原则上"), by name and with its reason."""

    __tablename__ = "waivers"
    __table_args__ = (UniqueConstraint("provider_id", "round_id", "rule", "segment"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    rule: Mapped[str] = mapped_column(String(40))
    segment: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(Text)
    document_no: Mapped[str] = mapped_column(String(60), default="")


class Ban(Timestamps, Base):
    """A time in which an organisation may not enter the pool (禁报期)."""

    __tablename__ = "bans"
    __table_args__ = (CheckConstraint("until IS NULL OR until >= since", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    programme_id: Mapped[str] = mapped_column(String(60))
    reason_code: Mapped[str] = mapped_column(String(20))
    since: Mapped[date]
    until: Mapped[date | None]
    """Last day of the ban; NULL = until remedied and reviewed."""
    lifted_on: Mapped[date | None]
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"))
