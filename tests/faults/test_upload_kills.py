"""E17: an upload killed at any point leaves no row without its file; the sweep takes the rest."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
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
from tests.support.counts import count
from tests.support.source import ROOT

KILLS = count(test=4, soak=50)
CHILD = Path(__file__).with_name("upload_child.py")


def start(url: str, folder: Path, user_id: int, seed: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), url, str(folder), str(user_id), str(seed)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_e17_killed_uploads_leave_nothing_half(database_url, tmp_path):
    database = Database(make_engine(database_url))
    folder = tmp_path / "files"
    with database.unit_of_work() as session:
        user_id = factories.make_user(session).id
    chance = random.Random(17)
    for number in range(KILLS):
        process = start(database_url, folder, user_id, number)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
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
    process = start(database_url, tmp_path / "files", user_id, -1)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    assert process.stdout.readline() == b"row written\n"
    process.kill()
    process.wait()
    process.stdout.close()
    storage = open_storage(f"file://{tmp_path}/files")
    with database.reading() as session:
        (row,) = session.scalars(select(StoredFile)).all()
    assert not (storage.folder / row.sha256[:2] / row.sha256[2:]).exists()
    database.engine.dispose()
