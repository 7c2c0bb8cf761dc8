"""Backup and restore: nothing acknowledged before it is missing, nothing broken goes in."""

import io
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.db import Database, make_engine
from marketplace.errors import Conflict, Unavailable
from marketplace.models import Event, Organisation, SecurityEvent, StoredFile
from marketplace.permissions import SYSTEM
from marketplace.services.audit import seals
from marketplace.services.backup.databases import copy
from marketplace.services.backup.making import Made, make
from marketplace.services.backup.restoring import check, restore
from marketplace.services.profiles import organisations
from marketplace.storage import Storage
from tests import factories
from tests.support import sample_files
from tests.support.counts import count

KEY, OTHER_KEY = "k" * 40, "o" * 40


@pytest.fixture
def source(engine) -> Database:
    return Database(engine)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


@pytest.fixture
def empty(source: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A place to restore to, of the same kind as the source."""
    if source.engine.dialect.name == "sqlite":
        database = Database(make_engine(f"sqlite:///{tmp_path}/restored.db"))
        yield database
        database.engine.dispose()
        return
    with request.getfixturevalue("postgres").database() as url:
        database = Database(make_engine(url, statement_timeout_ms=0))
        yield database
        database.engine.dispose()


def fill(database: Database, storage: Storage, files: int = 3) -> list[str]:
    """Some sealed history and uploaded files; answers their hashes."""
    hashes = []
    with database.unit_of_work() as session:
        factories.make_organisation(session)
        organisations.create(
            session,
            SYSTEM,
            uscc=factories.uscc(),
            name="青岛备份有限公司",
            kind="enterprise",
        )
        for number in range(files):
            kept = storage.put(
                io.BytesIO(sample_files.pdf(number + 1)), f"文件{number}.pdf", limit=10**6
            )
            hashes.append(kept.sha256)
            session.add(
                StoredFile(
                    sha256=kept.sha256, name=kept.name, media_type=kept.media_type, size=kept.size,
                    purpose="quota_document", subject_type="quotas", subject_id=1,
                )
            )  # fmt: skip
        session.flush()
        seals.seal(session)
    return sorted(hashes)


def rows(database: Database) -> dict[str, object]:
    """What must be the same after a restore."""
    with database.reading() as session:
        return {
            "organisations": session.scalars(
                select(Organisation.name).order_by(Organisation.id)
            ).all(),
            "events": session.scalar(select(func.count()).select_from(Event)),
            "files": session.scalars(select(StoredFile.sha256).order_by(StoredFile.sha256)).all(),
            "chain": seals.verify(session),
        }


def test_a_restored_copy_holds_everything(source, storage, empty, tmp_path):
    hashes = fill(source, storage)
    before = rows(source)
    made = make(source, storage, KEY, tmp_path / "backups")
    assert (made.files, made.path.stat().st_mode & 0o777) == (3, 0o600)
    elsewhere = Storage(tmp_path / "elsewhere")
    result = restore(empty, elsewhere, [OTHER_KEY, KEY], made.path)
    assert (result.rows, result.files) == (made.rows, 3)
    assert rows(empty) == before
    for sha256 in hashes:
        with elsewhere.open(sha256) as copied, storage.open(sha256) as original:
            assert copied.read() == original.read()
    with empty.reading() as session:
        kinds = session.scalars(select(SecurityEvent.kind).order_by(SecurityEvent.id)).all()
    assert list(kinds) == ["restore"]
    with source.reading() as session:
        kinds = session.scalars(select(SecurityEvent.kind).order_by(SecurityEvent.id)).all()
    assert list(kinds) == ["backup"]


def test_nothing_in_the_archive_is_readable(source, storage, tmp_path):
    fill(source, storage)
    made = make(source, storage, KEY, tmp_path / "backups")
    content = made.path.read_bytes()
    for word in ("青岛备份有限公司".encode(), b"%PDF", b"SQLite format", b"PGDMP", b"manifest"):
        assert word not in content


def test_a_database_in_use_is_not_overwritten(source, storage, tmp_path):
    fill(source, storage)
    made = make(source, storage, KEY, tmp_path / "backups")
    before = rows(source)
    with pytest.raises(Conflict, match="不是空的"):
        restore(source, storage, [KEY], made.path)
    assert rows(source) == before


@pytest.fixture
def made(sqlite_template: Path, tmp_path: Path) -> Iterator[Made]:
    """An archive of a small SQLite installation."""
    shutil.copy(sqlite_template, tmp_path / "pool.db")
    database = Database(make_engine(f"sqlite:///{tmp_path}/pool.db"))
    storage = Storage(tmp_path / "files")
    fill(database, storage)
    yield make(database, storage, KEY, tmp_path / "backups")
    database.engine.dispose()


def spoil(made: Made, change) -> Path:
    data = bytearray(made.path.read_bytes())
    path = made.path.with_suffix(".spoilt")
    path.write_bytes(change(data))
    return path


@pytest.mark.parametrize("place", [50, 5_000, -20])
def test_one_changed_bit_is_found(made, place):
    def flip(data):
        data[place] ^= 1
        return data

    with pytest.raises(Unavailable, match=r"损坏|不完整"):
        check(spoil(made, flip), [KEY])
    assert check(made.path, [KEY]).files == 3


def test_a_cut_archive_is_found(made):
    for length in (10, 40, made.size // 2, made.size - 1):
        with pytest.raises(Unavailable, match=r"不完整|不是本系统"):
            check(spoil(made, lambda data, length=length: data[:length]), [KEY])


def test_another_key_does_not_open_it(made):
    with pytest.raises(Unavailable, match="另一把密钥"):
        check(made.path, [OTHER_KEY])


def test_a_missing_file_stops_the_backup(sqlite_template, tmp_path):
    shutil.copy(sqlite_template, tmp_path / "pool.db")
    database = Database(make_engine(f"sqlite:///{tmp_path}/pool.db"))
    storage = Storage(tmp_path / "files")
    gone = fill(database, storage)[0]
    storage.path(gone).unlink()
    with pytest.raises(Unavailable, match=gone[:12]):
        make(database, storage, KEY, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
    assert make(database, storage, KEY, tmp_path / "backups", files=False).files == 0
    database.engine.dispose()


class Writing:
    """People who go on registering firms; ``acknowledged`` counts commits that returned."""

    def __init__(self, database: Database) -> None:
        self.database, self.acknowledged = database, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        while not self._stop.is_set():
            with self.database.unit_of_work() as session:
                session.add(SecurityEvent(at=clock.now(), kind="login", result="ok"))
            self.acknowledged += 1

    def __enter__(self) -> "Writing":
        self._thread.start()
        while self.acknowledged < 50:
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def logins(database: Database) -> int:
    with database.reading() as session:
        wanted = select(func.count()).where(SecurityEvent.kind == "login")
        return session.scalar(wanted) or 0


def test_a_backup_under_writes_misses_nothing_acknowledged_before(source, storage, empty, tmp_path):
    """E39, E40."""
    fill(source, storage)
    with Writing(source) as writing:
        for _ in range(count(test=1, soak=10)):
            acknowledged = writing.acknowledged
            made = make(source, storage, KEY, tmp_path / "backups")
    restore(empty, Storage(tmp_path / "elsewhere"), [KEY], made.path)
    assert acknowledged <= logins(empty) <= writing.acknowledged


def test_control_copying_the_file_of_a_database_in_use_loses_rows(sqlite_template, tmp_path):
    """What is in the write-ahead log is not in the file, and the copy looks sound (E40)."""
    shutil.copy(sqlite_template, tmp_path / "pool.db")
    database = Database(make_engine(f"sqlite:///{tmp_path}/pool.db"))
    with Writing(database) as writing:
        acknowledged = writing.acknowledged
        shutil.copy(tmp_path / "pool.db", tmp_path / "copied.db")
    with copy(database.engine, tmp_path / "vacuumed.db") as contents:
        assert contents.counts["security_events"] >= writing.acknowledged
    with sqlite3.connect(tmp_path / "copied.db") as copied:
        assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (kept,) = copied.execute("SELECT count(*) FROM security_events").fetchone()
    copied.close()
    database.engine.dispose()
    assert kept < acknowledged
