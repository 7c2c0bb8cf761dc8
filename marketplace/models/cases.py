"""Case studies of the case hall (案例展厅)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

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


class CaseStudy(Timestamps, Edited, Base):
    """One finished transformation. Key: provider × title × year.

    ``metrics`` is a list of ``{metric, before, after, unit, measured_by, period}``;
    shown in the hall only with the client's consent (QD-I2, QD-P3).
    """

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("provider_id", "title", "year"),
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year_plausible"),
        CheckConstraint("finish_on >= start_on", name="finish_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    year: Mapped[int] = mapped_column(index=True)
    segment: Mapped[str] = mapped_column(String(40), index=True)
    district: Mapped[str | None] = mapped_column(String(12))
    client_name: Mapped[str] = mapped_column(String(120), default="")
    client_anonymous: Mapped[bool] = mapped_column(default=False)
    client_consent: Mapped[bool] = mapped_column(default=False)
    client_size: Mapped[str] = mapped_column(String(20), default="")
    process_links: Mapped[list[str]] = mapped_column(JSON, default=list)
    scenes: Mapped[list[str]] = mapped_column(JSON, default=list)
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    product_names: Mapped[list[str]] = mapped_column(JSON, default=list)
    background: Mapped[str] = mapped_column(Text, default="")
    pains: Mapped[str] = mapped_column(Text, default="")
    solution: Mapped[str] = mapped_column(Text, default="")
    process_text: Mapped[str] = mapped_column(Text, default="")
    replicability: Mapped[str] = mapped_column(Text, default="")
    start_on: Mapped[date | None]
    finish_on: Mapped[date | None]
    days: Mapped[int | None]
    investment_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    metrics: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    level_before: Mapped[int | None]
    level_after: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(back_populates="cases", lazy="raise")

    __mapper_args__ = {"version_id_col": version}

    def index_keys(self) -> list[str]:
        """Search documents that show this row."""
        return [f"case/{self.id}"]
