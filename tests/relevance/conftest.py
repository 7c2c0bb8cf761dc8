"""One market and one run of the sets for each engine, however many processes test at once."""

import fcntl
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from marketplace.db import Database, make_engine
from marketplace.indexing.upkeep import rebuild_index
from marketplace.indexing.wiring import Catalogue
from marketplace.migrate import upgrade
from search import Document
from tests.support import relevance_market
from tests.support.counts import count
from tests.support.relevance_run import Outcomes, run

ENGINES = ("tantivy", "elasticsearch")
SHARES = {"tantivy": 1.0, "elasticsearch": count(test=0.2, soak=1.0)}
"""How much of each class is asked; what is asked must be answered alike by both."""


@dataclass
class Market:
    """The database, and what of it is public."""

    folder: Path
    database: Database
    documents: list[Document]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this run see."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "relevance"
    folder.mkdir(exist_ok=True)
    return folder


def once(path: Path, make: Callable[[Path], None]) -> Path:
    """The file, made by whoever comes first; the others wait for it."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_suffix(".new")
            make(unfinished)
            unfinished.rename(path)
    return path


@pytest.fixture(scope="session")
def market(shared: Path) -> Iterator[Market]:
    """The demo and the crowd in a SQLite file."""

    def make(path: Path) -> None:
        engine = make_engine(f"sqlite:///{path}")
        upgrade(engine)
        relevance_market.fill(Database(engine), shared)
        engine.dispose()

    engine = make_engine(f"sqlite:///{once(shared / 'pool.db', make)}")
    database = Database(engine)
    yield Market(shared, database, relevance_market.documents(database))
    engine.dispose()


@pytest.fixture(scope="session")
def outcomes_of(market: Market, request: pytest.FixtureRequest) -> Callable[[str], Outcomes]:
    """What the sets gave on an engine: ``outcomes_of("tantivy")``."""

    def of(engine: str) -> Outcomes:
        url = f"tantivy://{market.folder / 'index'}"
        if engine == "elasticsearch":
            url = f"{request.getfixturevalue('elasticsearch')}/relevance"

        def make(path: Path) -> None:
            catalogue = Catalogue(url, market.database)
            rebuild_index(catalogue, market.database)
            found = run(catalogue, market.documents, SHARES[engine])
            catalogue.close()
            path.write_text(json.dumps(found.to_json(), ensure_ascii=False), "utf-8")

        path = once(market.folder / f"{engine}.json", make)
        return Outcomes.from_json(json.loads(path.read_text("utf-8")))

    return of
