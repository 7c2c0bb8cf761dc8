"""A worker that only indexes, to be killed: ``python -m tests.faults.indexing_child DB SEARCH``."""

import sys
import threading

from marketplace import outbox
from marketplace.db import Database, make_engine
from marketplace.indexing.indexer import Indexer
from marketplace.indexing.wiring import Catalogue
from marketplace.worker import Job, Worker


def main(database_url: str, search_url: str) -> None:
    """Drain the index queue until killed."""
    database = Database(make_engine(database_url))
    indexer = Indexer(Catalogue(search_url, database), database)
    job = Job("index", lambda: outbox.drain(database, outbox.INDEX, indexer.handle, limit=20), 0.01)
    Worker(database, [job]).run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
