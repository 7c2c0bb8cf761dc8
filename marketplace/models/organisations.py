"""Organisations of every kind, and how they hang together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Numeric,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base
from marketplace.models.mixins import Edited, Timestamps, one_of
from marketplace.phases import OrganisationKind

if TYPE_CHECKING:
    from marketplace.models.providers import Provider

RELATIONS = ("branch", "parent", "same_subject")


class Organisation(Timestamps, Edited, Base):
    """A legal entity or public body, known by its 统一社会信用代码 (GB 32100)."""

    __tablename__ = "organisations"
    __table_args__ = (
        one_of("kind", OrganisationKind),
        CheckConstraint("length(uscc) = 18", name="uscc_complete"),
        CheckConstraint("NOT also_enterprise OR kind = 'provider'", name="both_roles"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    short_name: Mapped[str] = mapped_column(String(40), default="")
    kind: Mapped[str] = mapped_column(String(20), index=True)
    also_enterprise: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A provider that is an enterprise of the market too: one organisation, both roles."""
    district: Mapped[str | None] = mapped_column(String(12), index=True)
    registered_city: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    applicant_class: Mapped[str] = mapped_column(String(20), default="enterprise")
    founded_on: Mapped[date | None]
    headcount: Mapped[int | None]
    registered_capital_cny: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    maturity_level: Mapped[int | None]
    segment: Mapped[str | None] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider | None] = relationship(
        back_populates="organisation", lazy="raise", uselist=False
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def kinds(self) -> tuple[OrganisationKind, ...]:
        """What the organisation is: one kind, or provider and enterprise."""
        more = (OrganisationKind.ENTERPRISE,) if self.also_enterprise else ()
        return (OrganisationKind(self.kind), *more)

    @classmethod
    def buys(cls) -> ColumnElement[bool]:
        """Rows that are enterprises of the market, also such as provide."""
        return (cls.kind == OrganisationKind.ENTERPRISE) | cls.also_enterprise

    def index_keys(self) -> list[str]:
        """Search documents that show this row."""
        return [f"organisation/{self.id}"]


class Affiliation(Timestamps, Base):
    """Two organisations that count as one subject in a selection (关联方, QD 基本条件 1)."""

    __tablename__ = "affiliations"
    __table_args__ = (
        one_of("relation", RELATIONS),
        UniqueConstraint("organisation_id", "affiliate_id"),
        CheckConstraint("organisation_id <> affiliate_id", name="not_itself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    affiliate_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))
