"""What a product cost and since when (目录价、试点价及其变动)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import made_now


class PricePoint(Base):
    """Both prices of a product from ``since`` (a day in Beijing) until the next point, in CNY.

    Never changed: another price is another row; of several rows of one day the last one counts.
    ``by_role`` and ``by_id`` say who set them (``system``: an import).
    """

    __tablename__ = "price_points"
    __table_args__ = (
        CheckConstraint("pilot_price_cny >= 0 AND list_price_cny >= 0", name="prices_positive"),
        Index("ix_price_points_product", "product_id", "since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    list_price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    pilot_price_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    since: Mapped[date]
    by_role: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
