"""Ratings (满意度评价): one for each real project, with every version of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, made_now
from marketplace.models.projects import Project


class Rating(Timestamps, Base):
    """What an enterprise says of a project that ended. ``scores`` is ``{name: 1…5}``.

    ``affiliated`` marks a rating between affiliates: it is shown as such and never counted. Only
    the text can be hidden; scores stay.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("project_id"),
        CheckConstraint("(text_hidden_at IS NULL) = (hidden_reason = '')", name="hiding_explained"),
        Index("ix_ratings_provider", "provider_id", "affiliated", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    scores: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    text: Mapped[str] = mapped_column(Text, default="")
    affiliated: Mapped[bool] = mapped_column(default=False)
    reply: Mapped[str] = mapped_column(Text, default="")
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text_hidden_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class RatingVersion(Base):
    """What a rating said before or says now; rows are only added."""

    __tablename__ = "rating_versions"
    __table_args__ = (UniqueConstraint("rating_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("ratings.id"))
    number: Mapped[int]
    scores: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    text: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    by_name: Mapped[str] = mapped_column(String(60), default="")
