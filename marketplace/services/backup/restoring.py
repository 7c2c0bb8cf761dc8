"""Read an archive: check it, or put it into an empty installation and check what came out."""

import hashlib
import io
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson

from marketplace import clock, migrate
from marketplace.db import Database
from marketplace.errors import Conflict, Unavailable
from marketplace.models import SecurityEvent
from marketplace.services.audit import seals
from marketplace.services.backup import databases
from marketplace.services.backup.making import DATABASE, FILES, FORMAT, MANIFEST, Progress
from marketplace.services.backup.sealed import SealedReader, Unreadable
from marketplace.storage import Storage

CHUNK = 2**20


@dataclass(frozen=True)
class Restored:
    """What was restored or checked: the moment of the backup, rows, files, seconds taken."""

    at: datetime
    rows: int
    files: int
    seconds: float


def check(archive: Path, keys: Sequence[str]) -> Restored:
    """Read an archive to its end and compare every hash. Raises Unavailable."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pool-restore-") as aside:
        manifest, found = _read(archive, keys, Path(aside), None, lambda _done, _all: None)
    return _result(manifest, found, start)


def restore(
    database: Database, storage: Storage, keys: Sequence[str], archive: Path,
    progress: Progress = lambda _done, _all: None,
) -> Restored:  # fmt: skip
    """Put an archive into an empty database and the storage; then compare rows, files, chain.

    Raises Conflict when the database is not empty, Unavailable when something does not fit.
    """
    start = time.monotonic()
    if not databases.is_empty(database.engine):
        remedy = "请把 DATABASE_URL 指向一个空的数据库。"
        raise Conflict("目标数据库不是空的，没有恢复", code="not_empty", remedy=remedy)
    with tempfile.TemporaryDirectory(prefix="pool-restore-") as aside:
        manifest, found = _read(archive, keys, Path(aside), storage, progress)
        if manifest["engine"] != database.engine.dialect.name:
            raise Unavailable(
                f"备份来自 {manifest['engine']}，目标是 {database.engine.dialect.name}",
                remedy="请恢复到同一种数据库。",
            )
        databases.load(database.engine, Path(aside) / DATABASE)
    _compare(database, storage, manifest)
    migrate.upgrade(database.engine)
    _chain(database, manifest)
    result = _result(manifest, found, start)
    _note(database, archive, result)
    return result


def _read(
    archive: Path, keys: Sequence[str], aside: Path, storage: Storage | None, progress: Progress
) -> tuple[dict[str, Any], int]:
    """The manifest and how many files there were; all bytes are compared with their hashes."""
    found = 0
    try:
        with archive.open("rb") as source:
            plain = io.BufferedReader(SealedReader(source, keys), CHUNK)
            with tarfile.open(fileobj=plain, mode="r|") as tar:
                members = iter(tar)
                manifest = _manifest(tar, next(members, None))
                for member in members:
                    content = tar.extractfile(member)
                    if content is None:
                        raise Unreadable(f"备份中有不认识的内容：{member.name}")
                    if member.name == DATABASE:
                        _keep(content, aside / DATABASE, manifest["database_sha256"])
                    else:
                        _file(content, member.name.removeprefix(FILES), storage)
                        found += 1
                        progress(found, len(manifest["files"]))
            while plain.read(CHUNK):
                pass  # to the mark of the end: a cut archive must not pass
    except Unreadable as error:
        raise Unavailable(str(error), remedy="请换一份备份。") from error
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise Unavailable("备份内容无法读取", remedy="请换一份备份。") from error
    wanted = len(manifest["files"]) if manifest["with_files"] else 0
    if found != wanted:
        raise Unavailable(f"备份中应有 {wanted} 个文件，实际 {found} 个", remedy="请换一份备份。")
    return manifest, found


def _manifest(tar: tarfile.TarFile, first: tarfile.TarInfo | None) -> dict[str, Any]:
    content = tar.extractfile(first) if first and first.name == MANIFEST else None
    if content is None:
        raise Unreadable("备份没有说明")
    manifest: dict[str, Any] = orjson.loads(content.read())
    if manifest["format"] != FORMAT:
        raise Unreadable(f"备份格式 {manifest['format']} 不是这个版本能读的（{FORMAT}）")
    return manifest


def _keep(content: IO[bytes], target: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as file:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sha256:
        raise Unreadable("备份中的数据库与说明不一致")


def _file(content: IO[bytes], sha256: str, storage: Storage | None) -> None:
    if storage is not None:
        storage.put_back(content, sha256)
        return
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise Unreadable(f"备份中的文件 {sha256[:12]}… 与其哈希不一致")


def _compare(database: Database, storage: Storage, manifest: dict[str, Any]) -> None:
    with database.engine.execution_options(writing=False).connect() as connection:
        contents = databases.contents_of(connection)
    if contents.counts != manifest["counts"] or contents.head != manifest["head"]:
        raise Unavailable("恢复后的行数与备份时不一致", remedy="请清空目标后再试一次。")
    for sha256 in contents.files:
        storage.path(sha256)  # NotFound names what is missing


def _chain(database: Database, manifest: dict[str, Any]) -> None:
    with database.reading() as session:
        verdict = seals.verify(session)
    if verdict.broken_seq is not None or verdict.checked < manifest["sealed"]:
        raise Unavailable("恢复后的操作记录校验不通过", remedy="请换一份备份。")


def _result(manifest: dict[str, Any], files: int, start: float) -> Restored:
    at = datetime.fromisoformat(manifest["at"])
    rows = sum(manifest["counts"].values())
    return Restored(at, rows, files, time.monotonic() - start)


def _note(database: Database, archive: Path, result: Restored) -> None:
    detail = {"backup_at": result.at.isoformat(), "rows": result.rows, "files": result.files}
    with database.unit_of_work() as session:
        session.add(
            SecurityEvent(
                at=clock.now(), kind="restore", result="ok", object=archive.name, detail=detail
            )
        )
