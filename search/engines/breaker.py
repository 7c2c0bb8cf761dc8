"""Stops asking a server that does not answer, so that pages need not wait for it."""

import threading
import time

from search.errors import Unavailable

FAILURES = 3
PAUSE_SECONDS = 5.0
PASSING_SECONDS = 1.0


class Breaker:
    """Open after three failures in a row: then all are refused at once, except one probe every
    five seconds. The first search that succeeds closes it. Shared by threads.

    Failures that should pass at once, because another server has the answer, open it only when
    they last for a second.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._since = 0.0
        self._probe_at = 0.0
        self._reason = ""

    @property
    def state(self) -> str:
        """``closed``: everything passes. ``open``: only probes do."""
        return "open" if self._failures >= FAILURES else "closed"

    def enter(self) -> bool:
        """Ask for permission; True says that the call is the probe. Raises Unavailable."""
        with self._lock:
            if self._failures < FAILURES:
                return False
            now = time.monotonic()
            if now < self._probe_at:
                raise Unavailable(f"搜索服务暂停使用：{self._reason}")
            self._probe_at = now + PAUSE_SECONDS
            return True

    def succeeded(self) -> None:
        """The server answered a search."""
        if self._failures:
            with self._lock:
                self._failures = 0

    def answered(self) -> None:
        """The server answered something small, which proves little: the next call may try."""
        if self._failures:
            with self._lock:
                self._probe_at = 0.0

    def failed(self, reason: str, *, passing: bool = False) -> None:
        """The server could not be reached, or could not answer."""
        with self._lock:
            now = time.monotonic()
            if not self._failures:
                self._since = now
            self._failures += 1
            if passing and now - self._since < PASSING_SECONDS:
                self._failures = min(self._failures, FAILURES - 1)
            self._reason = reason
            self._probe_at = now + PAUSE_SECONDS
