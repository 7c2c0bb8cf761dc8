"""One market, and one run of the sets for each engine. All these tests run on one process."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from marketplace.db import Database, make_engine
from marketplace.indexing.needs import capabilities, everyday
from marketplace.indexing.upkeep import rebuild_index
from marketplace.indexing.wiring import Catalogue
from marketplace.migrate import upgrade
from marketplace.services.searching.vocabulary import Vocabulary
from search import Document
from search.needs import Needs
from search.semantic import open_embedder
from tests.support import relevance_market
from tests.support.counts import count
from tests.support.relevance_run import Outcome, Outcomes, rank_needs, run

SHARES = {"tantivy": 1.0, "elasticsearch": count(test=0.08, soak=1.0)}
"""How much of each class is asked; what is asked must be answered alike by both."""


@dataclass
class Market:
    """The database, and what of it is public."""

    folder: Path
    database: Database
    documents: list[Document]


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The demo and the crowd in a SQLite file."""
    folder = tmp_path_factory.mktemp("relevance")
    engine = make_engine(f"sqlite:///{folder / 'pool.db'}")
    upgrade(engine)
    database = Database(engine)
    relevance_market.fill(database, folder)
    yield Market(folder, database, relevance_market.documents(database))
    engine.dispose()


@pytest.fixture(scope="session")
def outcomes_of(market: Market, request: pytest.FixtureRequest) -> Callable[[str], Outcomes]:
    """What the sets gave on an engine: ``outcomes_of("tantivy")``."""

    def asked(url: str, share: float) -> Outcomes:
        catalogue = Catalogue(url, market.database)
        rebuild_index(catalogue, market.database)
        found = run(catalogue, market.documents, share)
        catalogue.close()
        return found

    @cache
    def of(engine: str) -> Outcomes:
        if engine == "tantivy":
            return asked(f"tantivy://{market.folder / 'index'}", SHARES[engine])
        address = request.getfixturevalue("elasticsearch")
        prefix = f"relevance-{secrets.token_hex(4)}"
        try:
            return asked(f"{address}/{prefix}?timeout=20", SHARES[engine])
        finally:
            with Elasticsearch(address, request_timeout=60) as client:
                names = [*client.indices.get(index=f"{prefix}-*", features="aliases")]
                client.indices.delete(index=names or prefix, ignore_unavailable=True)

    return of


@pytest.fixture(scope="session")
def ranked(market: Market) -> Callable[[str], list[Outcome]]:
    """What the graded complaints gave: ``ranked("lexical")``, ``ranked("fused")``."""

    @cache
    def of(way: str) -> list[Outcome]:
        with market.database.reading() as session:
            words = Vocabulary.load(session)
        embedder = open_embedder() if way == "fused" else None
        return rank_needs(Needs(capabilities(words), embedder, synonyms=everyday(words)))

    return of
