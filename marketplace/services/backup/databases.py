"""A consistent copy of the database while it is in use, what is in it, and the way back.

SQLite: ``VACUUM INTO`` (copying the file of a database in use loses rows without a word).
PostgreSQL: ``pg_dump`` of a snapshot that stays open until the counts are taken from it too.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, table, text
from sqlalchemy.engine import URL

from marketplace.db import make_engine
from marketplace.errors import Unavailable
from marketplace.models import EventSeal, StoredFile
from marketplace.models.files import INFECTED


@dataclass(frozen=True)
class Contents:
    """What a copy holds: rows by table, hashes of the files named, the last link of the chain."""

    revision: str
    counts: dict[str, int]
    files: tuple[str, ...]
    sealed: int
    head: str


@contextmanager
def copy(engine: Engine, target: Path) -> Iterator[Contents]:
    """Write a copy to ``target``; gives what is in it. Raises Unavailable."""
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(engine.url.database))) as source:
            source.execute("VACUUM INTO ?", (str(target),))
        copied = make_engine(f"sqlite:///{target}")
        try:
            with copied.execution_options(writing=False).connect() as connection:
                contents = contents_of(connection)
        finally:
            copied.dispose()
            for rest in target.parent.glob(f"{target.name}-*"):
                rest.unlink()
        yield contents
        return
    with engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        _run(engine.url, "pg_dump", "--format=custom", f"--snapshot={snapshot}",
             "--no-owner", "--no-privileges", f"--file={target}")  # fmt: skip
        yield contents_of(connection)


def contents_of(connection: Connection) -> Contents:
    """What a database holds, read in the transaction of ``connection``."""
    names = sorted(inspect(connection).get_table_names())
    counts = {
        name: connection.scalar(select(func.count()).select_from(table(name))) or 0
        for name in names
    }
    files = connection.scalars(
        select(StoredFile.sha256).where(StoredFile.scan != INFECTED).distinct()
    )
    last = connection.execute(
        select(EventSeal.seq, EventSeal.hash).order_by(EventSeal.seq.desc()).limit(1)
    ).first()
    return Contents(
        revision=connection.scalar(text("SELECT version_num FROM alembic_version")) or "",
        counts=counts,
        files=tuple(sorted(files)),
        sealed=last.seq if last else 0,
        head=last.hash if last else "",
    )


def is_empty(engine: Engine) -> bool:
    """Whether nothing stands in the database yet. A SQLite file that is missing is not made."""
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return True
    with engine.execution_options(writing=False).connect() as connection:
        return not inspect(connection).get_table_names()


def load(engine: Engine, source: Path) -> None:
    """Fill an empty database from a copy. Raises Unavailable."""
    if engine.dialect.name == "sqlite":
        target = Path(str(engine.url.database))
        target.parent.mkdir(parents=True, exist_ok=True)
        engine.dispose()  # an empty file that was looked at may still be open
        waiting = target.with_name(f"{target.name}.restoring")
        shutil.copyfile(source, waiting)
        with waiting.open("rb+") as file:
            os.fsync(file.fileno())
        for rest in ("-wal", "-shm"):
            target.with_name(f"{target.name}{rest}").unlink(missing_ok=True)
        waiting.replace(target)
        return
    _run(engine.url, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction",
         "--exit-on-error", f"--dbname={engine.url.database}", str(source))  # fmt: skip


def _run(url: URL, program: str, *arguments: str) -> None:
    """A PostgreSQL program; address and password go by the environment, where nobody looks on."""
    found = shutil.which(program, path=os.pathsep.join(filter(None, _folders())))
    if found is None:
        raise Unavailable(
            f"没有找到 {program}", remedy="请安装与数据库版本一致的 postgresql-client。"
        )
    query = {key: value for key, value in url.query.items() if isinstance(value, str)}
    given = {
        "PGHOST": url.host or query.get("host"), "PGPORT": str(url.port or query.get("port", "")),
        "PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.database,
        "PGSSLMODE": query.get("sslmode"), "PGSSLROOTCERT": query.get("sslrootcert"),
    }  # fmt: skip
    done = subprocess.run(  # noqa: S603  a fixed program without a shell
        [found, *arguments], check=False, capture_output=True, text=True,
        env={**os.environ, **{key: value for key, value in given.items() if value}},
    )  # fmt: skip
    if done.returncode:
        raise Unavailable(f"{program} 没有完成：{done.stderr.strip()[-500:]}")


def _folders() -> list[str]:
    newest = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name),
        reverse=True,
    )
    return [os.environ.get("PG_BIN", ""), *map(str, newest), os.environ.get("PATH", os.defpath)]
