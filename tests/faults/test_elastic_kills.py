"""E15: Elasticsearch killed while it is written to: afterwards it equals the database.

The outbox row of a change goes only after the server has confirmed it, so what a kill swallowed
is written again, and versions keep repeats from doing harm.
"""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from marketplace import outbox
from marketplace.db import Database, make_engine
from marketplace.indexing.indexer import Indexer
from marketplace.indexing.upkeep import rebuild_index, verify_index
from marketplace.indexing.wiring import Catalogue
from search import Unavailable
from tests.faults.test_indexer_kills import PROVIDERS, Writer, populate
from tests.support.counts import count
from tests.support.elasticsearch import Node, require_server

KILLS = count(test=1, soak=20)
SECONDS_TO_CONVERGE = 10


@pytest.fixture
def node() -> Iterator[Node]:
    require_server(own=True)
    node = Node()
    try:
        node.start()
        yield node
    finally:
        node.remove()


@pytest.fixture
def engine(tmp_path: Path, sqlite_template: Path) -> Iterator[Engine]:
    path = tmp_path / "pool.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = make_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


class Drainer(threading.Thread):
    """What the worker does: drain, and after a failure try again."""

    def __init__(self, database: Database, indexer: Indexer) -> None:
        super().__init__()
        self.database, self.indexer = database, indexer
        self.stop = threading.Event()
        self.done, self.failures, self.faults = 0, 0, list[Exception]()

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                done = outbox.drain(self.database, outbox.INDEX, self.indexer.handle)
            except Unavailable:
                self.failures += 1
                done = 0
            except Exception as error:
                self.faults.append(error)
                return
            self.done += done
            if not done:
                self.stop.wait(0.05)


def seconds_until_empty(database: Database) -> float:
    """How long the queue takes to run dry."""
    start = time.monotonic()
    while time.monotonic() - start < 60:
        with database.reading() as session:
            if not outbox.status(session, outbox.INDEX).waiting:
                break
        time.sleep(0.05)
    return time.monotonic() - start


@pytest.mark.timeout(count(test=240, soak=3600))
@pytest.mark.xdist_group("elasticsearch")
def test_index_equals_database_after_kills_of_the_server(engine: Engine, node: Node) -> None:
    database = Database(engine)
    populate(database)
    catalogue = Catalogue(node.url("kills"), database)
    rebuild_index(catalogue, database)
    drainer = Drainer(database, Indexer(catalogue, database))
    drainer.start()
    chance = random.Random(15)
    waits = []
    try:
        for _ in range(KILLS):
            writer = Writer(database)
            writer.start()
            try:
                time.sleep(0.5 + chance.random())
                node.crash()
                time.sleep(0.5)
            finally:
                writer.stop.set()
                writer.join()
            node.start()
            waits.append(seconds_until_empty(database))
            assert not verify_index(catalogue, database)
    finally:
        drainer.stop.set()
        drainer.join()
    assert drainer.faults == []
    assert drainer.failures >= KILLS  # each kill was felt
    assert drainer.done > 20 * KILLS
    assert max(waits) <= SECONDS_TO_CONVERGE
    documents = dict(catalogue.engine.view().ids())
    assert 0 < len(documents) < 2 * PROVIDERS + 1
    catalogue.close()
