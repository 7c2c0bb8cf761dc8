"""Awards (优秀服务商、优秀解决方案) by the rules of a programme."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.memberships import Membership
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.products import Product
from marketplace.models.providers import Provider
from marketplace.phases import AwardPhase

KINDS = ("provider", "solution")
_PROVIDERS = text("product_id IS NULL AND phase IN ('proposed', 'announced')")
_SOLUTIONS = text("product_id IS NOT NULL AND phase IN ('proposed', 'announced')")


class Award(Timestamps, Base):
    """One award of one year to a place in the pool, or to a product of its provider.

    ``clause`` is the id of the programme's award, ``tier`` the label of its tier if it has any.
    """

    __tablename__ = "awards"
    __table_args__ = (
        one_of("phase", AwardPhase),
        one_of("kind", KINDS),
        CheckConstraint("(kind = 'solution') = (product_id IS NOT NULL)", name="solution_named"),
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year_plausible"),
        CheckConstraint("amount_cny >= 0", name="amount_positive"),
        CheckConstraint(
            "phase NOT IN ('announced', 'revoked')"
            " OR (announced_on IS NOT NULL AND document_no <> '')",
            name="announced_dated",
        ),
        Index(
            "uq_awards_provider", "membership_id", "clause", "year", unique=True,
            sqlite_where=_PROVIDERS,
            postgresql_where=_PROVIDERS,
        ),
        Index(
            "uq_awards_solution", "product_id", "clause", "year", unique=True,
            sqlite_where=_SOLUTIONS,
            postgresql_where=_SOLUTIONS,
        ),
        Index("ix_awards_year", "year", "phase"),
        Index("ix_awards_provider_of", "provider_id", "phase"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[str] = mapped_column(String(60))
    clause: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    tier: Mapped[str] = mapped_column(String(60), default="")
    year: Mapped[int]
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    grounds: Mapped[str] = mapped_column(Text)
    amount_cny: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    document_no: Mapped[str] = mapped_column(String(60), default="")
    announced_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    membership: Mapped[Membership] = relationship(lazy="raise")
    provider: Mapped[Provider] = relationship(lazy="raise")
    product: Mapped[Product | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
