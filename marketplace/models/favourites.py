"""What an enterprise keeps while it looks around: favourites and named shortlists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, made_now, one_of

KEPT_KINDS = ("provider", "product", "case")
"""What can be kept; ``item_id`` is its number. Such rows are hidden, never deleted."""


class Favourite(Base):
    """One provider, product or case that an enterprise marked (收藏)."""

    __tablename__ = "favourites"
    __table_args__ = (
        one_of("kind", KEPT_KINDS),
        UniqueConstraint("organisation_id", "kind", "item_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[int]
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)


class Shortlist(Timestamps, Base):
    """A named list of an enterprise (选型清单), such as one for each plan."""

    __tablename__ = "shortlists"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)

    items: Mapped[list[ShortlistItem]] = relationship(
        back_populates="shortlist", lazy="raise", order_by="ShortlistItem.id"
    )

    __mapper_args__ = {"version_id_col": version}


class ShortlistItem(Base):
    """One thing on a shortlist, with what the enterprise wrote beside it."""

    __tablename__ = "shortlist_items"
    __table_args__ = (
        one_of("kind", KEPT_KINDS),
        Index("uq_shortlist_items_item", "shortlist_id", "kind", "item_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shortlist_id: Mapped[int] = mapped_column(ForeignKey("shortlists.id"))
    kind: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)

    shortlist: Mapped[Shortlist] = relationship(back_populates="items", lazy="raise")
