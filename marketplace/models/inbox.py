"""The inbox: one message per event and reader, and how each reader wants to be told."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import made_now, one_of

NOW, DIGEST, NONE = "now", "digest", "none"
DELIVERIES = (NOW, DIGEST, NONE)
"""How a message is mailed: at once, in the letter of the day, or not at all."""

UNREAD = text("read_at IS NULL")
COLLECTED = text("mail = 'digest' AND digest_on IS NULL")


class Message(Base):
    """What one reader was told about one event, in the words meant for that reader.

    ``cause`` names the event: the same cause never reaches the same reader twice.
    """

    __tablename__ = "messages"
    __table_args__ = (
        one_of("mail", DELIVERIES),
        UniqueConstraint("user_id", "kind", "cause"),
        Index("ix_messages_unread", "user_id", sqlite_where=UNREAD, postgresql_where=UNREAD),
        Index("ix_messages_list", "user_id", "id"),
        Index("ix_messages_digest", "user_id", sqlite_where=COLLECTED, postgresql_where=COLLECTED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(String(400), default="")
    mail: Mapped[str] = mapped_column(String(10))
    digest_on: Mapped[date | None]
    """The day in whose letter it was put."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MessageChoice(Base):
    """How one user wants messages of one kind mailed; without a row the kind's own rule counts."""

    __tablename__ = "message_choices"
    __table_args__ = (one_of("mail", DELIVERIES),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    mail: Mapped[str] = mapped_column(String(10))
