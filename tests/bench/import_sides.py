"""The two sides of B08: an import of parsed rows, and the driver's plain writing of what it left.

Both are counted in CPU seconds, of the process itself and of the server processes that worked for
it: wall time says little on a machine that does other things too. Neither side reads the workbook,
that is another process's work. Both write into a migrated database: same tables, indexes, checks.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import JSON, Engine, Table, event, select

from marketplace.db import Database, make_engine
from marketplace.migrate import upgrade
from marketplace.models import (
    CaseStudy,
    Event,
    ImportJob,
    ImportRow,
    Organisation,
    OutboxItem,
    Person,
    PricePoint,
    Product,
    Provider,
)
from marketplace.permissions import SYSTEM
from marketplace.services.importing import jobs
from marketplace.services.importing.jobs import Upload
from tests.integration.importing import books

FINAL = (Organisation, Provider, Product, CaseStudy, Person)
STAGED = (ImportJob, ImportRow)
BESIDE = (Event, OutboxItem, PricePoint)
TICKS = os.sysconf("SC_CLK_TCK")

Contents = list[tuple[str, list[str], list[tuple[Any, ...]]]]
"""Table, columns, and rows as the driver takes them."""
Fresh = Callable[[], AbstractContextManager[str]]
"""Gives the URL of an empty database that lives as long as the block."""


class Meter:
    """CPU seconds of this process, and of the server processes of an engine's connections."""

    def __init__(self, engine: Engine) -> None:
        engine.dispose()  # only connections from now on are known
        self._backends: set[int] = set()
        if engine.dialect.name == "postgresql":
            event.listen(engine, "connect", self._met)

    def _met(self, connection: Any, record: Any) -> None:
        self._backends.add(connection.info.backend_pid)

    def read(self) -> tuple[float, float]:
        """Client and server; a connection that was closed meanwhile would be an error."""
        return time.process_time(), sum(map(_seconds, self._backends))


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Spent:
    """CPU seconds of one piece of work."""

    client: float
    server: float

    @property
    def both(self) -> float:
        """Client and server together."""
        return self.client + self.server


@contextmanager
def spent(meter: Meter, into: list[Spent]) -> Iterator[None]:
    """Append what the block cost."""
    client, server = meter.read()
    yield
    client_end, server_end = meter.read()
    into.append(Spent(client_end - client, server_end - server))


@dataclass(frozen=True)
class Pair:
    """One import and the plain writing of its rows, the one right after the other."""

    check: Spent
    apply: Spent
    final: Spent
    """Plain writing of the rows people see: the base of B08."""
    everything: Spent
    """Plain writing of these, the staged rows, events, index jobs and price points: all that an
    import must write, whatever it is made of."""

    @property
    def ours(self) -> float:
        """CPU seconds of the whole import."""
        return self.check.both + self.apply.both


def pair(fresh: Fresh, path: Path, total: int) -> Pair:
    """Import the workbook into one new database, and write the same rows plainly into two more."""
    found: list[Spent] = []
    with fresh() as url:
        engine = make_engine(url, statement_timeout_ms=0)
        upgrade(engine)
        database = Database(engine)
        database.run(books.prepare)
        upload = Upload(jobs.sha256_of(path), path.name)
        job = database.run(lambda session: jobs.create(session, SYSTEM, upload))
        meter = Meter(engine)
        with spent(meter, found):
            job = jobs.check(database, SYSTEM, job.id, path)
        assert job.phase == "staged", job.summary
        staged = contents(engine, STAGED)
        database.run(lambda session: jobs.approve(session, SYSTEM, job.id))
        context = jobs.context(database, SYSTEM, job.id, books.CIPHER)
        with spent(meter, found):
            done = jobs.apply(context)
        assert sum(counts["applied"] for counts in done.summary.values()) == total
        final, beside = contents(engine, FINAL), contents(engine, BESIDE)
        engine.dispose()
    for given in (final, [*final, *staged, *beside]):
        with fresh() as url:
            write_plainly(url, given, found)
    return Pair(*found)


def contents(source: Engine, models: Sequence[type[Any]]) -> Contents:
    """All rows of some tables."""
    found: Contents = []
    for model in models:
        table: Table = model.__table__
        processors = [
            _json
            if isinstance(column.type, JSON)
            else column.type.dialect_impl(source.dialect).bind_processor(source.dialect)
            for column in table.columns
        ]
        with source.execution_options(writing=False).connect() as connection:
            rows = connection.execute(select(table)).all()
        values = [
            tuple(
                make(value) if make and value is not None else value
                for make, value in zip(processors, row, strict=True)
            )
            for row in rows
        ]
        found.append((str(table.name), [str(column.name) for column in table.columns], values))
    return found


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def write_plainly(url: str, given: Contents, found: list[Spent]) -> None:
    """One transaction of ``executemany`` on SQLite, of COPY on PostgreSQL."""
    engine = make_engine(url, statement_timeout_ms=0)
    upgrade(engine)
    meter = Meter(engine)
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        with spent(meter, found):
            if engine.dialect.name == "postgresql":
                _copy(driver, given)
            else:
                _executemany(driver, given)
    engine.dispose()


def _executemany(driver: Any, given: Contents) -> None:
    for table, columns, rows in given:
        names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608


def _copy(driver: Any, given: Contents) -> None:
    for table, columns, rows in given:
        names = ", ".join(f'"{name}"' for name in columns)
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
