"""E12: a worker killed at any moment during writes leaves the index equal to the database."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, update

from marketplace import clock, outbox
from marketplace.db import Database
from marketplace.indexing.indexer import Indexer
from marketplace.indexing.upkeep import rebuild_index, verify_index
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Lease, Membership, OutboxItem, Product, Provider
from search import Document
from tests import factories
from tests.support.counts import count

PROVIDERS = 12
KILLS = count(4, 100)


def populate(database: Database) -> None:
    """Listed providers with one product each."""
    with database.unit_of_work() as session:
        pinned = factories.make_round(session)
        for _ in range(PROVIDERS):
            provider = factories.make_provider(session)
            factories.make_product(session, provider, segments=["auto_parts"])
            factories.make_membership(
                session, pinned, provider, type="product", segment="auto_parts"
            )


class Writer(threading.Thread):
    """Edits texts and moves memberships in and out of the lists until told to stop."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._random = random.Random(12)
        self.stop = threading.Event()
        self.writes = 0

    def run(self) -> None:
        while not self.stop.is_set():
            with self._database.unit_of_work() as session:
                number = self._random.randint(1, PROVIDERS)
                self.writes += 1
                if self._random.random() < 0.5:
                    session.get_one(Provider, number).intro = f"第{self.writes}次修改"
                else:
                    member = session.get_one(Membership, number)
                    member.phase = "suspended" if member.phase == "listed" else "listed"
            time.sleep(0.005)


def kill_a_worker(engine: Engine, search_url: str, seconds: float, manner: str = "careful") -> None:
    """Start one, and kill it ``seconds`` after it has begun with its first batch."""
    url = engine.url.render_as_string(hide_password=False)
    module = "tests.faults.indexing_child"
    command = [sys.executable, "-m", module, url, search_url, manner]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert "working\n" in iter(worker.stdout.readline, "")  # its log comes there too
        time.sleep(seconds)
        worker.kill()


def drained(search_url: str, database: Database) -> Catalogue:
    """The index, after the next worker has done all there is to do."""
    catalogue = Catalogue(search_url, database)
    indexer = Indexer(catalogue, database)
    while outbox.drain(database, outbox.INDEX, indexer.handle, limit=5, kin=indexer.kin):
        pass
    return catalogue


def forget_lease(database: Database) -> None:
    """The dead holder's lease would make the next worker wait its eight seconds."""
    with database.unit_of_work() as session:
        session.execute(update(Lease).values(until=clock.now()))


@pytest.mark.timeout(count(120, 3600))
def test_index_equals_database_after_kills(engine: Engine, tmp_path: Path) -> None:
    database = Database(engine)
    populate(database)
    search_url = f"tantivy://{tmp_path}/index"
    catalogue = Catalogue(search_url, database)
    rebuild_index(catalogue, database)
    catalogue.close()
    writer = Writer(database)
    writer.start()
    chance = random.Random(3)
    try:
        for _ in range(KILLS):
            forget_lease(database)
            kill_a_worker(engine, search_url, chance.uniform(0, 0.8))
    finally:
        writer.stop.set()
        writer.join()
    assert writer.writes > KILLS
    catalogue = drained(search_url, database)
    assert not verify_index(catalogue, database)
    documents = dict(catalogue.engine.view().ids())
    assert 0 < len(documents) < 2 * PROVIDERS + 1


@pytest.mark.timeout(180)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_careless_worker_loses_writes(engine: Engine, tmp_path: Path) -> None:
    """The control: rows removed before the index has them are lost by such a kill."""
    database = Database(engine)
    populate(database)
    search_url = f"tantivy://{tmp_path}/index"
    catalogue = Catalogue(search_url, database)
    rebuild_index(catalogue, database)
    catalogue.close()
    for number in range(5):
        forget_lease(database)
        with database.unit_of_work() as session:
            for provider in session.scalars(select(Provider)):
                provider.intro = f"第{number}次修改"
        kill_a_worker(engine, search_url, 0, "careless")
        if verify_index(drained(search_url, database), database):
            return
    pytest.fail("five kills lost nothing")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_queue_is_written_provider_by_provider(engine: Engine, tmp_path: Path) -> None:
    """A full batch takes all of its providers with it; nothing else, and nothing is lost."""
    database = Database(engine)
    populate(database)
    catalogue = Catalogue(f"tantivy://{tmp_path}/index", database)
    rebuild_index(catalogue, database)
    with database.unit_of_work() as session:
        for product in session.scalars(select(Product)):
            product.summary = "改过"
        session.get_one(Provider, 2).intro = "改过"
        session.flush()
        session.execute(delete(OutboxItem))
        products = [f"product/{number}" for number in range(PROVIDERS, 1, -1)]
        keys = ["product/1", "case/999", *products, "organisation/2", "provider/1", "nonsense"]
        outbox.put_many(session, outbox.INDEX, keys)
    indexer = Indexer(catalogue, database)
    batches: list[list[str]] = []

    def handle(jobs: Sequence[outbox.Entry]) -> dict[int, str]:
        batches.append([job.key for job in jobs])
        return indexer.handle(jobs)

    while outbox.drain(database, outbox.INDEX, handle, limit=2, kin=indexer.kin):
        pass
    assert batches[0] == ["product/1", "case/999", "provider/1"]
    assert batches[-2:] == [["product/2", "organisation/2"], ["nonsense"]]
    assert not verify_index(catalogue, database)


def test_verify_finds_what_was_planted(engine: Engine, tmp_path: Path) -> None:
    """The control: a skipped write, a stale one and a ghost are all found (E27)."""
    database = Database(engine)
    populate(database)
    catalogue = Catalogue(f"tantivy://{tmp_path}/index", database)
    rebuild_index(catalogue, database)
    with database.unit_of_work() as session:
        session.get_one(Product, 1).hidden_at = clock.now()  # product 1 becomes a ghost
        session.get_one(Provider, 2).intro = "改过"  # provider 2 and its product are stale
    catalogue.engine.apply([], [("provider:3", None)])  # provider 3 is missing
    catalogue.engine.apply([Document("case:999", 1, "数据库里没有的案例")])
    found = verify_index(catalogue, database, repair=True)
    assert found.missing == ("provider:3",)
    assert set(found.stale) == {"provider:1", "provider:2", "product:2"}
    assert set(found.ghosts) == {"product:1", "case:999"}
    indexer = Indexer(catalogue, database)
    while outbox.drain(database, outbox.INDEX, indexer.handle):
        pass
    assert not verify_index(catalogue, database)
