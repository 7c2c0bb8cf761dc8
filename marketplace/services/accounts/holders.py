"""Names of processes that hold work, and how to see that such a process is gone."""

import os
import socket
from pathlib import Path


def me() -> str:
    """The name of this process: machine, process space, number."""
    return f"{_place()}:{os.getpid()}"


def gone(holder: str) -> bool:
    """Whether ``holder`` was a process of this machine that does not live any more."""
    place, _, number = holder.rpartition(":")
    return place == _place() and not Path(f"/proc/{number}").exists()


def _place() -> str:
    """What makes process numbers comparable: containers may share a host name."""
    try:
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        space = 0
    return f"{socket.gethostname()[:40]}:{space}"
