"""Write many rows of one table in one go: the driver's own batch, or COPY where there is one.

It by-passes the ORM and with it the outbox listener: callers queue index jobs themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from psycopg import Connection as PostgresConnection
from psycopg import sql
from sqlalchemy import JSON, Column, Table, bindparam, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

Record = Mapping[str, Any]
Maker = Callable[[Any], Any]

FEW = 5
"""Below this a COPY costs more than it saves."""


def insert_rows(session: Session, table: Table, records: Sequence[Record]) -> None:
    """Insert ``records`` (all with the same keys) in the running transaction.

    Defaults are made once for the batch.
    """
    if not records:
        return
    connection = session.connection()
    driver = connection.connection.driver_connection
    if isinstance(driver, PostgresConnection) and len(records) < FEW:
        session.execute(insert(table), [dict(record) for record in records])
        return
    columns = _columns(table, tuple(records[0]))
    rows = _rows(columns, records, connection.dialect)
    if isinstance(driver, PostgresConnection):
        _copy(driver, table, columns, rows)
        return
    names = tuple(column.name for column in columns)
    statement, order = _statement(table, names, connection.dialect)
    connection.exec_driver_sql(statement, [tuple(row[at] for at in order) for row in rows])


def _columns(table: Table, given: tuple[str, ...]) -> list[Column[Any]]:
    """The given columns, then those that Python gives a default."""
    defaults = [column for column in table.c if column.name not in given and column.default]
    return [*(table.c[name] for name in given), *defaults]


def _rows(
    columns: Sequence[Column[Any]], records: Sequence[Record], dialect: Dialect
) -> list[list[Any]]:
    """Values as the driver takes them, in the order of ``columns``."""
    given = [(c.name, _maker(c, dialect)) for c in columns if c.name in records[0]]
    # One moment, and one empty list, serve all rows of a batch: what is made here is plain values.
    filled = [_maker(c, dialect)(_default(c)) for c in columns if c.name not in records[0]]
    return [[*(make(record[name]) for name, make in given), *filled] for record in records]


def _maker(column: Column[Any], dialect: Dialect) -> Maker:
    if isinstance(column.type, JSON):
        return _json
    return column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _as_it_is(value: Any) -> Any:
    return value


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    # SQLAlchemy wraps a function so that it takes an execution context.
    return default.arg(None) if default.is_callable else default.arg


def _copy(
    driver: "PostgresConnection[Any]",
    table: Table,
    columns: Sequence[Column[Any]],
    rows: Sequence[Sequence[Any]],
) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
    )
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@cache
def _statement(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, list[int]]:
    """The INSERT as the driver takes it, and which value stands at each of its places."""
    values: dict[str, Any] = {name: bindparam(f"value_{name}") for name in names}
    compiled = insert(table).values(values).compile(dialect=dialect)
    places: Any = compiled
    return str(compiled), [
        names.index(name.removeprefix("value_")) for name in places.positiontup or ()
    ]
