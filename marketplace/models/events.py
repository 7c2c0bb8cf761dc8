"""The append-only history of what people and the system did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, case, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.accounts import User
from marketplace.models.mixins import made_now
from marketplace.phases import PRIVATE_ROLES


class Event(Base):
    """One command: who, as what, did what to which object, from which state to which, and why.

    Rows are never changed or deleted: triggers on both engines refuse it.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_subject", "subject_type", "subject_id", "id"),
        Index("ix_events_action_at", "action", "at"),
        Index("ix_events_kind_at", "subject_type", "at"),
        Index("ix_events_name_at", "actor_name", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now, index=True)
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    actor_id: Mapped[int | None] = mapped_column(index=True)
    actor_name: Mapped[str] = mapped_column(String(60))
    actor_role: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[int | None]
    from_state: Mapped[str] = mapped_column(String(40), default="")
    to_state: Mapped[str] = mapped_column(String(40), default="")
    reason_code: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    document_no: Mapped[str] = mapped_column(String(60), default="")
    diff: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    request_id: Mapped[str] = mapped_column(String(40), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")

    who: Mapped[str] = column_property(
        case(
            (
                actor_role.in_(("anonymous", *PRIVATE_ROLES)),
                func.coalesce(
                    select(User.name).where(User.id == actor_id).scalar_subquery(), actor_name
                ),
            ),
            else_=actor_name,
        )
    )
    """Who it was, for pages: people outside the offices by the name their account has now."""


class EventSeal(Base):
    """One link of the hash chain, written by the worker in sealing order."""

    __tablename__ = "event_seals"

    seq: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), unique=True)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    algorithm: Mapped[str] = mapped_column(String(20), default="sha256")
