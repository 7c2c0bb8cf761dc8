"""Products and solutions (产品 / 解决方案) in the catalogue."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Numeric,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base
from marketplace.models.mixins import Edited, Timestamps

if TYPE_CHECKING:
    from marketplace.models.providers import Provider


class Product(Timestamps, Edited, Base):
    """One product in one version. Key: provider × name × version. Prices in CNY."""

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("provider_id", "name", "release"),
        CheckConstraint("pilot_price_cny >= 0 AND list_price_cny >= 0", name="prices_positive"),
        CheckConstraint("typical_days > 0", name="days_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    release: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(20))
    segments: Mapped[list[str]] = mapped_column(JSON, default=list)
    process_links: Mapped[list[str]] = mapped_column(JSON, default=list)
    scenes: Mapped[list[str]] = mapped_column(JSON, default=list)
    summary: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    modules_common: Mapped[list[str]] = mapped_column(JSON, default=list)
    modules_custom: Mapped[list[str]] = mapped_column(JSON, default=list)
    deployment: Mapped[list[str]] = mapped_column(JSON, default=list)
    interfaces: Mapped[list[str]] = mapped_column(JSON, default=list)
    suited_sizes: Mapped[list[str]] = mapped_column(JSON, default=list)
    prerequisites: Mapped[str] = mapped_column(Text, default="")
    pricing_model: Mapped[str] = mapped_column(String(20), default="project")
    list_price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    pilot_price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    price_unit: Mapped[str] = mapped_column(String(20), default="")
    annual_fee_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    price_valid_until: Mapped[date | None]
    typical_days: Mapped[int | None]
    on_site_days: Mapped[int | None]
    after_sales: Mapped[str] = mapped_column(String(200), default="")
    ip_no: Mapped[str] = mapped_column(String(60), default="")
    ip_name: Mapped[str] = mapped_column(String(120), default="")
    """The name under which the copyright is registered (软件著作权名称)."""
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(back_populates="products", lazy="raise")

    __mapper_args__ = {"version_id_col": version}

    def index_keys(self) -> list[str]:
        """Search documents that show this row."""
        return [f"product/{self.id}"]
