"""Complaints (投诉) about providers, by enterprises with an account and by anybody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.organisations import Organisation
from marketplace.models.providers import Provider
from marketplace.phases import ComplaintPhase

CHANNELS = ("enterprise_account", "public_form")


class Complaint(Timestamps, Base):
    """One complaint. Clocks are exclusive instants; both sides are heard before it is upheld.

    ``organisation_id`` is the complaining enterprise (account channel). Names and numbers of
    people are sealed (``place``); ``receipt_hash`` is of the code by which whoever sent the public
    form follows it. ``anonymous`` ones are leads: kept and looked into, never scored. An upheld
    complaint (phase ``upheld``, by ``concluded_at``) counts for ``membership_id`` (D4-4).
    """

    __tablename__ = "complaints"
    __table_args__ = (
        one_of("phase", ComplaintPhase),
        one_of("channel", CHANNELS),
        CheckConstraint(
            "(channel = 'enterprise_account') = (organisation_id IS NOT NULL)",
            name="channel_has_sender",
        ),
        CheckConstraint(
            "(channel = 'public_form') = (receipt_hash IS NOT NULL)", name="public_has_receipt"
        ),
        CheckConstraint("NOT anonymous OR phase NOT IN ('hearing', 'deciding', 'upheld')",
                        name="anonymous_not_scored"),
        CheckConstraint(
            "NOT anonymous OR (name_encrypted IS NULL AND phone_encrypted IS NULL)",
            name="anonymous_has_no_name",
        ),
        CheckConstraint(
            "phase NOT IN ('hearing', 'deciding', 'upheld', 'dismissed')"
            " OR (acknowledged_at IS NOT NULL AND reply_by IS NOT NULL"
            " AND membership_id IS NOT NULL)",
            name="heard_by_clock",
        ),
        CheckConstraint(
            "phase <> 'upheld' OR (evidence_of_sender <> '' AND evidence_of_provider <> '')",
            name="upheld_two_sided",
        ),
        CheckConstraint(
            "(phase IN ('lodged', 'lead', 'hearing', 'deciding')) = (concluded_at IS NULL)",
            name="conclusion_dated",
        ),
        Index("ix_complaints_provider", "provider_id", "phase"),
        Index("ix_complaints_membership", "membership_id", "phase", "concluded_at"),
        Index("ix_complaints_sender", "organisation_id", "id"),
        Index("ix_complaints_phase", "phase", "conclude_by"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    channel: Mapped[str] = mapped_column(String(20))
    anonymous: Mapped[bool] = mapped_column(default=False)
    name_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    receipt_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    subject: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text, default="")
    """What the sender names as proof."""
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    lodged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledge_by: Mapped[datetime] = mapped_column(UtcDateTime)
    conclude_by: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str] = mapped_column(Text, default="")
    evidence_of_sender: Mapped[str] = mapped_column(Text, default="")
    evidence_of_provider: Mapped[str] = mapped_column(Text, default="")
    conclusion: Mapped[str] = mapped_column(Text, default="")
    concluded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(lazy="raise")
    membership: Mapped[Membership | None] = relationship(lazy="raise")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
