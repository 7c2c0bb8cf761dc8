"""Appeals (申诉) against decisions on memberships, and the people who decide them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.providers import Provider
from marketplace.phases import AppealPhase

OUTCOMES = ("upheld", "rejected")


class Appeal(Timestamps, Base):
    """One appeal. ``against`` is a word of the programme's list (grade, suspension, removal …).

    ``subject_type`` and ``subject_id`` name the row decided on (a proceeding, an evaluation
    sheet); ``event_id`` is the decision. ``window_until`` and ``decide_by`` are exclusive
    instants. ``restored_id`` is the place given back after a removal that was overturned.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        one_of("phase", AppealPhase),
        one_of("outcome", ("", *OUTCOMES)),
        CheckConstraint("(phase = 'closed') = (closed_at IS NOT NULL)", name="closed_dated"),
        CheckConstraint("(outcome = '') = (decided_at IS NULL)", name="decided_dated"),
        CheckConstraint("restored_id IS NULL OR outcome = 'upheld'", name="restored_upheld"),
        Index(
            "uq_appeals_open", "subject_type", "subject_id", unique=True,
            sqlite_where=text("phase <> 'closed'"), postgresql_where=text("phase <> 'closed'"),
        ),
        Index("ix_appeals_provider", "provider_id", "phase"),
        Index("ix_appeals_phase", "phase", "decide_by"),
        Index("ix_appeals_membership", "membership_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"))
    against: Mapped[str] = mapped_column(String(30))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    filed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    window_until: Mapped[datetime] = mapped_column(UtcDateTime)
    decide_by: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    document_no: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restored_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(lazy="raise")
    membership: Mapped[Membership] = relationship(lazy="raise", foreign_keys=[membership_id])

    __mapper_args__ = {"version_id_col": version}


class AppealPanelist(Base):
    """One member of the panel that decides an appeal; never somebody who decided before."""

    __tablename__ = "appeal_panelists"
    __table_args__ = (UniqueConstraint("appeal_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeals.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
