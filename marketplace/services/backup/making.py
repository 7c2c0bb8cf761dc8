"""Write the archive: manifest, database, then every file the database names."""

import hashlib
import io
import os
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from sqlalchemy import Engine

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import NotFound, Unavailable
from marketplace.models import SecurityEvent
from marketplace.services.backup.databases import Contents, copy
from marketplace.services.backup.sealed import SealedWriter
from marketplace.storage import Storage

FORMAT = 1
BUFFER = 256 * 1024
SUFFIX = ".poolbackup"
MANIFEST, DATABASE, FILES = "manifest.json", "database", "files/"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """An archive: where it lies, its size in bytes, how many rows and files, seconds taken."""

    path: Path
    size: int
    rows: int
    files: int
    seconds: float


def make(
    database: Database, storage: Storage, key: str, folder: Path, *, files: bool = True,
    progress: Progress = lambda _done, _all: None,
) -> Made:  # fmt: skip
    """Back up into a new file in ``folder``. ``files=False`` leaves uploads to another backup of
    their folder: they never change. Raises Unavailable; then no file is left behind.
    """
    start, at = time.monotonic(), clock.now()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    final = folder / f"pool-{at:%Y%m%dT%H%M%SZ}{SUFFIX}"
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=folder) as aside:
        dump, archive = Path(aside) / DATABASE, Path(aside) / "archive"
        with copy(database.engine, dump) as contents:
            manifest = _manifest(database.engine, contents, dump, files)
            with archive.open("wb") as target:
                sealed = SealedWriter(target, key)
                # Database first, then files: what it names was in storage before it.
                plain = io.BufferedWriter(sealed, BUFFER)
                with tarfile.open(fileobj=plain, mode="w|") as tar:
                    _add_bytes(tar, MANIFEST, manifest)
                    tar.add(dump, DATABASE)
                    _add_files(tar, storage, contents.files if files else (), progress)
                plain.flush()
                sealed.finish()
                target.flush()
                os.fsync(target.fileno())
        archive.chmod(0o600)
        archive.replace(final)
    made = Made(
        final, final.stat().st_size, sum(contents.counts.values()),
        len(contents.files) if files else 0, time.monotonic() - start,
    )  # fmt: skip
    _note(database, made)
    return made


def _manifest(engine: Engine, contents: Contents, dump: Path, files: bool) -> bytes:
    with dump.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    about = {
        "format": FORMAT, "at": clock.now().isoformat(), "engine": engine.dialect.name,
        "database_sha256": digest, "with_files": files, **asdict(contents),
    }  # fmt: skip
    return orjson.dumps(about, option=orjson.OPT_INDENT_2)


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _add_files(
    tar: tarfile.TarFile, storage: Storage, hashes: tuple[str, ...], progress: Progress
) -> None:
    for number, sha256 in enumerate(hashes, 1):
        try:
            tar.add(storage.path(sha256), f"{FILES}{sha256}")
        except NotFound as error:
            raise Unavailable(
                f"存储中缺少文件 {sha256[:12]}…，没有生成备份", remedy="请先找回文件，再备份。"
            ) from error
        progress(number, len(hashes))


def _note(database: Database, made: Made) -> None:
    detail = {"size": made.size, "rows": made.rows, "files": made.files}
    with database.unit_of_work() as session:
        session.add(
            SecurityEvent(
                at=clock.now(), kind="backup", result="ok", object=made.path.name, detail=detail
            )
        )
