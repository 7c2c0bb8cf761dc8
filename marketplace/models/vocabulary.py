"""Words and days that staff edit; files in ``config/`` only seed them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base
from marketplace.models.mixins import Timestamps


class Term(Timestamps, Base):
    """One word of a vocabulary. ``edited`` rows survive re-seeding."""

    __tablename__ = "terms"
    __table_args__ = (UniqueConstraint("kind", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(40), default="")
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)
    sort: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    edited: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class CalendarDay(Timestamps, Base):
    """A day that breaks the Monday-to-Friday rule: a holiday or a make-up working day."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    label: Mapped[str] = mapped_column(String(40))
    edited: Mapped[bool] = mapped_column(default=False)


class CalendarYear(Timestamps, Base):
    """A year the calendar knows: 官方 (``official``) or 暂定."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    official: Mapped[bool]
    source: Mapped[str] = mapped_column(String(200), default="")
    edited: Mapped[bool] = mapped_column(default=False)
