"""A cluster of three nodes loses its elected master in the middle of writes, searches and pages.

Nothing that was acknowledged is lost; readers go on after a moment, and never see less.
"""

import threading
import time
from collections.abc import Sequence

import pytest

from search import Document, Engine, Searcher, SearchRequest, Unavailable, open_engine, verify
from search.index import Differences
from tests.contract.corpus import ANALYZER, DAY, Source
from tests.contract.failover import Failover
from tests.support.counts import count
from tests.support.elasticsearch import Node, master_of, wait_until_whole

SECONDS = count(test=6, soak=30)
KILLS = count(test=1, soak=5)
FIRST = 200


@pytest.fixture
def nodes(failover: Failover) -> Sequence[Node]:
    """The cluster of the contract tests, whole."""
    failover.wait()
    return failover.nodes


def url_of(nodes: Sequence[Node], prefix: str) -> str:
    hosts = ",".join(f"127.0.0.1:{node.http_port}" for node in nodes)
    return f"http://{hosts}/{prefix}?shards=2&replicas=1"


class Traffic:
    """One thread writes new documents, two search; all of them go on when a call fails."""

    def __init__(self, url: str, source: Source) -> None:
        self.source = source
        self.writer, self.engine = open_engine(url), open_engine(url)
        self.reader = Searcher(self.engine, ANALYZER)
        self.stop = threading.Event()
        self.faults = list[object]()
        self.searches, self.refused, self.last_refused = 0, 0, 0.0
        self.retries, self.number = 0, len(source.documents)
        runs = (self.write, self.search, self.search)
        self.threads = [threading.Thread(target=self.until_stopped, args=(run,)) for run in runs]

    def write(self) -> None:
        key = f"case:{self.number}"
        document = Document(key, 1, "注塑案例")
        try:
            self.writer.apply([document])
        except Unavailable:
            self.retries += 1
            return
        self.source.documents[key] = document  # acknowledged
        self.number += 1

    def search(self) -> None:
        known = len(self.source.documents)
        try:
            page = self.reader.search(SearchRequest(DAY, "注塑", facets=("kind",), per_page=5))
        except Unavailable:
            self.refused += 1
            self.last_refused = time.monotonic()
            time.sleep(0.02)
            return
        self.searches += 1
        counted = sum(value.count for value in page.facets["kind"])
        # A view may be 50 ms old, and documents come one at a time.
        if page.total < known - 50 or counted != page.total:
            self.faults.append((known, page.total, counted))

    def until_stopped(self, run: object) -> None:
        assert callable(run)
        try:
            while not self.stop.is_set():
                run()
        except Exception as error:
            self.faults.append(error)

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        self.writer.close()
        self.engine.close()


def settled(engine: Engine) -> Engine:
    """The engine, once it answers."""
    end = time.monotonic() + 30
    while True:
        try:
            engine.view()
            return engine
        except Unavailable:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.timeout(count(test=300, soak=1800))
@pytest.mark.xdist_group("elasticsearch")
def test_the_master_dies_and_nothing_acknowledged_is_lost(nodes: Sequence[Node]) -> None:
    source = Source(Document(f"case:{n}", 1, "注塑案例") for n in range(FIRST))
    url = url_of(nodes, "failover")
    engine = open_engine(url)
    source.rebuild(engine)
    for _ in range(KILLS):
        before = len(source.documents)
        with Traffic(url, source) as traffic:
            time.sleep(1)
            master = master_of(nodes)
            master.crash()
            died = time.monotonic()
            time.sleep(SECONDS)
            written = len(source.documents)
        try:
            assert traffic.faults == []
            assert traffic.searches > 20
            assert written > before + 5  # it did write, also afterwards
            assert traffic.last_refused - died < SECONDS - 1, "readers went on"
            assert verify(settled(engine), source.expected()) == Differences()
        finally:  # other tests run on this cluster
            master.start(wait=False)
            wait_until_whole(nodes)
    rebuilt = source.rebuild(settled(engine))
    assert rebuilt.documents == len(source.documents)
    assert verify(engine, source.expected()) == Differences()
    engine.close()
