"""Show that quotas hold, and that they would not without their guards.

    python -m tests.bench.quota_race [admissions=1000] [threads=16]

Per engine: admissions through the service into the 12 cells of the Qingdao round, then the same
race into one cell of 20 places with the protections taken away, one by one.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from marketplace import migrate
from marketplace.db import Database, make_engine
from tests.faults import races
from tests.faults.races import CELLS
from tests.support.postgres import Cluster

TRIALS = 5
ONE = ("product", "auto_parts")


def _migrate(url: str) -> None:
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """A migrated SQLite file."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "pool.db"
    _migrate(f"sqlite:///{path}")
    yield f"sqlite:///{path}"


@contextmanager
def postgresql(cluster: Cluster) -> Iterator[str]:
    """A migrated PostgreSQL database."""
    with cluster.database() as url:
        _migrate(url)
        yield url


def protected(name: str, url: str, admissions: int, threads: int) -> None:
    """The service against all caps."""
    round_id, wishes = races.prepare(url, admissions, CELLS)
    database = Database(make_engine(url, pool_size=threads))
    begun = time.monotonic()
    outcome = races.threads(threads, wishes, lambda wish: races.admit(database, round_id, wish))
    seconds = time.monotonic() - begun
    database.engine.dispose()
    cells = races.standing(url, round_id)
    exact = sum(cap == used == live for cap, used, live in cells.values())
    places = sum(cap for cap, _, _ in cells.values())
    print(
        f"{name:<11} {admissions} admissions, {threads} threads, {seconds:.1f} s: "
        f"{exact} of {len(cells)} cells hold exactly their cap; "
        f"{dict(sorted(outcome.answers.items()))}, places {places}, "
        f"p99 {outcome.p99 * 1000:.0f} ms"
    )


def control(name: str, what: str, url: str, engine: Engine, threads: int) -> None:
    """Count-then-insert into one cell of 20 places, several times."""
    taken = []
    for _ in range(TRIALS):
        round_id, wishes = races.prepare(url, threads * 5, (ONE,))
        races.threads(
            threads, wishes, lambda wish, at=round_id: races.unprotected(engine, at, wish)
        )
        taken.append(races.standing(url, round_id)[ONE][2])
    engine.dispose()
    verdict = "over-admits" if max(taken) > 20 else "holds"
    print(f"{name:<11} count-then-insert, {what}: {taken} of 20 places: {verdict}")


def main(admissions: int = 1000, threads: int = 16) -> None:
    """Run everything on both engines."""
    folder = Path(tempfile.mkdtemp(prefix="quota-race-"))
    cluster = Cluster()
    cluster.start()
    try:
        for name, fresh in (
            ("SQLite", lambda: sqlite(folder)),
            ("PostgreSQL", lambda: postgresql(cluster)),
        ):
            with fresh() as url:
                protected(name, url, admissions, threads)
            with fresh() as url:
                nothing = "no CHECK, no begin event" if name == "SQLite" else "no CHECK"
                control(name, nothing, url, races.plain_engine(url, check=False), threads)
            with fresh() as url:
                control(name, "CHECK alone", url, races.plain_engine(url, check=True), threads)
            if name == "SQLite":
                with fresh() as url:
                    engine = races.begin_event_only(url)
                    control(name, "begin event alone", url, engine, threads)
    finally:
        cluster.remove()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
