"""Import of a large workbook (B08): python -m tests.bench.import_bench [ROWS] [--engine sqlite]

Prints for each engine: time and memory of checking and applying, the longest write transaction,
how long other writers waited meanwhile; then, over some pairs in turn, the CPU ratio to writing
the same rows plainly (SQLite: executemany; PostgreSQL: COPY), see ``import_sides``. Reading the
file happens in another process and is timed by itself.
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
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Engine, event

from marketplace import clock
from marketplace.db import Database, make_engine
from marketplace.migrate import upgrade
from marketplace.models import Lease
from marketplace.permissions import SYSTEM
from marketplace.services.importing import jobs, reader
from marketplace.services.importing.jobs import Upload
from tests import factories
from tests.bench.import_sides import Fresh, pair
from tests.bench.search_corpus import TERMS
from tests.integration.importing import books
from tests.support.postgres import Cluster

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


def measure(url: str, path: Path, total: int) -> None:
    """Import the file into an empty database beside another writer: times, memory, waits."""
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
    engine.dispose()


def compare(fresh: Fresh, path: Path, total: int, pairs: int, limit: float) -> None:
    """Import and plain writing in turn; the ratio of their CPU times, and where ours went."""
    found = []
    for number in range(pairs):
        found.append(pair(fresh, path, total))
        one = found[-1]
        print(
            f"  pair {number + 1}: import {one.ours:.2f} s CPU, plain {one.final.both:.2f} s"
            f" (all rows {one.everything.both:.2f} s)",
            flush=True,
        )
    for name in ("check", "apply", "final", "everything"):
        client = median(getattr(one, name).client for one in found) / total * 1e6
        server = median(getattr(one, name).server for one in found) / total * 1e6
        print(f"  {name:<10} {client:5.1f} µs a row in our process, {server:5.1f} µs on the server")
    for name, base, target in (
        ("plain writing of the final rows", "final", f" (target {limit})"),
        ("plain writing of all rows an import makes", "everything", ""),
    ):
        ratios = [one.ours / getattr(one, base).both for one in found]
        print(
            f"  CPU / {name}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}){target}"
        )


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
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.step:
        take_step(arguments.step, arguments.file, arguments.rows, arguments.pairs)
        return
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "大.xlsx"
        total = int(apart(arguments.rows, "--step", "write", "--file", path))
        print(f"{total:,} rows, {path.stat().st_size / 2**20:.1f} MiB")
        print(apart("--step", "read", "--file", path), end="")
        for engine, title in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
            if arguments.engine in (None, engine):
                print(title, flush=True)
                step = ("--step", engine, "--file", path, "--pairs", arguments.pairs)
                print(apart(total, *step), end="", flush=True)


def take_step(step: str, path: Path, rows: int, pairs: int) -> None:
    """What one of the processes does."""
    if step == "write":
        write(path, rows)
    elif step == "read":
        read(path)
    elif step == "sqlite":
        with fresh_file(path.parent) as url:
            measure(url, path, rows)
        compare(partial(fresh_file, path.parent), path, rows, pairs, 20)
    else:
        cluster = Cluster(durable=True)
        cluster.start()
        try:
            with cluster.database() as url:
                measure(url, path, rows)
            compare(cluster.database, path, rows, pairs, 4.5)
        finally:
            cluster.remove()


@contextmanager
def fresh_file(folder: Path) -> Iterator[str]:
    """URL of a new SQLite database."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield f"sqlite:///{name}/pool.db"


if __name__ == "__main__":
    main()
