"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, gone at the end.

The machine's own server, its data and its port are never touched. A server refuses to run as root,
so root starts it as the unprivileged account that the Debian package made.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

# Databases that need not survive are made three times faster in memory.
MEMORY = Path("/dev/shm")
NEEDED = 2 * 2**30
FAST = str(MEMORY) if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED else "/tmp"
START_SECONDS = 60
STOP_SECONDS = 30
ACCOUNTS = ("postgres", "nobody")
MISSING = (
    "PostgreSQL is not installed: these tests need initdb and postgres "
    "(apt-get install postgresql, or set PG_BIN to their folder)"
)


class PostgresMissing(Exception):
    """No server programs on this machine."""


def find_programs() -> Path:
    """Folder of initdb and postgres: $PG_BIN, PATH or Debian's newest; or PostgresMissing."""
    if wanted := os.environ.get("PG_BIN"):
        candidates = [Path(wanted)]
    else:
        on_path = shutil.which("initdb")
        debian = Path("/usr/lib/postgresql").glob("*/bin")
        candidates = [Path(on_path).resolve().parent] if on_path else []
        candidates += sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in candidates:
        if all((folder / program).exists() for program in ("initdb", "postgres")):
            return folder
    raise PostgresMissing(MISSING)


class Cluster:
    """One server. ``durable`` keeps fsync on, for tests that kill it and look for lost rows."""

    def __init__(self, *, durable: bool = False) -> None:
        self.programs = find_programs()
        # Not below pytest's tmp_path: a socket's path may have 107 characters, and the server's
        # account must be able to reach it.
        self.folder = Path(tempfile.mkdtemp(prefix="pool-pg-", dir="/tmp" if durable else FAST))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)
        if os.geteuid() == 0:
            shutil.chown(self.folder, server_account())
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its log."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        arguments = [f"-c{key}={value}" for key, value in options.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                # The server follows this process into death, however that comes.
                [*as_account("--pdeathsig", "INT"), self.programs / "postgres", "-D", self.data,
                 *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                start_new_session=True,
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self) -> None:
        """Shut the server down, cutting its connections; nothing when it does not run."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOP_SECONDS)
            self.process = None

    def crash(self) -> None:
        """Kill the server and all its backends at once; :meth:`start` then recovers the data."""
        if self.process is None:
            raise RuntimeError("the server does not run")
        pid = self.process.pid
        backends = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for victim in (pid, *map(int, backends)):
            os.kill(victim, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.process = None

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """SQLAlchemy URL of one database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """An autocommit connection as the superuser."""
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True
        )

    def create(self, template: str = "template0") -> str:
        """Make a database as a copy of ``template``; gives its name.

        Copying the files takes half the time of writing every block to the log first.
        """
        name = f"pool_{next(self._names)}"
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        return name

    def drop(self, name: str) -> None:
        """Delete a database, cutting whoever is still connected."""
        self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def make_template(self, migrate: Callable[[str], object]) -> str:
        """Make a database once, let ``migrate(url)`` fill it; its name is for :meth:`create`."""
        name = self.create()
        migrate(self.url(name))
        return name

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """URL of a copy of ``template`` that lives as long as the block."""
        name = self.create(template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def _execute(self, statement: str, *names: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [*as_account(), self.programs / program, *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}")


def server_account() -> str:
    """Name of the account that servers run as when the tests run as root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ACCOUNTS if name in known)


def as_account(*options: str) -> list[str]:
    """Command prefix: leave root for the server's account; ``options`` go to setpriv."""
    if not shutil.which("setpriv"):
        return []
    if os.geteuid() == 0:
        entry = pwd.getpwnam(server_account())
        options = (f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", *options)
    return ["setpriv", *options] if options else []
