"""Every engine passes the same tests; each is named here once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search import Document, Engine, Searcher, open_engine
from tests.contract.corpus import ANALYZER, Source, some_documents

ENGINES = ("tantivy",)


@pytest.fixture(params=ENGINES)
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an index of this test alone can be built."""
    return f"{request.param}://{tmp_path / 'index'}"


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    engine = open_engine(engine_url)
    yield engine
    engine.close()


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
    engine = open_engine(f"{request.param}://{tmp_path_factory.mktemp('index')}")
    Source(documents).rebuild(engine)
    yield Searcher(engine, ANALYZER), documents
    engine.close()
