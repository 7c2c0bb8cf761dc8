"""A worker that only indexes, to be killed: ``python -m tests.faults.indexing_child DB SEARCH``.

It says ``working`` when it begins to index. With ``careless`` behind, it takes rows out of
the queue before the index has them: the control of the tests that kill it.
"""

import sys
import threading
from collections.abc import Sequence

from sqlalchemy import delete

from marketplace import outbox
from marketplace.db import Database, make_engine
from marketplace.indexing.indexer import Indexer
from marketplace.indexing.wiring import Catalogue
from marketplace.models.outbox import OutboxItem
from marketplace.worker import Job, Worker


def main(database_url: str, search_url: str, manner: str = "careful") -> None:
    """Drain the index queue until killed."""
    database = Database(make_engine(database_url))
    indexer = Indexer(Catalogue(search_url, database), database)
    said = threading.Event()

    def handle(entries: Sequence[outbox.Entry]) -> dict[int, str]:
        if manner == "careless":
            taken = delete(OutboxItem).where(OutboxItem.id.in_([entry.id for entry in entries]))
            database.run(lambda session: session.execute(taken))
        if not said.is_set():
            print("working", flush=True)
            said.set()
        return indexer.handle(entries)

    def drain() -> int:  # batches so small that they are often full
        return outbox.drain(database, outbox.INDEX, handle, limit=5, kin=indexer.kin)

    job = Job("index", drain, 0.01)
    Worker(database, [job]).run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
