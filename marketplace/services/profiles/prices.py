"""What products cost and since when: list price, pilot price (让利), every change a new point."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from sqlalchemy import Table, insert, literal, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.bulk import among, insert_rows
from marketplace.models import PricePoint, Product
from marketplace.permissions import Actor

Amount = Decimal | None


@dataclass(frozen=True)
class Price:
    """Both prices in CNY from ``since`` until the next; ``off``: how much less the pilot price
    is, in percent of the list price."""

    since: date
    list_cny: Amount
    pilot_cny: Amount

    @property
    def off(self) -> Decimal | None:
        """None when a price is missing or the list price is nothing."""
        if self.list_cny is None or self.pilot_cny is None or not self.list_cny:
            return None
        share = (self.list_cny - self.pilot_cny) / self.list_cny
        return (share * 100).quantize(Decimal("0.1"))


def note(
    session: Session, actor: Actor, product: Product, *, since: date | None = None
) -> PricePoint | None:
    """Write down the prices of a flushed product unless they stand already; today by default."""
    last = session.execute(
        select(PricePoint.list_price_cny, PricePoint.pilot_price_cny)
        .where(PricePoint.product_id == product.id)
        .order_by(PricePoint.since.desc(), PricePoint.id.desc())
        .limit(1)
    ).one_or_none()
    now = (product.list_price_cny, product.pilot_price_cny)
    if now == (tuple(last) if last else (None, None)):
        return None
    point = PricePoint(
        product_id=product.id, list_price_cny=now[0], pilot_price_cny=now[1],
        since=since or clock.today(), by_role=actor.role_name, by_id=actor.user_id,
    )  # fmt: skip
    session.add(point)
    session.flush()
    return point


def note_new(session: Session, actor: Actor, given: Sequence[tuple[int, Amount, Amount]]) -> None:
    """Write down the prices of new products, id, list and pilot price, from today: bulk work."""
    by = {"since": clock.today(), "by_role": actor.role_name, "by_id": actor.user_id}
    rows = [
        {"product_id": id_, "list_price_cny": list_, "pilot_price_cny": pilot, **by}
        for id_, list_, pilot in given
    ]
    insert_rows(session, cast("Table", PricePoint.__table__), rows)


def note_many(session: Session, actor: Actor, product_ids: Sequence[int]) -> None:
    """Write down the prices of products as they stand in the table, from today: bulk work."""
    if not product_ids:
        return
    by = (clock.today(), actor.role_name, actor.user_id, clock.now())
    columns = [PricePoint.since, PricePoint.by_role, PricePoint.by_id, PricePoint.created_at]
    given = [
        literal(value, column.type).label(column.key)
        for value, column in zip(by, columns, strict=True)
    ]
    standing = (
        select(Product.id, Product.list_price_cny, Product.pilot_price_cny, *given)
        .where(among(session, cast("Table", Product.__table__).c.id, product_ids))
        .order_by(Product.id)
    )
    names = ("product_id", "list_price_cny", "pilot_price_cny", *(c.key for c in columns))
    session.execute(insert(PricePoint).from_select(names, standing))


def history(session: Session, product_id: int) -> list[Price]:
    """The prices of a product, the latest first; of one day the last. One query."""
    points = session.scalars(
        select(PricePoint)
        .where(PricePoint.product_id == product_id)
        .order_by(PricePoint.since, PricePoint.id)
    )
    by_day = {p.since: Price(p.since, p.list_price_cny, p.pilot_price_cny) for p in points}
    return [by_day[day] for day in sorted(by_day, reverse=True)]
