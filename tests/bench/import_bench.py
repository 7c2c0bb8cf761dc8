"""Import of a large workbook (B08): python -m tests.bench.import_bench [ROWS] [--engine sqlite]

Prints for each engine: the file, time and memory of checking and applying, the longest write
transaction, how long other writers waited meanwhile, and the ratio to writing the same final rows
raw (SQLite: executemany; PostgreSQL: COPY). Both sides of the ratio run on the same machine, one
after the other; reading the file happens in another process and is timed by itself.
"""

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from sqlalchemy import Engine, Table, event, select

from marketplace import clock
from marketplace.db import Database, make_engine
from marketplace.migrate import upgrade
from marketplace.models import CaseStudy, Lease, Organisation, Person, Product, Provider
from marketplace.permissions import SYSTEM
from marketplace.services.importing import jobs, reader
from marketplace.services.importing.jobs import Upload
from tests import factories
from tests.bench.search_bench import TERMS
from tests.integration.importing import books
from tests.support.postgres import Cluster

TABLES: tuple[Table, ...] = tuple(
    model.__table__ for model in (Organisation, Provider, Product, CaseStudy, Person)
)
PRODUCTS, CASES, PEOPLE = 20, 9, 20
WRITER_PAUSE_SECONDS = 0.01


def rows(total: int) -> books.Rows:
    """About ``total`` rows: firms with twenty products, nine cases and twenty people each."""
    dice = random.Random(8)

    def words(number: int) -> str:
        return "，".join(dice.choices(TERMS, k=number))

    firms = range(max(total // (1 + PRODUCTS + CASES + PEOPLE), 1))
    codes = [factories.uscc(7000000 + number) for number in firms]
    found: books.Rows = {"organisations": [], "products": [], "cases": [], "people": []}
    for number, code in enumerate(codes):
        found["organisations"].append(
            books.provider(code, f"青岛量{number}软件有限公司", intro=words(30))
        )
        found["products"] += [
            books.product(code, f"产品{n}", summary=words(5), description=words(40))
            for n in range(PRODUCTS)
        ]
        found["cases"] += [
            books.case(
                code, f"案例{n}{words(2)}", background=words(20), pains=words(20),
                solution=words(30), process_text=words(20), replicability=words(10),
            )
            for n in range(CASES)
        ]  # fmt: skip
        found["people"] += [books.person(code, f"测试{n}") for n in range(PEOPLE)]
    return found


class Transactions:
    """Longest and slowest-of-a-hundred write transactions of an engine, in seconds."""

    def __init__(self, engine: Engine) -> None:
        self.seconds: list[float] = []
        self._begun: dict[int, float] = {}
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "commit", self._commit)

    def _begin(self, connection: Any) -> None:
        if connection.get_execution_options().get("writing"):
            self._begun[id(connection)] = time.perf_counter()

    def _commit(self, connection: Any) -> None:
        begun = self._begun.pop(id(connection), None)
        if begun is not None:
            self.seconds.append(time.perf_counter() - begun)

    def told(self) -> str:
        p99 = quantiles(self.seconds, n=100)[98]
        longest = max(self.seconds)
        return (
            f"{len(self.seconds)} of them, p99 {p99 * 1e3:.0f} ms, longest {longest * 1e3:.0f} ms"
        )


def keep_writing(url: str, stop: Any, waits: Any) -> None:
    """Another writer: one small transaction after the other, each timed."""
    database = Database(make_engine(url))
    number = 0
    while not stop.is_set():
        number += 1
        begun = time.perf_counter()
        with database.unit_of_work() as session:
            lease = session.get(Lease, "bench")
            if lease is None:
                session.add(Lease(name="bench", holder="x", until=clock.now()))
            else:
                lease.holder = f"x{number}"
        waits.append(time.perf_counter() - begun)
        time.sleep(WRITER_PAUSE_SECONDS)
    database.engine.dispose()


@contextmanager
def other_writer(url: str) -> Iterator[list[float]]:
    """Runs beside the block in a process of its own; gives how long each write took."""
    found: list[float] = []
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        stop, waits = manager.Event(), manager.list()
        process = context.Process(target=keep_writing, args=(url, stop, waits))
        process.start()
        try:
            yield found
        finally:
            stop.set()
            process.join()
            found += list(waits)


def timed(work: Any) -> tuple[Any, float, float]:
    """The result, wall seconds and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def raw_sqlite(source: Engine, folder: Path) -> float:
    """Write the final rows with executemany, one transaction; seconds."""
    url = f"sqlite:///{folder}/raw.db"
    engine = make_engine(url)
    upgrade(engine)
    contents = list(_final(source))
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        begun = time.perf_counter()
        for table, columns, values in contents:
            marks = ", ".join("?" * len(columns))
            names = ", ".join(columns)
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  our tables
            cursor.executemany(statement, values)
        connection.connection.commit()
        seconds = time.perf_counter() - begun
    engine.dispose()
    return seconds


def raw_copy(source: Engine, cluster: Cluster) -> float:
    """Write the final rows with COPY, one transaction; seconds."""
    contents = list(_final(source))
    with cluster.database() as url:
        engine = make_engine(url)
        upgrade(engine)
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            begun = time.perf_counter()
            with driver.cursor() as cursor:
                for table, columns, values in contents:
                    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
                    with cursor.copy(statement) as copy:
                        for row in values:
                            copy.write_row(row)
            driver.commit()
            seconds = time.perf_counter() - begun
        engine.dispose()
    return seconds


def _final(source: Engine) -> Iterator[tuple[str, list[str], list[tuple[Any, ...]]]]:
    """Table, columns and rows as the driver takes them."""
    with source.execution_options(writing=False).connect() as connection:
        for table in TABLES:
            columns = [column.name for column in table.columns]
            processors = [
                column.type.dialect_impl(source.dialect).bind_processor(source.dialect)
                for column in table.columns
            ]
            values = [
                tuple(
                    make(value) if make and value is not None else value
                    for make, value in zip(processors, row, strict=True)
                )
                for row in connection.execute(select(table))
            ]
            yield table.name, columns, values


def measure(url: str, path: Path, total: int) -> Engine:
    """Import the file and print the numbers; the engine is for the raw run over the same rows."""
    engine = make_engine(url)
    upgrade(engine)
    database = Database(engine)
    database.run(books.prepare)
    transactions = Transactions(database._write)
    with other_writer(url) as waits:
        upload = Upload(jobs.sha256_of(path), path.name)
        job = database.run(lambda session: jobs.create(session, SYSTEM, upload))
        job, check_wall, check_cpu = timed(lambda: jobs.check(database, SYSTEM, job.id, path))
        assert job.phase == "staged", job.summary
        database.run(lambda session: jobs.approve(session, SYSTEM, job.id))
        context = jobs.context(database, SYSTEM, job.id, books.CIPHER)
        done, apply_wall, apply_cpu = timed(lambda: jobs.apply(context))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"  check  {check_wall:6.1f} s ({check_cpu:.1f} s CPU)   {total / check_wall:,.0f} rows/s"
    )
    print(
        f"  apply  {apply_wall:6.1f} s ({apply_cpu:.1f} s CPU)   {total / apply_wall:,.0f} rows/s"
    )
    print(f"  memory {memory:.0f} MiB, reading process {child:.0f} MiB (largest so far)")
    print(f"  write transactions: {transactions.told()}")
    if len(waits) > 1:
        slow = quantiles(waits, n=100)[98]
        longest = max(waits)
        print(
            f"  other writers: {len(waits)}, p99 {slow * 1e3:.0f} ms, longest {longest * 1e3:.0f} ms"
        )
    measure.seconds = check_wall + apply_wall  # type: ignore[attr-defined]
    assert sum(counts["applied"] for counts in done.summary.values()) == total
    return engine


def main() -> None:
    """Run on the chosen engines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, total = write(folder, arguments.rows)
        if arguments.engine != "postgresql":
            print("SQLite")
            engine = measure(f"sqlite:///{folder}/pool.db", path, total)
            tell_ratio(raw_sqlite(engine, folder), "executemany", 20)
            engine.dispose()
        if arguments.engine != "sqlite":
            cluster = Cluster(durable=True)
            cluster.start()
            try:
                with cluster.database() as url:
                    print("PostgreSQL")
                    engine = measure(url, path, total)
                    tell_ratio(raw_copy(engine, cluster), "COPY", 4.5)
                    engine.dispose()
            finally:
                cluster.remove()


def write(folder: Path, wanted: int) -> tuple[Path, int]:
    """The workbook, and how many rows it has."""
    database = Database(make_engine(f"sqlite:///{folder}/words.db"))
    upgrade(database.engine)
    database.run(books.prepare)
    given = rows(wanted)
    total = sum(map(len, given.values()))
    path = books.write(database, folder / "大.xlsx", given)
    database.engine.dispose()
    print(f"{total:,} rows, {path.stat().st_size / 2**20:.1f} MiB")

    def read() -> int:
        with reader.opened(path) as contents:
            return sum(1 for _ in contents)

    _, wall, _ = timed(read)
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"reading process: {wall:.1f} s, {child.ru_utime + child.ru_stime:.1f} s CPU,"
        f" {child.ru_maxrss / 1024:.0f} MiB"
    )
    return path, total


def tell_ratio(raw: float, how: str, limit: float) -> None:
    """Print the import's time against the raw one."""
    seconds: float = measure.seconds  # type: ignore[attr-defined]
    print(f"  raw {how} of the final rows {raw:.2f} s: ratio {seconds / raw:.1f} (target {limit})")


if __name__ == "__main__":
    main()
