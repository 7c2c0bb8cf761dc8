"""The whole application as a user starts it: its own process, data folder and port."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import warm
from tests.support.source import ROOT

START_SECONDS = 90
STOP_SECONDS = 40


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def environment(data: Path, **more: str) -> dict[str, str]:
    """What a process of the application gets: the system's own variables and these."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "MARKETPLACE_DATA": str(data),
        "PYTHONWARNINGS": "error",
        **more,
    }


def command(*arguments: str) -> list[str]:
    """The command line of ``marketplace ARGUMENTS`` in this environment."""
    return [sys.executable, "-m", "marketplace.cli", *arguments]


def run(data: Path, *arguments: str, **env: str) -> str:
    """Run one command to its end and give what it printed. Raises with all output if it fails."""
    code, said, errors = warm.run(environment(data, **env), *arguments)
    if code:
        raise RuntimeError(f"marketplace {' '.join(arguments)}:\n{said}{errors}")
    return said


@contextmanager
def serve(data: Path, *options: str, **env: str) -> Iterator[str]:
    """Address of a running `marketplace run OPTIONS` that ends with the block."""
    port = free_port()
    log = data / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command("run", *options), cwd=ROOT, env=environment(data, PORT=str(port), **env),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(process, f"{address}/healthz", log)
        yield address
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"the application did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
