"""Webhooks: addresses that are told about public events, what is sent to them, and every try."""

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
from marketplace.models.mixins import Tags, Timestamps, made_now, one_of, tags
from marketplace.phases import WebhookPhase

WAITING = "delivered_at IS NULL AND given_up_at IS NULL"


class WebhookEndpoint(Timestamps, Base):
    """An address that gets events of the chosen ``kinds``, of ``programmes`` (none = all).

    After a failed try nothing is sent before ``retry_at``; while ``claimed_until`` lies ahead one
    sender is at work. Both, and ``turn_at`` (when it last had its turn), are written by senders
    beside the version: they never clash with somebody who edits.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        one_of("phase", WebhookPhase),
        CheckConstraint(
            "(former_secret_encrypted IS NULL) = (former_until IS NULL)", name="former_dated"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    url: Mapped[str] = mapped_column(String(500))
    kinds: Mapped[Tags] = tags()
    programmes: Mapped[Tags] = tags()
    secret_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    former_secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    former_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    turn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class WebhookDelivery(Base):
    """One message to one address. ``event_id`` is NULL for a test that somebody asked for.

    ``message_id`` and ``body`` stay the same however often it is sent; ``attempts`` counts the
    tries since it was queued, or queued again by hand.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        CheckConstraint("delivered_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index(
            "ix_webhook_deliveries_waiting", "endpoint_id", "id",
            sqlite_where=text(WAITING), postgresql_where=text(WAITING),
        ),
        Index("ix_webhook_deliveries_delivered", "delivered_at"),
        Index("ix_webhook_deliveries_given_up", "given_up_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    message_id: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    attempts: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    endpoint: Mapped[WebhookEndpoint] = relationship(lazy="raise")


class WebhookAttempt(Base):
    """One try to deliver: the status answered (NULL = no answer), what was wrong, and the first
    part of the answer; ``took`` in milliseconds."""

    __tablename__ = "webhook_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    took: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(200), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
