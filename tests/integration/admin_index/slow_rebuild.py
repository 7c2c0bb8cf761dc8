"""A process that rebuilds slowly, to be killed: what ``marketplace search work`` does, with pauses.

python -m tests.integration.admin_index.slow_rebuild DATABASE SEARCH SECONDS search work ID
"""

import sys
import time

from marketplace.db import Database, make_engine
from marketplace.indexing.rebuilding import work_on
from marketplace.indexing.wiring import Catalogue
from marketplace.services.accounts import holders
from marketplace.services.searching import rebuilds


def main(database_url: str, search_url: str, seconds: str, rebuild_id: str) -> None:
    """Take the rebuild up and pause ``seconds`` after each thing there is to tell."""
    database = Database(make_engine(database_url))
    job = database.run(lambda session: rebuilds.claim(session, int(rebuild_id), holders.me()))
    if job is not None:
        catalogue = Catalogue(search_url, database)
        work_on(catalogue, database, job, lambda stage, count: time.sleep(float(seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:4], sys.argv[6])
