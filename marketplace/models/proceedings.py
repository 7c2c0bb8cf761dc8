"""Case files of memberships (案卷): rectification, suspension, removal, withdrawal, re-review."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.organisations import Organisation
from marketplace.models.projects import Project
from marketplace.models.providers import Provider
from marketplace.phases import ProceedingKind, ProceedingPhase, Proposer

WAYS = ("finish", "transfer")
"""What becomes of a running project: finished under supervision, or handed to another provider."""


class Proceeding(Timestamps, Base):
    """One proceeding on one place of the pool; each kind lives in a workflow of its own.

    ``cause`` is an exit reason (X01-X17). ``due_at`` is the exclusive instant at which the running
    clock ends, ``plan_due_at`` that of the plan of a rectification. ``findings`` is what was found,
    ``plan`` what the provider wants to do, ``answer`` its report, reply or papers in words.
    ``origin_type`` and ``origin_id`` name the row that gave the occasion (an evaluation sheet, a
    spot check, a credit finding), where one did.
    A membership has at most one open proceeding; a graver one takes the place of a lesser.
    """

    __tablename__ = "proceedings"
    __table_args__ = (
        one_of("kind", ProceedingKind),
        one_of("phase", ProceedingPhase),
        one_of("proposer", Proposer),
        CheckConstraint("(phase = 'closed') = (closed_at IS NOT NULL)", name="closed_dated"),
        CheckConstraint("extended_days >= 0", name="extension_positive"),
        CheckConstraint("kind = 'rectification' OR plan_due_at IS NULL", name="plan_of_its_kind"),
        CheckConstraint("(origin_type = '') = (origin_id IS NULL)", name="origin_whole"),
        Index(
            "uq_proceedings_open", "membership_id", unique=True,
            sqlite_where=text("phase <> 'closed'"), postgresql_where=text("phase <> 'closed'"),
        ),
        Index("ix_proceedings_membership", "membership_id", "id"),
        Index("ix_proceedings_provider", "provider_id", "phase"),
        Index("ix_proceedings_phase", "phase", "due_at"),
        Index("ix_proceedings_origin", "origin_type", "origin_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    predecessor_id: Mapped[int | None] = mapped_column(ForeignKey("proceedings.id"), index=True)
    origin_type: Mapped[str] = mapped_column(String(40), default="")
    origin_id: Mapped[int | None]
    cause: Mapped[str] = mapped_column(String(20))
    proposer: Mapped[str] = mapped_column(String(20))
    proposer_name: Mapped[str] = mapped_column(String(120), default="")
    findings: Mapped[str] = mapped_column(Text, default="")
    plan: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    plan_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    extended_days: Mapped[int] = mapped_column(default=0)
    document_no: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    membership: Mapped[Membership] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version, "polymorphic_on": kind}


class RectificationCase(Proceeding):
    """限期整改: order, plan, report, check by the district, confirmation by the city."""

    __mapper_args__ = {"polymorphic_identity": ProceedingKind.RECTIFICATION.value}


class SuspensionCase(Proceeding):
    """暂停: at once when a check finds a veto, then confirmed or lifted by a human."""

    __mapper_args__ = {"polymorphic_identity": ProceedingKind.SUSPENSION.value}


class RemovalCase(Proceeding):
    """退出程序: the steps that the programme orders, in its order."""

    __mapper_args__ = {"polymorphic_identity": ProceedingKind.REMOVAL.value}


class WithdrawalCase(Proceeding):
    """自愿退出: a request with a notice period in which running projects are handed over."""

    __mapper_args__ = {"polymorphic_identity": ProceedingKind.WITHDRAWAL.value}


class ReReviewCase(Proceeding):
    """定期复核、期满复评: papers, district, city."""

    __mapper_args__ = {"polymorphic_identity": ProceedingKind.RE_REVIEW.value}


CASES: tuple[type[Proceeding], ...] = (
    RectificationCase,
    SuspensionCase,
    RemovalCase,
    WithdrawalCase,
    ReReviewCase,
)


class RectificationExtension(Base):
    """More days for a rectification, asked for by the provider and decided by the city."""

    __tablename__ = "rectification_extensions"
    __table_args__ = (
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("(granted IS NULL) = (decided_at IS NULL)", name="decided_dated"),
        CheckConstraint("due_after IS NULL OR due_after > due_before", name="due_order"),
        Index(
            "uq_rectification_extensions_open", "proceeding_id", unique=True,
            sqlite_where=text("granted IS NULL"), postgresql_where=text("granted IS NULL"),
        ),
        Index("ix_rectification_extensions_proceeding", "proceeding_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    proceeding_id: Mapped[int] = mapped_column(ForeignKey("proceedings.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    days: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    granted: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_before: Mapped[datetime] = mapped_column(UtcDateTime)
    due_after: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BureauOpinion(Timestamps, Base):
    """The opinion of one bureau in a joint decision; ``bureau`` as the programme names it."""

    __tablename__ = "bureau_opinions"
    __table_args__ = (UniqueConstraint("proceeding_id", "bureau"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proceeding_id: Mapped[int] = mapped_column(ForeignKey("proceedings.id"))
    bureau: Mapped[str] = mapped_column(String(120))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    agrees: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class HandOver(Timestamps, Base):
    """What becomes of one running project of a provider that leaves.

    A transfer needs a provider to take over and the enterprise's own consent. ``wish`` is what the
    enterprise asks for by itself.
    """

    __tablename__ = "hand_overs"
    __table_args__ = (
        UniqueConstraint("proceeding_id", "project_id"),
        one_of("way", WAYS),
        one_of("wish", ("", *WAYS)),
        CheckConstraint("(way = 'transfer') = (to_membership_id IS NOT NULL)", name="taker"),
        CheckConstraint("(agreed IS NULL) = (answered_at IS NULL)", name="answer_dated"),
        CheckConstraint("way = 'transfer' OR agreed IS NULL", name="answers_to_transfers"),
        CheckConstraint("done_at IS NULL OR agreed", name="done_with_consent"),
        Index("ix_hand_overs_project", "project_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proceeding_id: Mapped[int] = mapped_column(ForeignKey("proceedings.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    way: Mapped[str] = mapped_column(String(20), default="finish")
    to_membership_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    wish: Mapped[str] = mapped_column(String(20), default="")
    wish_reason: Mapped[str] = mapped_column(Text, default="")
    agreed: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    proceeding: Mapped[Proceeding] = relationship(lazy="raise")
    project: Mapped[Project] = relationship(lazy="raise")
    to_membership: Mapped[Membership | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class IssuedLetter(Base):
    """A letter as it was issued with a step: its words stay, whatever changes later."""

    __tablename__ = "issued_letters"
    __table_args__ = (Index("ix_issued_letters_subject", "subject_type", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(120))
    document_no: Mapped[str] = mapped_column(String(60), default="")
    addressee: Mapped[str] = mapped_column(String(120))
    paragraphs: Mapped[list[Any]] = mapped_column(JSON, default=list)
    sender: Mapped[str] = mapped_column(String(120))
    day: Mapped[date]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)

    provider: Mapped[Provider] = relationship(lazy="raise")
