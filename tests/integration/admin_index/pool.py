"""A small pool with an index, and rebuilds of it."""

import sys
from dataclasses import dataclass

from marketplace.db import Database
from marketplace.indexing.upkeep import rebuild_index
from marketplace.indexing.wiring import Catalogue
from marketplace.models import IndexRebuild
from marketplace.permissions import SYSTEM
from marketplace.services.searching import rebuilds
from marketplace.services.searching.rebuild_process import Launcher
from tests import factories

PROVIDERS = 6


def fill(database: Database, providers: int = PROVIDERS) -> None:
    """Listed providers with one product each."""
    with database.unit_of_work() as session:
        pinned = factories.make_round(session)
        for number in range(providers):
            provider = factories.make_provider(session)
            factories.make_product(session, provider, name=f"排程{number}", segments=["auto_parts"])
            factories.make_membership(
                session, pinned, provider, type="product", segment="auto_parts"
            )


@dataclass
class Pool:
    """A database, its index, and the folder of the index."""

    database: Database
    search_url: str

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.search_url, self.database)
        rebuild_index(self.catalogue, self.database)

    @property
    def generation(self) -> str:
        """The generation in use."""
        return str(self.catalogue.engine.status()["generation"])

    def ask(self) -> int:
        """Ask for a rebuild; its id."""
        job, _ = self.database.run(lambda session: rebuilds.ask(session, SYSTEM, reason="测试"))
        return job.id

    def job(self, rebuild_id: int) -> IndexRebuild:
        """A rebuild as it stands."""
        with self.database.reading() as session:
            return session.get_one(IndexRebuild, rebuild_id)

    def launcher(self, pause: float) -> Launcher:
        """A worker's launcher of processes that pause after each thing they tell."""
        url = self.database.engine.url.render_as_string(hide_password=False)
        module = "tests.integration.admin_index.slow_rebuild"
        command = (sys.executable, "-m", module, url, self.search_url, str(pause))
        return Launcher(self.database, command, pause_seconds=0)
