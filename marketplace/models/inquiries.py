"""Enquiries (咨询): one question of an enterprise, and a private thread with each provider."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.demands import Demand
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.organisations import Organisation
from marketplace.models.products import Product
from marketplace.models.providers import Provider
from marketplace.phases import InquiryPhase

ENTERPRISE_SIDE, PROVIDER_SIDE = "enterprise", "provider"
SIDES = (ENTERPRISE_SIDE, PROVIDER_SIDE)

WON, LOST = "won", "lost"
OUTCOMES = ("", WON, LOST)
"""What came of it for the provider: not said yet, a contract, none."""

LONGEST_REASON = 500
RUNNING = text("phase = 'waiting'")


class Inquiry(Timestamps, Base):
    """What an enterprise asks; every provider it was sent to reads the same words and files.

    Never changed once sent. Who else was asked is known to the enterprise alone.
    """

    __tablename__ = "inquiries"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))

    organisation: Mapped[Organisation] = relationship(lazy="raise")
    product: Mapped[Product | None] = relationship(lazy="raise")
    parties: Mapped[list[InquiryParty]] = relationship(
        back_populates="inquiry", lazy="raise", order_by="InquiryParty.id"
    )


class InquiryParty(Timestamps, Base):
    """The enquiry as one provider has it: its clock, its thread, its end.

    ``reply_by`` is exclusive. ``answered_at`` is the first reply or the refusal, ``minutes`` the
    time that it took. ``contact_encrypted`` holds what the enterprise chose to show to this
    provider alone. ``outcome`` is the provider's own note. ``demand_id``: it began with an
    invitation to a demand.
    """

    __tablename__ = "inquiry_parties"
    __table_args__ = (
        one_of("phase", InquiryPhase),
        one_of("outcome", OUTCOMES),
        one_of("last_side", SIDES),
        CheckConstraint("reply_by > sent_at", name="reply_after_sending"),
        CheckConstraint(
            "phase NOT IN ('answered', 'declined') OR answered_at IS NOT NULL", name="answer_dated"
        ),
        CheckConstraint(
            "phase NOT IN ('waiting', 'overdue', 'urged') OR answered_at IS NULL",
            name="answer_awaited",
        ),
        CheckConstraint("(answered_at IS NULL) = (minutes IS NULL)", name="answer_timed"),
        CheckConstraint("(outcome = '') = (outcome_at IS NULL)", name="outcome_dated"),
        CheckConstraint(
            "(contact_encrypted IS NULL) = (contact_shown_at IS NULL)", name="contact_dated"
        ),
        UniqueConstraint("inquiry_id", "provider_id"),
        UniqueConstraint("demand_id", "provider_id"),
        Index("ix_inquiry_parties_provider", "provider_id", "phase"),
        Index("ix_inquiry_parties_phase", "phase", "reply_by"),
        Index(
            "ix_inquiry_parties_running",
            "reply_by",
            sqlite_where=RUNNING,
            postgresql_where=RUNNING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    inquiry_id: Mapped[int] = mapped_column(ForeignKey("inquiries.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    demand_id: Mapped[int | None] = mapped_column(ForeignKey("demands.id"))
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reply_by: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    minutes: Mapped[int | None]
    last_side: Mapped[str] = mapped_column(String(10), default=ENTERPRISE_SIDE)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    outcome: Mapped[str] = mapped_column(String(10), default="")
    outcome_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome_note: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    contact_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    inquiry: Mapped[Inquiry] = relationship(back_populates="parties", lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")
    demand: Mapped[Demand | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class InquiryMessage(Base):
    """One post in the thread of an enquiry with one provider; never changed."""

    __tablename__ = "inquiry_messages"
    __table_args__ = (one_of("side", SIDES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("inquiry_parties.id"), index=True)
    side: Mapped[str] = mapped_column(String(10))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)

    party: Mapped[InquiryParty] = relationship(lazy="raise")
