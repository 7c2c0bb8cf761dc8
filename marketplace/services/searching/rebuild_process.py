"""The worker's part in a rebuild: it starts a process for one that waits or was left.

Indexing goes on in the worker meanwhile, and pages never wait. When the worker dies, the process
carries on and the next worker sees its beat.
"""

import subprocess
import sys
import time
from collections.abc import Sequence

from marketplace.db import Database
from marketplace.services.searching import rebuilds
from marketplace.settings import ROOT

PAUSE_SECONDS = 5.0
"""Between two starts: what cannot run must not be started in a circle."""


class Launcher:
    """At most one process of this worker, for the rebuild that needs one."""

    def __init__(
        self,
        database: Database,
        command: Sequence[str] = (sys.executable, "-m", "marketplace.cli"),
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._database = database
        self._command = command
        self._pause = pause_seconds
        self._started = float("-inf")
        self.process: subprocess.Popen[bytes] | None = None

    def step(self) -> int:
        """Start a process when a rebuild needs one; answers 0, there is never more now."""
        if self.process is not None and self.process.poll() is None:
            return 0
        self.process = None
        if time.monotonic() - self._started < self._pause:
            return 0
        with self._database.reading() as session:
            found = rebuilds.due(session)
        if found is not None:
            self._started = time.monotonic()
            self.process = subprocess.Popen(  # noqa: S603  our own interpreter and a number
                [*self._command, "search", "work", str(found)],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
            )
        return 0
