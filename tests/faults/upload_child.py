"""Uploads one file after another until it is killed. With seed -1 it writes rows before files."""

import hashlib
import io
import itertools
import random
import sys
import time
from pathlib import Path

from marketplace.db import Database, make_engine
from marketplace.permissions import Actor
from marketplace.services.files import files
from marketplace.services.uploads import slots
from marketplace.services.uploads.keeping import Received
from marketplace.storage import Kept, open_storage

URL, FOLDER, USER, SEED = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])


def contents() -> io.BytesIO:
    """A file that is long enough to be cut in the middle."""
    body = random.Random(time.monotonic_ns()).randbytes(200_000)
    return io.BytesIO(b"%PDF-1.4\n" + body + b"\n%%EOF\n")


def wrong_way_round(database: Database, actor: Actor, slot: slots.Slot) -> None:
    content = contents().getvalue()
    kept = Kept(hashlib.sha256(content).hexdigest(), len(content), "a.pdf", "application/pdf")
    database.run(lambda session: files.draft(session, actor, Received(kept, "off"), slot))
    print("row written", flush=True)
    time.sleep(60)


def main() -> None:
    database = Database(make_engine(URL))
    storage = open_storage(f"file://{FOLDER}")
    actor, slot = Actor(user_id=USER), slots.get(files.QUOTA_DOCUMENT)
    if SEED < 0:
        print("ready", flush=True)
        wrong_way_round(database, actor, slot)
    for number in itertools.count():
        if number == 1:
            print("ready", flush=True)  # one came to its end; from now on it may be cut
        kept = storage.put(contents(), "证据.pdf", limit=slot.limit)
        received = Received(kept, "off")
        database.run(lambda session, it=received: files.draft(session, actor, it, slot))


main()
