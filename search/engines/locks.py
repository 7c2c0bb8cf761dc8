"""Locks between processes of one machine; the system frees them when their holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from search.errors import WriterBusy

PAUSE = 0.01


@contextmanager
def fair_lock(path: Path, wait_seconds: float, busy: str) -> Iterator[None]:
    """Like :func:`file_lock`, but who locks again and again cannot keep the others out.

    All come through a gate that is held only while waiting, so whoever waits behind the present
    holder is the next.
    """
    with ExitStack() as stack:
        with file_lock(path.with_suffix(".gate"), wait_seconds, busy):
            stack.enter_context(file_lock(path, wait_seconds, busy))
        yield


@contextmanager
def file_lock(path: Path, wait_seconds: float, busy: str) -> Iterator[None]:
    """Hold the lock on ``path``. Raises WriterBusy with the text ``busy`` after the wait.

    Two holders in one process exclude each other too: each opens the file anew.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        _acquire(descriptor, wait_seconds, busy)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, wait_seconds: float, busy: str) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise WriterBusy(busy) from None
            time.sleep(PAUSE)
