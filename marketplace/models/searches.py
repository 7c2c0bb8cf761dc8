"""Saved searches of enterprises, and what each has found so far."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.favourites import KEPT_KINDS
from marketplace.models.mixins import Timestamps, made_now, one_of

WATCHED = text("alert")


class SavedSearch(Timestamps, Base):
    """A search to be run again; with ``alert`` its enterprise is told of new matches.

    ``params`` are the pairs of its address, ``wanted`` the same as the index takes it:
    ``{q, literal, filters {field: [value]}}``. ``checked_at``: when it was last compared with the
    index; ``trouble``: why it could not be.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (
        one_of("kind", KEPT_KINDS),
        UniqueConstraint("organisation_id", "name"),
        Index(
            "ix_saved_searches_watched", "checked_at", sqlite_where=WATCHED,
            postgresql_where=WATCHED,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    params: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    wanted: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    conditions: Mapped[str] = mapped_column(String(2000), default="")
    """The same in words, as the results page says them."""
    alert: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    trouble: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class SearchMatch(Base):
    """Something that a saved search has found: the row is why it is told once and not again.

    ``told_at`` is NULL for what was there when the search was saved, or while alerts were off.
    """

    __tablename__ = "search_matches"
    __table_args__ = (Index("ix_search_matches_told", "saved_search_id", "told_at"),)

    saved_search_id: Mapped[int] = mapped_column(ForeignKey("saved_searches.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(200), default="")
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
