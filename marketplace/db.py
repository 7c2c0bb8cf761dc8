"""Engines, sessions and transactions.

One engine, two ways to begin (quality.md §2.2):

* ``read``  - SQLite ``BEGIN`` with ``query_only``; PostgreSQL ``READ ONLY``: GET requests.
* ``write`` - SQLite ``BEGIN IMMEDIATE``; PostgreSQL ``READ COMMITTED``: all the rest. What must
  read many tables as of one instant asks for ``one_snapshot``.

Without the begin event SQLite opens no transaction before the first write and over-admits.
"""

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from sqlalchemy import (
    CheckConstraint,
    Connection,
    DateTime,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")

RETRIES = 5
RETRYABLE_SQLSTATES = ("40001", "40P01", "55P03")
BUSY_TIMEOUT_MS = 5000

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all models."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on both engines; a naive value is refused (SQLite drops offsets)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: use marketplace.clock")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@event.listens_for(Table, "after_parent_attach")
def _limit_lengths(table: Table, parent: Any) -> None:
    """Give each ``String(n)`` its CHECK: SQLite does not keep the length by itself."""
    if parent is not Base.metadata:
        return  # a copy made by a migration tool brings its constraints along
    present = {constraint.name for constraint in table.constraints}
    for column in table.columns:
        kind = column.type
        name = conv(f"ck_{table.name}_{column.name}_length")
        if isinstance(kind, String) and kind.length and name not in present:
            check = f'length("{column.name}") <= {kind.length}'
            table.append_constraint(CheckConstraint(check, name=name))


def make_engine(url: str, *, statement_timeout_ms: int = 5000, pool_size: int = 5) -> Engine:
    """The engine for ``url``; ``statement_timeout_ms`` (0 = none) counts on PostgreSQL only."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
            pool_size=pool_size,
            max_overflow=20,
        )
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = (
        f"-c statement_timeout={statement_timeout_ms} -c lock_timeout=3000 "
        "-c idle_in_transaction_session_timeout=10000 -c timezone=UTC"
    )
    return create_engine(
        parsed,
        connect_args={"options": options},
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=20,
    )


def _configure_sqlite(dbapi_connection: Any, record: Any) -> None:
    dbapi_connection.isolation_level = None  # we emit BEGIN ourselves, see the module docstring
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE slips past the append-only triggers
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", True)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class Database:
    """The two session kinds over one pool."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._write = engine.execution_options(writing=True)
        self._read = engine.execution_options(writing=False)
        if engine.dialect.name == "postgresql":
            self._read = self._read.execution_options(postgresql_readonly=True)

    def read_session(self) -> Session:
        """A session that cannot write."""
        return Session(self._read, expire_on_commit=False)

    def write_session(self) -> Session:
        """A session that takes SQLite's write lock with its first query."""
        return Session(self._write, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A short read transaction."""
        with self.read_session() as session:
            yield session

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One write transaction: commits at the end, rolls back on an exception."""
        with self.write_session() as session, session.begin():
            yield session

    def run(self, work: Callable[[Session], T]) -> T:
        """``work(session)`` in a write transaction, repeated when the database asks for it."""

        def once() -> T:
            with self.unit_of_work() as session:
                return work(session)

        return retrying(once)


def is_retryable(error: BaseException) -> bool:
    """Whether repeating the whole transaction may succeed (deadlock, serialisation, busy)."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state in RETRYABLE_SQLSTATES:
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)


def retrying(work: Callable[[], T]) -> T:
    """Call ``work`` up to five times while its transaction is refused for a passing reason."""
    for attempt in range(RETRIES):
        try:
            return work()
        except DBAPIError as error:
            if attempt == RETRIES - 1 or not is_retryable(error):
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311  jitter, no secret
    raise AssertionError("unreachable")


def one_snapshot(session: Session) -> None:
    """Let all that ``session`` reads until its end be of one instant; before its first statement.

    SQLite's transactions are so by themselves. PostgreSQL: REPEATABLE READ, where a row that
    somebody changed meanwhile cannot be locked any more (40001) and the whole is repeated.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def current_session() -> Session:
    """The session of the running request; opened by the first call, ended by the app."""
    session: Session | None = g.get("session")
    if session is None:
        database: Database = current_app.extensions["database"]
        safe = request.method in SAFE_METHODS
        session = database.read_session() if safe else database.write_session()
        g.session = session
    return session


def of_one_instant(view: Callable[..., T]) -> Callable[..., T]:
    """A view whose request reads one snapshot; stands before whatever queries first."""

    @functools.wraps(view)
    def begun(*args: Any, **kwargs: Any) -> T:
        one_snapshot(current_session())
        return view(*args, **kwargs)

    return begun


class TransactionalFlask(Flask):
    """Ends the transaction of a request once, where a failing commit can still become an answer.

    Commits iff the method is unsafe and the status is below 400. Security records and the
    login session live in short transactions of their own, before and after (house.md §5).
    """

    def dispatch_request(self) -> Response:
        return retrying(self._dispatch_once)

    def _dispatch_once(self) -> Response:
        try:
            response = self.make_response(super().dispatch_request())
            session: Session | None = g.get("session")
            if session is not None and request.method not in SAFE_METHODS:
                if response.status_code < 400:
                    session.commit()
                else:
                    session.rollback()
            return response
        finally:
            session = g.pop("session", None)
            if session is not None:
                session.close()
