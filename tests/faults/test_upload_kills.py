"""E17: an upload killed at any point leaves no row without its file; the sweep takes the rest."""

import hashlib
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from marketplace import clock
from marketplace.db import Database, make_engine
from marketplace.models import StoredFile
from marketplace.services.files import files_upkeep
from marketplace.storage import open_storage
from tests import factories
from tests.faults import upload_child
from tests.support import warm
from tests.support.counts import count

KILLS = count(test=4, soak=50)


@contextmanager
def uploading(url: str, folder: Path, user_id: int, *, backwards: bool = False) -> Iterator[str]:
    """A process that uploads, from its first word, which is given, to the end of the block."""
    context = warm.context(upload_child.__name__)
    heard, said = context.Pipe(duplex=False)
    process = context.Process(
        target=upload_child.main, args=(url, folder, user_id, said), daemon=True,
        kwargs={"backwards": backwards},
    )  # fmt: skip
    process.start()
    said.close()
    try:
        yield heard.recv()
    finally:
        process.kill()
        process.join()
        heard.close()
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.timeout(600)
def test_e17_killed_uploads_leave_nothing_half(database_url, tmp_path):
    database = Database(make_engine(database_url))
    folder = tmp_path / "files"
    with database.unit_of_work() as session:
        user_id = factories.make_user(session).id
    chance = random.Random(17)
    for _ in range(KILLS):
        with uploading(database_url, folder, user_id) as word:
            assert word == "ready"
            time.sleep(chance.uniform(0.0, 0.4))
    storage = open_storage(f"file://{folder}")
    with database.reading() as session:
        rows = session.scalars(select(StoredFile)).all()
    assert len(rows) >= KILLS
    for row in rows:
        with storage.open(row.sha256) as file:
            content = file.read()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (row.sha256, row.size)
    named = {row.sha256 for row in rows}
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        files_upkeep.sweep(database, storage)
    left = {path.parent.name + path.name for path in folder.rglob("*") if path.is_file()}
    assert left == named
    database.engine.dispose()


def test_the_check_sees_a_row_without_its_file(database_url, tmp_path):
    """The control: written the other way round, the same kill leaves a row that leads nowhere."""
    database = Database(make_engine(database_url))
    with database.unit_of_work() as session:
        user_id = factories.make_user(session).id
    with uploading(database_url, tmp_path / "files", user_id, backwards=True) as word:
        assert word == "row written"
    storage = open_storage(f"file://{tmp_path}/files")
    with database.reading() as session:
        (row,) = session.scalars(select(StoredFile)).all()
    assert not (storage.folder / row.sha256[:2] / row.sha256[2:]).exists()
    database.engine.dispose()
