"""Comparing 2–4 providers of one type, or 2–4 products of one category, side by side (F-V7).

A comparison holds plain texts; the page and the workbook show the same cells. Nothing is ranked,
no value is marked as better, what was not filled in stays empty.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Product
from marketplace.services.profiles import catalogue
from marketplace.services.profiles.catalogue import LARGEST_ID, Shown
from marketplace.services.searching.vocabulary import Vocabulary

FEWEST, MOST = 2, 4
WAN = Decimal(10_000)
Value = str | tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One fact of everything compared, in the order of the columns; "" and () = not filled in."""

    label: str
    values: tuple[Value, ...]

    @property
    def same(self) -> bool:
        """Whether all have the same value."""
        return len(set(self.values)) == 1


@dataclass(frozen=True)
class Group:
    """Facts that belong together."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Chosen:
    """What can be compared of the ids asked for. ``left`` = names of those out of the pool."""

    items: tuple["Item", ...]
    left: tuple[tuple[int, str], ...] = ()
    unknown: int = 0
    dropped: int = 0
    """How many were asked for beyond the most that fit."""


@dataclass(frozen=True)
class Item:
    """One column: what it is, and the codes of which all columns must share one."""

    id: int
    name: str
    shown: Shown
    kinds: tuple[str, ...]
    one: Product | None = None

    @property
    def product(self) -> Product:
        """The product of the column; only columns of products have one."""
        if self.one is None:
            raise ValueError(f"{self.name} is compared as a provider")
        return self.one


def providers(session: Session, ids: Sequence[int]) -> Chosen:
    """Providers in the order asked for."""
    found = {item.id: catalogue.shown(item) for item in catalogue.load(session, _known(ids))}
    items: list[Item] = []
    left: list[tuple[int, str]] = []
    unknown = 0
    for id_ in dict.fromkeys(ids):
        shown = found.get(id_)
        if shown is None or shown.provider.hidden_at or not shown.provider.memberships:
            unknown += 1
        elif not shown.in_pool:
            left.append((id_, shown.provider.organisation.name))
        else:
            items.append(Item(id_, shown.provider.organisation.name, shown, shown.types))
    return Chosen(tuple(items[:MOST]), tuple(left), unknown, max(0, len(items) - MOST))


def products(session: Session, ids: Sequence[int]) -> Chosen:
    """Products in the order asked for; one that is not public any more counts as unknown."""
    columns = select(Product.id, Product.provider_id).where(Product.id.in_(_known(ids)))
    owners = {row.id: row.provider_id for row in session.execute(columns)}
    loaded = catalogue.load(session, sorted(set(owners.values())))
    found = {
        product.id: Item(
            product.id, f"{product.name} {product.release}", shown, (product.category,), product
        )
        for shown in map(catalogue.shown, loaded)
        for product in shown.products
    }
    wanted = list(dict.fromkeys(ids))
    items = [found[id_] for id_ in wanted if id_ in found]
    return Chosen(tuple(items[:MOST]), (), len(wanted) - len(items), max(0, len(items) - MOST))


def _known(ids: Sequence[int]) -> list[int]:
    return sorted({id_ for id_ in ids if 0 < id_ <= LARGEST_ID})


def shared(items: Sequence[Item]) -> tuple[str, ...]:
    """Codes of types (or the category) that all of them have; comparing needs one."""
    kinds = [set(item.kinds) for item in items]
    return tuple(sorted(set.intersection(*kinds))) if kinds else ()


def only_different(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Without the rows in which all are the same, and without groups that this empties."""
    slim = (
        Group(group.label, tuple(row for row in group.rows if not row.same)) for group in groups
    )
    return tuple(group for group in slim if group.rows)


class Phrases:
    """How values are written in a comparison."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words

    def names(self, kind: str, codes: Iterable[str]) -> tuple[str, ...]:
        """Names of codes in the order of the vocabulary."""
        order = {word.code: place for place, word in enumerate(self._words.options(kind))}
        ordered = sorted(set(codes), key=lambda code: (order.get(code, len(order)), code))
        return tuple(self._words.name(kind, code) for code in ordered)

    def name(self, kind: str, code: str | None) -> str:
        """Name of one code."""
        return self._words.name(kind, code) if code else ""


Fact = tuple[str, Callable[[Item, Phrases], Value]]
Facts = Sequence[tuple[str, Sequence[Fact]]]


def table(items: Sequence[Item], facts: Facts, words: Vocabulary) -> tuple[Group, ...]:
    """The facts of the items as groups of rows."""
    say = Phrases(words)
    return tuple(
        Group(
            label,
            tuple(Row(name, tuple(value(item, say) for item in items)) for name, value in rows),
        )
        for label, rows in facts
    )


def wan(value: Decimal | None) -> str:
    """CNY as 万元 with two decimals."""
    return "" if value is None else f"{value / WAN:,.2f}"


def wan_range(values: Sequence[Decimal | None]) -> str:
    """The least and the most of some amounts, in 万元."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return ""
    low, high = wan(known[0]), wan(known[-1])
    return low if low == high else f"{low}–{high}"


def number(value: int | None) -> str:
    """A count; 0 is a value, None is not filled in."""
    return "" if value is None else f"{value:,}"


def day(value: date | None) -> str:
    """2024-01-31, or nothing."""
    return "" if value is None else value.isoformat()
