"""Write many rows of one table in one go: Core batches, and COPY where the database has it.

It by-passes the ORM and with it the outbox listener: callers queue index jobs themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from psycopg import Connection as PostgresConnection
from psycopg import sql
from sqlalchemy import JSON, Column, Table, insert
from sqlalchemy.orm import Session

Record = Mapping[str, Any]

FEW = 5
"""Below this a COPY costs more than it saves."""


def insert_rows(session: Session, table: Table, records: Sequence[Record]) -> None:
    """Insert ``records`` (all with the same keys) in the running transaction."""
    if not records:
        return
    driver = session.connection().connection.driver_connection
    if isinstance(driver, PostgresConnection) and len(records) >= FEW:
        _copy(driver, table, records)
    else:
        session.execute(insert(table), [dict(record) for record in records])


def _copy(driver: "PostgresConnection[Any]", table: Table, records: Sequence[Record]) -> None:
    given = [table.c[name] for name in records[0]]
    filled = [column for column in table.c if column.name not in records[0] and column.default]
    makers = [(column.name, _maker(column)) for column in given]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in (*given, *filled)),
    )
    defaults = [(_default(column), _maker(column)) for column in filled]
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for record in records:
            values = [make(record[name]) for name, make in makers]
            copy.write_row(values + [make(default()) for default, make in defaults])


def _maker(column: Column[Any]) -> Callable[[Any], Any]:
    """What turns a Python value into what COPY takes."""
    if isinstance(column.type, JSON):
        return lambda value: orjson.dumps(value).decode()
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _default(column: Column[Any]) -> Callable[[], Any]:
    default: Any = column.default
    if default.is_callable:
        # SQLAlchemy wraps the function so that it takes an execution context.
        return lambda: default.arg(None)
    return lambda: default.arg
