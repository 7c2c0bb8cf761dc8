"""Real Elasticsearch servers of the tests' own: on loopback, in temporary folders, gone at the end.

``shared_server()`` gives one server to all processes of a test run; ``Node`` is a server of one
test, to be killed or stopped; ``cluster`` starts several that form one. The server is the
distribution that Elastic uses for its own integration tests; ``bin/elasticsearch.sh`` fetches it.
It refuses to run as root, so root starts it as an unprivileged account.

``python -m tests.support.elasticsearch`` runs one server until Ctrl-C and says its address.
"""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import FAST, as_account, server_account
from tests.support.server import free_port
from tests.support.source import ROOT

# Read here: tests/conftest.py forgets the developer's settings before any test runs.
OWN_SERVER = os.environ.get("MARKETPLACE_TEST_SEARCH_URL", "").rstrip("/")
START_SECONDS = 120
STOP_SECONDS = 30
HEAP_MB = 512
# Short-lived servers on few cores: start fast, leave the cores to the tests.
THRIFTY = "-XX:-UseG1GC\n-XX:+UseSerialGC\n-XX:TieredStopAtLevel=1\n-XX:-UsePerfData\n"
VERSION = (Path(__file__).parent / "elasticsearch.pin").read_text("ascii").split()[0]
MISSING = (
    "Elasticsearch is not here: these tests need the server that bin/elasticsearch.sh fetches "
    "and Java 17 (or set MARKETPLACE_TEST_SEARCH_URL to a server that may be written to)"
)


class ServerMissing(Exception):
    """No server program on this machine."""


def find_server() -> Path:
    """The unpacked distribution. Raises ServerMissing, also when there is no Java."""
    default = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or default)
    server = cache / "service-provider-marketplace" / f"elasticsearch-{VERSION}"
    if not (server / "bin" / "elasticsearch").exists() or not shutil.which("java"):
        raise ServerMissing(MISSING)
    return server


def java_home() -> Path:
    """The Java that ``java`` on the PATH stands for."""
    java = shutil.which("java")
    if java is None:
        raise ServerMissing(MISSING)
    return Path(java).resolve().parent.parent


def require_server(*, own: bool = False) -> None:
    """Skip the test where there is no server to start; fail where there must be one. ``own``: a
    server that the test may kill, so a developer's will not do.
    """
    try:
        if own or not OWN_SERVER:
            find_server()
    except ServerMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


class Node:
    """One server process in a folder of its own. Ports stay the same over restarts.

    ``settings`` are added to elasticsearch.yml. ``password`` turns security on, for the
    account ``elastic``. ``disk`` is for measurements: data
    on disk and the usual Java settings.
    """

    def __init__(
        self,
        *,
        name: str = "node",
        settings: Mapping[str, str] | None = None,
        password: str = "",
        disk: bool = False,
    ) -> None:
        server = find_server()
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix="pool-es-", dir="/tmp" if disk else FAST))
        self.http_port, self.transport_port = free_port(), free_port()
        self.password = password
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.program = _reachable(server, self.folder)
        self._configure(settings or {}, disk=disk)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", server_account(), self.folder], check=True)
        if password:
            self._run("elasticsearch-keystore", "create")
            self._run("elasticsearch-keystore", "add", "-x", "bootstrap.password", text=password)

    @property
    def address(self) -> str:
        """Where it listens, without a password."""
        return f"http://127.0.0.1:{self.http_port}"

    def url(self, prefix: str) -> str:
        """SEARCH_URL of an index of this name on this server."""
        user = f"elastic:{self.password}@" if self.password else ""
        return f"http://{user}127.0.0.1:{self.http_port}/{prefix}"

    def start(self, *, wait: bool = True) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                # The server follows this process into death, however that comes.
                [*as_account("--pdeathsig", "TERM"), self.program / "bin" / "elasticsearch"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=self._environment(), start_new_session=True,
            )  # fmt: skip
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self, nodes: int = 1) -> None:
        """Wait until a cluster of so many nodes answers and can be written to."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                health = self.get("/_cluster/health", timeout=2)
            except OSError:
                time.sleep(0.1)
                continue
            if health.get("number_of_nodes", 0) >= nodes:
                return
            time.sleep(0.1)
        raise RuntimeError(f"Elasticsearch did not start:\n{self.log.read_text()[-5000:]}")

    def get(self, path: str, timeout: float = 10) -> Any:
        """The JSON of one GET."""
        request = urllib.request.Request(self.address + path)
        if self.password:
            secret = base64.b64encode(f"elastic:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {secret}")
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server and its launcher."""
        if self.process is None:
            raise RuntimeError("the server does not run")
        os.killpg(self.process.pid, number)

    def crash(self) -> None:
        """Kill it without notice; :meth:`start` recovers its data."""
        self.send(signal.SIGKILL)
        self._ended()

    def stop(self) -> None:
        """End it in order; nothing when it does not run."""
        if self.process is None:
            return
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            self._ended()
        except subprocess.TimeoutExpired:
            self.crash()

    def remove(self) -> None:
        """End it at once and delete its data."""
        if self.process is not None:
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ended(self) -> None:
        assert self.process is not None
        group = self.process.pid
        self.process.wait(STOP_SECONDS)
        self.process = None
        end = time.monotonic() + STOP_SECONDS
        # The launcher has ended; the server itself holds the data until it has ended too.
        while _group_lives(group) and time.monotonic() < end:
            time.sleep(0.02)

    def _configure(self, settings: Mapping[str, str], *, disk: bool) -> None:
        config = self.folder / "config"
        shutil.copytree(self.program / "config", config)
        lines = {
            "cluster.name": "tests",
            "node.name": self.name,
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "http.host": "127.0.0.1",
            "http.port": str(self.http_port),
            "transport.host": "127.0.0.1",
            "transport.port": str(self.transport_port),
            "discovery.type": "single-node",
            "xpack.security.enabled": str(bool(self.password)).lower(),
            # What a server in operation should have: nothing may depend on the lax defaults.
            "action.auto_create_index": "false",
            "search.allow_expensive_queries": "false",
            "cluster.max_shards_per_node": "5000",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **settings,
        }
        text = "".join(f"{key}: {value}\n" for key, value in lines.items() if value)
        (config / "elasticsearch.yml").write_text(text, "utf-8")
        if not disk:
            (config / "jvm.options.d" / "tests.options").write_text(THRIFTY, "ascii")
        (self.folder / "tmp").mkdir()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ES_PATH_CONF": str(self.folder / "config"),
            "ES_JAVA_HOME": str(java_home()),
            "ES_JAVA_OPTS": f"-Xms{HEAP_MB}m -Xmx{HEAP_MB}m",
            "ES_TMPDIR": str(self.folder / "tmp"),
            "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1",  # a launcher that lives for two seconds
        }

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        subprocess.run(
            [*as_account(), self.program / "bin" / program, *arguments],
            cwd=self.folder, env=self._environment(), input=text.encode(),
            capture_output=True, check=True,
        )  # fmt: skip


@contextmanager
def cluster(size: int) -> Iterator[list[Node]]:
    """Nodes that form one cluster, all of them up and known to each other."""
    names = [f"node-{number}" for number in range(size)]
    nodes = [Node(name=name, settings={"discovery.type": ""}) for name in names]
    seeds = json.dumps([f"127.0.0.1:{node.transport_port}" for node in nodes])
    with ExitStack() as stack:
        for node in nodes:
            stack.callback(node.remove)
        for node in nodes:
            with (node.folder / "config" / "elasticsearch.yml").open("a", encoding="utf-8") as file:
                file.write(f"discovery.seed_hosts: {seeds}\n")
                file.write(f"cluster.initial_master_nodes: {json.dumps(names)}\n")
            node.start(wait=False)
        for node in nodes:
            node.wait_until_ready(size)
        yield nodes


def wait_until_whole(nodes: Sequence[Node]) -> None:
    """Until all nodes are there again, and every shard is on two of them: only then can the
    cluster lose another node without losing data.
    """
    for node in nodes:
        node.wait_until_ready(len(nodes))
    health = nodes[0].get(f"/_cluster/health?wait_for_status=green&timeout={START_SECONDS}s", 150)
    assert health["status"] == "green", health


def master_of(nodes: Sequence[Node]) -> Node:
    """The elected master, as the first node that answers sees it."""
    for node in nodes:
        if node.process is not None:
            state = node.get("/_cluster/state/master_node,nodes")
            name = state["nodes"][state["master_node"]]["name"]
            return next(each for each in nodes if each.name == name)
    raise RuntimeError("no node runs")


@contextmanager
def shared_server(run: str) -> Iterator[str]:
    """Address of the one server of a test run, shared by all its processes.

    Whoever comes first starts a keeper process with the server; each user holds a shared lock,
    which the system frees even when the user is killed, and the keeper ends with the last of them.
    With MARKETPLACE_TEST_SEARCH_URL set, that server is used. Raises ServerMissing.
    """
    if OWN_SERVER:
        yield OWN_SERVER
        return
    find_server()
    folder = Path("/tmp") / f"pool-es-run-{os.getuid()}-{run}"
    with ExitStack() as stack:
        with _starting(folder):
            stack.enter_context(_locked(folder / "users", fcntl.LOCK_SH))
            address = _keeper_address(folder)
        yield address


@contextmanager
def _starting(folder: Path) -> Iterator[None]:
    """Only one at a time; and not in a folder that the last keeper has just removed."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            with _locked(folder / "start", fcntl.LOCK_EX) as there:
                if there:
                    yield
                    return
        except FileNotFoundError:
            continue


def _keeper_address(folder: Path) -> str:
    said = folder / "address"
    if not said.exists():
        with (folder / "log").open("wb") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.support.elasticsearch", str(folder)],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while not said.exists():
            if keeper.poll() is not None or time.monotonic() > end:
                keeper.kill()
                raise RuntimeError(f"no Elasticsearch:\n{(folder / 'log').read_text()[-5000:]}")
            time.sleep(0.05)
        # It outlives this process on purpose; nobody here waits for it.
        keeper.returncode = 0
    return said.read_text("ascii")


def _keep(folder: Path) -> None:
    """The keeper: run a server until nobody holds the lock on ``users`` any more."""
    node = Node()
    try:
        node.start()
        (folder / "address.new").write_text(node.address, "ascii")
        (folder / "address.new").rename(folder / "address")
        while True:
            time.sleep(0.5)
            with (
                _locked(folder / "start", fcntl.LOCK_EX),
                (folder / "users").open("rb") as users,
            ):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(folder)
                return
    finally:
        node.remove()


@contextmanager
def _locked(path: Path, how: int) -> Iterator[bool]:
    """Hold the lock; gives whether the file still stands at its path."""
    with path.open("ab") as file:
        fcntl.flock(file, how)
        yield path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _reachable(server: Path, folder: Path) -> Path:
    """The server itself, or a copy of it where the unprivileged account cannot enter a folder."""
    if os.geteuid() != 0 or all(part.stat().st_mode & 0o001 for part in server.parents):
        return server
    copy = folder / "server"
    shutil.copytree(server, copy)
    folder.chmod(0o755)
    return copy


def main() -> None:
    """With a folder: keep the shared server. Without: one server until interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that nothing is left lying about
    if len(sys.argv) > 1:
        _keep(Path(sys.argv[1]))
        return
    node = Node()
    try:
        node.start()
        print(f"Elasticsearch {VERSION} on {node.address}; Ctrl-C ends it", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        print("ended")
    finally:
        node.remove()


if __name__ == "__main__":
    main()
