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
import subprocess
import sys
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
from tests.bench.search_corpus import TERMS
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


def raw_sqlite(source: Engine, folder: Path) -> tuple[float, float]:
    """Write the final rows with executemany, one transaction; wall and CPU seconds."""
    url = f"sqlite:///{folder}/raw.db"
    engine = make_engine(url)
    upgrade(engine)
    contents = list(_final(source))
    begun, cpu = time.perf_counter(), time.process_time()
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        for table, columns, values in contents:
            marks = ", ".join("?" * len(columns))
            names = ", ".join(columns)
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  our tables
            cursor.executemany(statement, values)
    seconds = time.perf_counter() - begun, time.process_time() - cpu
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


def measure(url: str, path: Path, total: int, cluster: Cluster | None) -> None:
    """Import the file into an empty database and print the numbers, the ratio last."""
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
    print(
        f"  check  {check_wall:6.1f} s ({check_cpu:.1f} s CPU)   {total / check_wall:,.0f} rows/s"
    )
    print(
        f"  apply  {apply_wall:6.1f} s ({apply_cpu:.1f} s CPU)   {total / apply_wall:,.0f} rows/s"
    )
    print(f"  memory of the importing process: {memory:.0f} MiB")
    print(f"  write transactions: {transactions.told()}")
    if len(waits) > 1:
        slow = quantiles(waits, n=100)[98]
        longest = max(waits)
        print(f"  other writers: p99 {slow * 1e3:.0f} ms, longest {longest * 1e3:.0f} ms")
    assert sum(counts["applied"] for counts in done.summary.values()) == total
    seconds = check_wall + apply_wall
    if cluster is None:
        raw, raw_cpu = raw_sqlite(engine, path.parent)
        tell_ratio(seconds, raw, "executemany", 20)
        print(f"  CPU alone: ratio {(check_cpu + apply_cpu) / raw_cpu:.1f}")
    else:
        tell_ratio(seconds, raw_copy(engine, cluster), "COPY", 4.5)
    engine.dispose()


def write(path: Path, wanted: int) -> None:
    """Write the workbook; print how many rows it has."""
    database = Database(make_engine(f"sqlite:///{path.parent}/words.db"))
    upgrade(database.engine)
    database.run(books.prepare)
    given = rows(wanted)
    books.write(database, path, given)
    database.engine.dispose()
    print(sum(map(len, given.values())))


def read(path: Path) -> None:
    """Time the reading process alone."""

    def count() -> int:
        with reader.opened(path) as contents:
            return sum(1 for _ in contents)

    _, wall, _ = timed(count)
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"reading process: {wall:.1f} s, {child.ru_utime + child.ru_stime:.1f} s CPU,"
        f" {child.ru_maxrss / 1024:.0f} MiB"
    )


def apart(*arguments: object) -> str:
    """Run one step in a process of its own, so that its memory is its own; gives what it said."""
    command = [sys.executable, "-m", "tests.bench.import_bench", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Run on the chosen engines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"))
    parser.add_argument("--step", choices=("write", "read", "sqlite", "postgresql"))
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    if arguments.step:
        take_step(arguments.step, arguments.file, arguments.rows)
        return
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "大.xlsx"
        total = int(apart(arguments.rows, "--step", "write", "--file", path))
        print(f"{total:,} rows, {path.stat().st_size / 2**20:.1f} MiB")
        print(apart("--step", "read", "--file", path), end="")
        for engine, title in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
            if arguments.engine in (None, engine):
                print(title, flush=True)
                print(apart(total, "--step", engine, "--file", path), end="", flush=True)


def take_step(step: str, path: Path, rows: int) -> None:
    """What one of the processes does."""
    if step == "write":
        write(path, rows)
    elif step == "read":
        read(path)
    elif step == "sqlite":
        measure(f"sqlite:///{path.parent}/pool.db", path, rows, None)
    else:
        cluster = Cluster(durable=True)
        cluster.start()
        try:
            with cluster.database() as url:
                measure(url, path, rows, cluster)
        finally:
            cluster.remove()


def tell_ratio(seconds: float, raw: float, how: str, limit: float) -> None:
    """Print the import's time against the raw one."""
    print(f"  raw {how} of the final rows {raw:.2f} s: ratio {seconds / raw:.1f} (target {limit})")


if __name__ == "__main__":
    main()
