"""Columns that several tables share."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace import clock
from marketplace.db import UtcDateTime

Tags = list[str]


def tags() -> Mapped[Any]:
    """A JSON list of vocabulary codes, never NULL."""
    return mapped_column(JSON, nullable=False, default=list)


def one_of(column: str, values: Iterable[StrEnum | str]) -> CheckConstraint:
    """CHECK that ``column`` holds one of the values of an enum."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def made_now() -> datetime:
    """Default of moments: the clock as it is set when the row is written.

    ``clock.now`` itself would be bound when the model is imported, and pass a set clock by.
    """
    return clock.now()


class Timestamps:
    """When a row was made and last changed (UTC)."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now, onupdate=made_now)


class Edited:
    """Which fields people changed by hand: ``{field: {"by": role, "at": iso time}}``.

    An import leaves such fields alone and reports them.
    """

    edited_fields: Mapped[dict[str, dict[str, str]]] = mapped_column(
        JSON, nullable=False, default=dict
    )
    hidden_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hidden_reason: Mapped[str | None]
