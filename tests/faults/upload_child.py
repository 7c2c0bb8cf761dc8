"""Uploads one file after another until it is killed, or writes a row before its file."""

import hashlib
import io
import itertools
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

from marketplace.db import Database, make_engine
from marketplace.permissions import Actor
from marketplace.services.files import files
from marketplace.services.uploads import slots
from marketplace.services.uploads.keeping import Received
from marketplace.storage import Kept, open_storage


def contents() -> io.BytesIO:
    """A file that is long enough to be cut in the middle."""
    body = random.Random(time.monotonic_ns()).randbytes(200_000)
    return io.BytesIO(b"%PDF-1.4\n" + body + b"\n%%EOF\n")


def wrong_way_round(
    database: Database, actor: Actor, slot: slots.Slot, said: "Connection[str, str]"
) -> None:
    content = contents().getvalue()
    kept = Kept(hashlib.sha256(content).hexdigest(), len(content), "a.pdf", "application/pdf")
    database.run(lambda session: files.draft(session, actor, Received(kept, "off"), slot))
    said.send("row written")
    time.sleep(60)


def main(
    url: str, folder: Path, user_id: int, said: "Connection[str, str]", *, backwards: bool
) -> None:
    """``backwards``: the row first. ``said`` hears when a kill is due."""
    database = Database(make_engine(url))
    storage = open_storage(f"file://{folder}")
    actor, slot = Actor(user_id=user_id), slots.get(files.QUOTA_DOCUMENT)
    if backwards:
        wrong_way_round(database, actor, slot, said)
    for number in itertools.count():
        if number == 1:
            said.send("ready")  # one came to its end; from now on it may be cut
        kept = storage.put(contents(), "证据.pdf", limit=slot.limit)
        received = Received(kept, "off")
        database.run(lambda session, it=received: files.draft(session, actor, it, slot))
