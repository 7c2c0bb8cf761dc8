"""Users, what they may act as, their sessions, and the counters that guard the doors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.organisations import Organisation
from marketplace.phases import Role

LINK_KINDS = ("reset", "invite", "first_admin", "email_change")


class User(Timestamps, Base):
    """A person with an account. ``login`` is the folded e-mail address."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the person had the account deleted; nothing personal is left in the row."""
    version: Mapped[int] = mapped_column(default=1)

    grants: Mapped[list[RoleGrant]] = relationship(
        back_populates="user", lazy="raise", foreign_keys="RoleGrant.user_id"
    )

    __mapper_args__ = {"version_id_col": version}


class RoleGrant(Timestamps, Base):
    """One role of one user for one organisation, possibly for a limited time."""

    __tablename__ = "role_grants"
    __table_args__ = (
        one_of("role", Role),
        Index(
            "uq_role_grants_live",
            "user_id",
            "role",
            "organisation_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    leads: Mapped[bool] = mapped_column(default=False)
    """Whether an enterprise's user manages its team; of providers the owners do."""

    user: Mapped[User] = relationship(back_populates="grants", lazy="raise", foreign_keys=[user_id])
    organisation: Mapped[Organisation] = relationship(lazy="raise")


class UserSession(Base):
    """A login session on the server; the cookie holds only the secret whose hash stands here."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("role_grants.id"))
    staff: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the password (and second factor) was last checked: re-authentication, S32."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_reason: Mapped[str] = mapped_column(String(40), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class OneTimeLink(Base):
    """A single-use link sent by mail or printed by the CLI; only its hash is stored."""

    __tablename__ = "one_time_links"
    __table_args__ = (one_of("kind", LINK_KINDS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PasswordHistory(Base):
    """Former password hashes, for the ``mlps`` password profile."""

    __tablename__ = "password_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)


class RecoveryCode(Base):
    """A hashed single-use code that stands in for the second factor."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginCounter(Base):
    """Failed logins of one account name (hashed), and the lock they lead to."""

    __tablename__ = "login_counters"

    login_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RateCounter(Base):
    """Hits of one limit key in one window: exact for any number of workers."""

    __tablename__ = "rate_counters"
    __table_args__ = (CheckConstraint("hits >= 0", name="hits_positive"),)

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    hits: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SecurityEvent(Base):
    """Logins, locks, denials, unmasking: written apart from the business transaction."""

    __tablename__ = "security_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now, index=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    result: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(String(20), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    object: Mapped[str] = mapped_column(String(120), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
