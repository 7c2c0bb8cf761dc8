"""Write many rows of one table in one go: the driver's own batch, or COPY where there is one.

It by-passes the ORM and with it the outbox listener: callers queue index jobs themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from psycopg import Connection as PostgresConnection
from psycopg import Error as PostgresError
from psycopg import sql
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Table,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

Record = Mapping[str, Any]
Maker = Callable[[Any], Any]


def insert_rows(session: Session, table: Table, records: Sequence[Record]) -> None:
    """Insert ``records`` (all with the same keys) in the running transaction.

    Defaults are made once for the batch.
    """
    if not records:
        return
    connection = session.connection()
    driver = connection.connection.driver_connection
    columns = _columns(table, tuple(records[0]))
    rows = _rows(columns, records, connection.dialect)
    if isinstance(driver, PostgresConnection):
        _copy(driver, table, columns, rows)
        return
    names = tuple(column.name for column in columns)
    statement, order = _statement(table, names, connection.dialect)
    connection.exec_driver_sql(statement, [tuple(row[at] for at in order) for row in rows])


def among(
    session: Session, column: ColumnElement[Any] | InstrumentedAttribute[Any], values: Sequence[Any]
) -> ColumnElement[bool]:
    """``column IN values`` with one parameter for all of them: numbers or texts, any number.

    The statement is then the same for few and many values: it is compiled and parsed once.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    listed = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def _columns(table: Table, given: tuple[str, ...]) -> list[Column[Any]]:
    """The given columns, then those that Python gives a default."""
    defaults = [column for column in table.c if column.name not in given and column.default]
    return [*(table.c[name] for name in given), *defaults]


def _rows(
    columns: Sequence[Column[Any]], records: Sequence[Record], dialect: Dialect
) -> list[list[Any]]:
    """Values as the driver takes them, in the order of ``columns``."""
    names = tuple(records[0])
    makers = [_maker(column, dialect) for column in columns]
    changing = [(at, make) for at, make in enumerate(makers[: len(names)]) if make is not None]
    # One moment, and one empty list, serve all rows of a batch: what is made here is plain values.
    filled = [
        _plain(make(_default(column)) if make else _default(column), dialect)
        for column, make in zip(columns[len(names) :], makers[len(names) :], strict=True)
    ]
    rows = [[record[name] for name in names] + filled for record in records]
    for at, make in changing:
        for row in rows:
            row[at] = make(row[at])
    return rows


def _maker(column: Column[Any], dialect: Dialect) -> Maker | None:
    """What turns a value into the driver's; None where it is that already."""
    if isinstance(column.type, JSON):
        return _json
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    # SQLAlchemy wraps a function so that it takes an execution context.
    return default.arg(None) if default.is_callable else default.arg


def _plain(value: Any, dialect: Dialect) -> Any:
    """An instant as the text that COPY would make of it in each row anew."""
    copied = dialect.name == "postgresql" and isinstance(value, datetime)
    return value.isoformat() if copied else value


def _copy(
    driver: "PostgresConnection[Any]",
    table: Table,
    columns: Sequence[Column[Any]],
    rows: Sequence[Sequence[Any]],
) -> None:
    statement = _copy_statement(table.name, tuple(column.name for column in columns))
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except PostgresError as error:  # as callers know it from all other statements
        raise DBAPIError.instance(statement, None, error, PostgresError) from error


@cache
def _copy_statement(table: str, columns: tuple[str, ...]) -> str:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names).as_string()


@cache
def _statement(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, list[int]]:
    """The INSERT as the driver takes it, and which value stands at each of its places."""
    values: dict[str, Any] = {name: bindparam(f"value_{name}") for name in names}
    compiled = insert(table).values(values).compile(dialect=dialect)
    places: Any = compiled
    return str(compiled), [
        names.index(name.removeprefix("value_")) for name in places.positiontup or ()
    ]
