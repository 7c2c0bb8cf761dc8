"""From commit to searchable, with a real worker: python -m tests.bench.freshness_bench [PROVIDERS]

Prints milliseconds p50 / p95 / max: idle (targets 75 / 150), under 20 writes a second (E28: p95 at
most 1000), beside a rebuild; between the idle edits the bare engine's commit to a copy, the floor.
Then how fast a backlog of every document drains (target 2,000 documents/s).

--engine URL measures another engine than tantivy in a temporary folder.
"""

import argparse
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from flask import Flask
from sqlalchemy import select

from marketplace import outbox
from marketplace.db import Database
from marketplace.indexing.upkeep import rebuild_index
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Provider
from marketplace.models.outbox import OutboxItem
from marketplace.permissions import SYSTEM
from marketplace.services.searching import rebuilds
from search import Document
from tests.bench.market import make_market
from tests.support.server import ROOT, command, environment

PROVIDERS = 2000
IDLE_EDITS = 120
WRITES_PER_SECOND = 20
LOAD_SECONDS = 60.0
BARE = "case:0"
PATIENCE_SECONDS = 300.0


@dataclass
class Site:
    """A market, and the index that is measured."""

    app: Flask
    search_url: str
    listed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database: Database = self.app.extensions["database"]
        self.catalogue: Catalogue = self.app.extensions["search"]
        found = (key.partition(":") for key, _ in self.catalogue.engine.view().ids())
        self.listed = sorted(int(number) for kind, _, number in found if kind == "provider")

    def version(self, provider_id: int) -> int:
        """The version of a provider that is searchable now."""
        row = self.catalogue.engine.view().get(f"provider:{provider_id}")
        return row.version if row else 0

    def edit(self, provider_id: int) -> None:
        """Change a text and commit."""
        with self.database.unit_of_work() as session:
            provider = session.get_one(Provider, provider_id)
            provider.intro = f"修改于 {time.monotonic()}"

    @property
    def waiting(self) -> bool:
        """Whether index rows are in the queue; counting a long one would slow the worker down."""
        with self.database.reading() as session:
            one = select(OutboxItem.id).where(OutboxItem.kind == outbox.INDEX).limit(1)
            return session.scalar(one) is not None

    def settle(self) -> float:
        """Wait until the queue is empty; how long that took, in seconds."""
        start = time.monotonic()
        while self.waiting:
            if time.monotonic() - start > PATIENCE_SECONDS:
                raise SystemExit("the queue does not drain")
            time.sleep(0.02)
        return time.monotonic() - start


@contextmanager
def worker(site: Site) -> Iterator[None]:
    """``marketplace worker`` beside the site."""
    settings = site.app.extensions["settings"]
    env = environment(
        settings.data_dir, DATABASE_URL=settings.database_url, SEARCH_URL=site.search_url
    )
    with (settings.data_dir / "worker.log").open("wb") as log:
        process = subprocess.Popen(command("worker"), cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def idle(site: Site, edits: int, bare: list[float]) -> list[float]:
    """Single edits at random moments; after each a commit of the bare engine to a copy."""
    dice = random.Random(4)
    seen = []
    copy = Catalogue(f"tantivy:{site.app.extensions['settings'].data_dir}/copy", site.database)
    rebuild_index(copy, site.database)
    for number in range(edits):
        time.sleep(dice.uniform(0.05, 0.25))
        seen.append(_one(site, site.listed[number % len(site.listed)]))
        start = time.monotonic()
        copy.engine.apply([Document(BARE, number + 1, "裸引擎")])
        bare.append(time.monotonic() - start)
    copy.close()
    return seen


def _one(site: Site, provider_id: int) -> float:
    before = site.version(provider_id)
    site.edit(provider_id)
    start = time.monotonic()
    while site.version(provider_id) == before:
        time.sleep(0.002)
    return time.monotonic() - start


def loaded(site: Site, seconds: float) -> list[float]:
    """Steady edits, each watched until it is searchable."""
    pending: dict[int, tuple[int, float]] = {}
    lock, ended = threading.Lock(), threading.Event()
    dice = random.Random(5)

    def write() -> None:
        end = time.monotonic() + seconds
        while (at := time.monotonic()) < end:
            with lock:
                free = [number for number in dice.sample(site.listed, 8) if number not in pending]
            before = site.version(free[0])
            site.edit(free[0])
            with lock:
                pending[free[0]] = before, time.monotonic()
            time.sleep(max(0.0, 1 / WRITES_PER_SECOND - (time.monotonic() - at)))
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not ended.is_set() or pending:
        with lock:
            watched = dict(pending)
        for number, (before, at) in watched.items():
            if site.version(number) != before:
                seen.append(time.monotonic() - at)
                with lock:
                    del pending[number]
        time.sleep(0.003)
    writer.join()
    return seen


def beside_a_rebuild(site: Site) -> list[float]:
    """Edits while the worker has the index rebuilt."""
    site.database.run(lambda session: rebuilds.ask(session, SYSTEM, reason="bench"))
    seen = []
    for number in range(1000):
        seen.append(_one(site, site.listed[number % len(site.listed)]))
        with site.database.reading() as session:
            if rebuilds.live(session) is None:
                break
        time.sleep(0.05)
    return seen


def backlog(site: Site) -> tuple[int, float]:
    """Every document queued at once: how many, and documents per second."""
    keys = [key.replace(":", "/") for key, _ in site.catalogue.engine.view().ids()]
    with site.database.unit_of_work() as session:
        outbox.put_many(session, outbox.INDEX, keys)
    return len(keys), len(keys) / site.settle()


def line(name: str, seconds: list[float]) -> None:
    """One row of the table, in milliseconds."""
    cuts = quantiles(seconds, n=100)
    values = (cuts[49], cuts[94], max(seconds))
    print(f"  {name:<34}{'':2}" + " / ".join(f"{value * 1000:7.1f}" for value in values) + " ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("providers", nargs="?", type=int, default=PROVIDERS)
    parser.add_argument("--engine", default="", help="SEARCH_URL of the engine to measure")
    parser.add_argument("--seconds", type=float, default=LOAD_SECONDS, help="of steady writes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = make_market(Path(folder), options.providers)
        url = options.engine or app.extensions["settings"].search_url
        if options.engine:
            app.extensions["search"] = Catalogue(url, app.extensions["database"])
            rebuild_index(app.extensions["search"], app.extensions["database"])
        site = Site(app, url)
        print(f"commit → searchable, {len(site.listed)} providers   p50 / p95 / max")
        with worker(site):
            site.settle()
            bare: list[float] = []
            line("idle", idle(site, IDLE_EDITS, bare))
            line("commit of the bare engine", bare)
            line(f"{WRITES_PER_SECOND} writes/s for {options.seconds:.0f} s",
                 loaded(site, options.seconds))  # fmt: skip
            line("beside a rebuild", beside_a_rebuild(site))
            count, rate = backlog(site)
            print(f"  backlog of {count} documents drains at {rate:8.0f} documents/s")
        site.catalogue.close()


if __name__ == "__main__":
    main()
