"""Forms that were sent: each takes effect once, however often it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import made_now


class SubmittedForm(Base):
    """One sent form: hidden ``key``, what was sent (``digest``), where the answer leads.

    Written in the transaction of the effect, so the row stands exactly when the effect does.
    ``report`` is what the answering page tells, item by item, after a bulk action.
    """

    __tablename__ = "submitted_forms"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(String(400), default="")
    report: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
