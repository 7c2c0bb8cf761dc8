"""Providers (服务商): the public profile of an organisation, and its people."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base
from marketplace.models.mixins import Edited, Timestamps
from marketplace.models.organisations import Organisation

if TYPE_CHECKING:
    from marketplace.models.cases import CaseStudy
    from marketplace.models.memberships import Membership
    from marketplace.models.products import Product


class Provider(Timestamps, Edited, Base):
    """What a provider shows of itself. Pool standing lives in ``Membership``, never here."""

    __tablename__ = "providers"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), unique=True)
    intro: Mapped[str] = mapped_column(Text, default="")
    strengths: Mapped[list[str]] = mapped_column(JSON, default=list)
    service_areas: Mapped[list[str]] = mapped_column(JSON, default=list)
    process_links: Mapped[list[str]] = mapped_column(JSON, default=list)
    qualifications: Mapped[list[str]] = mapped_column(JSON, default=list)
    honours: Mapped[list[str]] = mapped_column(JSON, default=list)
    local_headcount: Mapped[int | None]
    website: Mapped[str] = mapped_column(String(200), default="")
    contact_role: Mapped[str] = mapped_column(String(40), default="")
    contact_phone_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    confirmed_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship(back_populates="provider", lazy="raise")
    products: Mapped[list[Product]] = relationship(back_populates="provider", lazy="raise")
    cases: Mapped[list[CaseStudy]] = relationship(back_populates="provider", lazy="raise")
    memberships: Mapped[list[Membership]] = relationship(back_populates="provider", lazy="raise")

    __mapper_args__ = {"version_id_col": version}

    def index_keys(self) -> list[str]:
        """Search documents that show this row."""
        return [f"provider/{self.id}"]


class Person(Timestamps, Base):
    """A member of a provider's team. Names are personal data: shown to staff, counted in public."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("provider_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(60), default="")
    degree: Mapped[str] = mapped_column(String(20), default="")
    role: Mapped[str] = mapped_column(String(60), default="")
    is_local: Mapped[bool] = mapped_column(default=False)
    years: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
