"""How people get in: addresses that want an account, requests for a role, invitations to a team."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.accounts import User
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.organisations import Organisation
from marketplace.phases import OPEN_ACCESS, AccessPhase, Role

REGISTER, CLAIM, ENROL, EVALUATE = "register", "claim", "enrol", "evaluate"
ACCESS_KINDS = (REGISTER, CLAIM, ENROL, EVALUATE)
TEAM_ROLES = (
    Role.ENTERPRISE, Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR, Role.PROVIDER_VIEWER,
)  # fmt: skip
"""Roles of people outside the offices: their organisation's own people manage them."""

_OPEN = "phase IN (" + ", ".join(f"'{phase}'" for phase in OPEN_ACCESS) + ")"
_LIVE = "accepted_at IS NULL AND cancelled_at IS NULL"


class Registration(Base):
    """An address that asked for an account, until its owner opens the mailed link.

    ``login`` is folded like that of a user. For an address that has an account already a row is
    written as well, whose link nobody gets: both take the same time (S22).
    """

    __tablename__ = "registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(200), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccessRequest(Timestamps, Base):
    """A user asks to act for an organisation.

    ``register``: an SME and its first or a further person, decided by the district desk. The
    others bring a letter of authorisation and are decided by the bureau. ``claim``: a provider of
    the register and its first owner; ``enrol``: a provider that is not in it yet, which has no
    place in the pool by that; ``evaluate``: somebody of an organisation that evaluates.
    ``name``, ``district`` and ``facts`` (keys of ``schemas.access``) are what was typed; the
    organisation known by the code is ``organisation_id``. ``past_owner``: the desk took the
    decision over from the organisation's own people, with a reason on record.
    """

    __tablename__ = "access_requests"
    __table_args__ = (
        one_of("kind", ACCESS_KINDS),
        one_of("phase", AccessPhase),
        CheckConstraint("length(uscc) = 18", name="uscc_complete"),
        CheckConstraint(
            "phase NOT IN ('approved', 'owner') OR organisation_id IS NOT NULL",
            name="organisation_known",
        ),
        Index(
            "uq_access_requests_open", "user_id", "uscc", unique=True,
            sqlite_where=text(_OPEN), postgresql_where=text(_OPEN),
        ),
        Index("ix_access_requests_queue", "kind", "phase", "district", "state_since"),
        Index("ix_access_requests_organisation", "organisation_id", "phase"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    uscc: Mapped[str] = mapped_column(String(18))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(120))
    district: Mapped[str] = mapped_column(String(12), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    contact_name: Mapped[str] = mapped_column(String(60))
    contact_post: Mapped[str] = mapped_column(String(60), default="")
    contact_phone_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    past_owner: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    note: Mapped[str] = mapped_column(Text, default="")
    """What the last return or refusal said, for who asked."""
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When name, post and phone of the person were erased."""
    version: Mapped[int] = mapped_column(default=1)

    user: Mapped[User] = relationship(lazy="raise")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class TeamInvitation(Base):
    """An owner asks somebody into the team by a link that the letter alone carries.

    ``login`` is emptied some time after the end of the invitation.
    """

    __tablename__ = "team_invitations"
    __table_args__ = (
        one_of("role", TEAM_ROLES),
        CheckConstraint("(accepted_at IS NULL) = (accepted_by IS NULL)", name="accepted_by_whom"),
        CheckConstraint("accepted_at IS NULL OR cancelled_at IS NULL", name="one_end"),
        Index(
            "uq_team_invitations_live", "organisation_id", "login", unique=True,
            sqlite_where=text(_LIVE), postgresql_where=text(_LIVE),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    login: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship(lazy="raise")
