"""Changes of profiles and products that wait for a check (资料修改审核)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.products import Product
from marketplace.models.providers import Provider
from marketplace.phases import OPEN_REQUESTS, RequestPhase

PROFILE, PRODUCT = "provider", "product"
_OPEN = "phase IN (" + ", ".join(f"'{phase}'" for phase in OPEN_REQUESTS) + ")"


class ChangeRequest(Timestamps, Base):
    """What a provider wants to change: ``fields`` is ``{field: [old, new]}``, never rewritten.

    ``subject_type`` is ``provider`` (the profile) or ``product``; a new product has no
    ``subject_id`` until it is approved. ``base_version`` is the version of the subject that it
    began with. Prices stand as texts of CNY, days as ISO texts. A subject has at most one open
    request: another text takes the place of the former. ``logo`` is the same for the picture of a
    product, ``[old, new]`` as numbers of stored files.
    """

    __tablename__ = "change_requests"
    __table_args__ = (
        one_of("subject_type", (PROFILE, PRODUCT)),
        one_of("phase", RequestPhase),
        CheckConstraint(
            "subject_id IS NOT NULL OR (subject_type = 'product' AND phase <> 'approved')",
            name="subject_named",
        ),
        Index(
            "uq_change_requests_open", "subject_type", "subject_id", unique=True,
            sqlite_where=text(_OPEN), postgresql_where=text(_OPEN),
        ),
        Index("ix_change_requests_provider", "provider_id", "phase"),
        Index("ix_change_requests_phase", "phase", "state_since"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(120))
    """What the subject was called when the request was written."""
    fields: Mapped[dict[str, list[Any]]] = mapped_column(JSON, default=dict)
    logo: Mapped[list[int | None] | None] = mapped_column(JSON(none_as_null=True))
    base_version: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")
    """Why, in the words of the provider."""
    answer: Mapped[str] = mapped_column(Text, default="")
    """What the bureau said."""
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(lazy="raise")
    product: Mapped[Product | None] = relationship(
        lazy="raise", primaryjoin="foreign(ChangeRequest.subject_id) == Product.id"
    )
    """The product that an approval makes."""

    __mapper_args__ = {"version_id_col": version}
