"""A market many times its size, quickly: copies of what is there, made in the database itself."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, String, Table, cast, func, insert, literal, select, true
from sqlalchemy.orm import Session

from marketplace.models import CaseStudy, Membership, Organisation, Product, Provider

COPIED: tuple[type[Any], ...] = (Organisation, Provider, Membership, Product, CaseStudy)

LONG = 10**16  # 17 digits


def multiply(session: Session, times: int, models: Sequence[type[Any]] = COPIED) -> None:
    """Rows of ``models`` ``times`` times as often as before, those they point to first.

    A copy belongs to the copy of what its original belongs to, if that is among the models.
    """
    tables: list[Table] = [model.__table__ for model in models]
    span = {each.name: session.scalar(select(func.max(each.c.id))) or 0 for each in tables}
    number = select(literal(1, Integer).label("number")).cte("numbers", recursive=True)
    number = number.union_all(select(number.c.number + 1).where(number.c.number < times - 1))
    for table in tables:
        columns = [_copied(column, number.c.number, span).label(column.name) for column in table.c]
        both = table.join(number, true())
        here = select(*columns).select_from(both).where(table.c.id <= span[table.name])
        session.execute(insert(table).from_select([c.name for c in table.c], here))


def _copied(column: Any, number: Any, span: dict[str, int]) -> Any:
    """The value of a column in copy ``number``."""
    if column.name == "id":
        return column + number * span[column.table.name]
    if column.name == "uscc":
        unique = literal(LONG, BigInteger) + column.table.c.id + number * span[column.table.name]
        return literal("X") + cast(unique, String)
    if column.name == "title" and column.table is CaseStudy.__table__:
        return column + " " + cast(number, String)
    for key in column.foreign_keys:
        if key.column.table.name in span:
            return column + number * span[key.column.table.name]
    return column
