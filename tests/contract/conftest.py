"""Every engine passes the same tests; each is named here once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from search import Analyzer, Document, Engine, Searcher, open_engine
from tests.contract.corpus import ANALYZER, Source, some_documents
from tests.contract.labs import Lab, TantivyLab, elastic_lab

ENGINES = ("tantivy", "elasticsearch")


def _lab(request: pytest.FixtureRequest, folder: Path) -> AbstractContextManager[Lab]:
    if request.param == "tantivy":
        return nullcontext(TantivyLab(folder / "index"))
    return elastic_lab(request.getfixturevalue("elasticsearch"))


@pytest.fixture(params=ENGINES)
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


@pytest.fixture(scope="module", params=ENGINES)
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


@pytest.fixture(scope="module", params=ENGINES)
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
