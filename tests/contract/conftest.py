"""Every engine passes the same tests; each is named here once.

The third one is a cluster of three nodes that loses its elected master in the middle of the tests
that run on it: all of them in the soak, the telling ones in ``make test``.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from search import Analyzer, Document, Engine, Searcher, open_engine
from tests.contract.corpus import ANALYZER, Source, some_documents
from tests.contract.failover import Failover
from tests.contract.labs import Lab, TantivyLab, elastic_lab
from tests.support.counts import SOAK, count
from tests.support.elasticsearch import Node, cluster, require_server

KILLS = count(test=1, soak=8)
ENGINES = ("tantivy", "elasticsearch")
CLUSTER = pytest.param(
    "cluster",
    marks=(
        pytest.mark.xdist_group("elasticsearch"),
        pytest.mark.timeout(count(test=300, soak=900)),
    ),
)
ON_CLUSTER = frozenset(
    {
        "test_a_failing_source_leaves_the_old_index",
        "test_a_rebuild_holds_exactly_the_source_and_tells_its_progress",
        "test_a_place_stays_good_while_the_index_changes",
        "test_a_written_document_is_found_at_once",
        "test_counts_change_with_the_index",
        "test_late_writes_never_beat_newer_ones",
        "test_many_threads_search_while_one_writes",
        "test_what_is_read_does_not_change_with_the_day",
        "test_writes_during_a_rebuild_are_in_the_new_index",
    }
)
"""Tests that run on the cluster outside the soak too."""
INDEXES = ("lab", "collection", "shelf")
"""Fixtures that hold an index of one engine."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever needs an index once on each engine."""
    everywhere = SOAK or metafunc.function.__name__ in ON_CLUSTER
    for name in INDEXES:
        if name in metafunc.fixturenames:
            engines = (*ENGINES, CLUSTER) if everywhere else ENGINES
            metafunc.parametrize(name, engines, indirect=True)


@pytest.fixture(scope="session")
def three_nodes() -> Iterator[list[Node]]:
    """A cluster that tests may kill nodes of, as long as they start them again."""
    require_server(own=True)
    with cluster(3) as nodes:
        yield nodes


@pytest.fixture(scope="session")
def failover(request: pytest.FixtureRequest, three_nodes: list[Node]) -> Iterator[Failover]:
    """Kills the master in the middle of the tests on the cluster."""
    on_cluster = [item.nodeid for item in request.session.items if _runs_on_cluster(item)]
    failover = Failover(three_nodes, on_cluster, KILLS)
    yield failover
    failover.end()
    assert failover.deaths == len(failover.chosen), (
        "not all tests on the cluster ran in this process"
    )


def _runs_on_cluster(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is not None and any(call.params.get(name) == "cluster" for name in INDEXES)


@pytest.fixture(autouse=True)
def master_may_die(request: pytest.FixtureRequest) -> Iterator[None]:
    """While a test on the cluster runs, if its turn has come."""
    if not _runs_on_cluster(request.node):
        yield
        return
    with request.getfixturevalue("failover").during(request.node.nodeid):
        yield


@pytest.fixture
def most(request: pytest.FixtureRequest) -> float:
    """Seconds that any answer may take; three nodes on one machine, of which one may be dying,
    have longer.
    """
    return 3.0 if _runs_on_cluster(request.node) else 0.3


def _lab(request: pytest.FixtureRequest, folder: Path) -> AbstractContextManager[Lab]:
    if request.param == "tantivy":
        return nullcontext(TantivyLab(folder / "index"))
    if request.param == "cluster":
        nodes = request.getfixturevalue("three_nodes")
        return elastic_lab([node.address for node in nodes], "&shards=2&replicas=1")
    return elastic_lab([request.getfixturevalue("elasticsearch")])


@pytest.fixture
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """A place where an index of this test alone can be built."""
    with _lab(request, tmp_path) as lab:
        yield lab


@pytest.fixture
def engine_url(lab: Lab) -> str:
    """The SEARCH_URL of this test."""
    return lab.url


@pytest.fixture
def open_another(engine_url: str) -> Iterator[Callable[[], Engine]]:
    """Open the index of this test once more, as another process would."""
    opened: list[Engine] = []

    def another() -> Engine:
        opened.append(open_engine(engine_url))
        return opened[-1]

    yield another
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_another: Callable[[], Engine]) -> Engine:
    """The engine of this test."""
    return open_another()


@pytest.fixture
def searching(engine: Engine) -> Callable[..., Searcher]:
    """Build an index of the given documents and search it."""

    def build(*documents: Document) -> Searcher:
        Source(documents).rebuild(engine)
        return Searcher(engine, ANALYZER)

    return build


@pytest.fixture(scope="module")
def collection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Searcher, list[Document]]]:
    """A searcher over 300 documents that no test changes, and the documents."""
    documents = some_documents(300)
    with _lab(request, tmp_path_factory.mktemp("index")) as lab:
        engine = open_engine(lab.url)
        Source(documents).rebuild(engine)
        yield Searcher(engine, ANALYZER), documents
        engine.close()


@pytest.fixture(scope="module")
def shelf(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Sequence[Document], Analyzer], Searcher]]:
    """Build an index that all tests of a module share."""
    with _lab(request, tmp_path_factory.mktemp("index")) as lab:
        engine = open_engine(lab.url)

        def build(documents: Sequence[Document], analyzer: Analyzer) -> Searcher:
            Source(documents).rebuild(engine)
            return Searcher(engine, analyzer)

        yield build
        engine.close()
