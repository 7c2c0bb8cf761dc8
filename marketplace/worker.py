"""The background loop: index, mail, seals and clearing up, by one process at a time.

Any number of workers may run; the lease lets one work and the others stand by. A killed holder
is replaced at once on its own machine, elsewhere when its lease ends. Every job is safe to be cut
off at any point.
"""

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from marketplace import outbox
from marketplace.db import Database
from marketplace.services.accounts import holders

log = structlog.get_logger()

LEASE = "worker"
RENEW_SECONDS = 2.0
POLL_SECONDS = 0.03
STANDBY_SECONDS = 0.5
ERROR_PAUSE_SECONDS = 1.0
COLLECT = (50_000, 20, 20)
"""Indexing makes many short-lived objects: with Python's own thresholds a quarter of its time goes
into looking for cycles among them."""


@dataclass
class Job:
    """``run()`` answers how much it did; it is called again at once while it did something."""

    name: str
    run: Callable[[], int]
    every_seconds: float
    due_at: float = field(default=0.0)


class Worker:
    """Runs the jobs in turn until ``stop`` is set."""

    def __init__(self, database: Database, jobs: list[Job]) -> None:
        self._database = database
        self._jobs = jobs
        self._holder = holders.me()
        self._leased_until = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; the running job is finished, the lease given back."""
        log.info("worker started", holder=self._holder)
        gc.set_threshold(*COLLECT)
        while not stop.is_set():
            if not self._holds_lease():
                stop.wait(STANDBY_SECONDS)
            elif not self._round():
                stop.wait(POLL_SECONDS)
        outbox.release_lease(self._database, LEASE, self._holder)
        log.info("worker stopped", holder=self._holder)

    def drain(self) -> None:
        """Run every job until none has anything left to do; for commands and tests."""
        while sum(job.run() for job in self._jobs):
            pass

    def _holds_lease(self) -> bool:
        if time.monotonic() < self._leased_until:
            return True
        try:
            held = self._takes_lease()
        except Exception as error:
            log.error("lease failed", error=repr(error))
            held = False
        self._leased_until = time.monotonic() + RENEW_SECONDS if held else 0.0
        return held

    def _takes_lease(self) -> bool:
        if outbox.take_lease(self._database, LEASE, self._holder):
            return True
        other = outbox.holder_of(self._database, LEASE)
        if not holders.gone(other):
            return False
        outbox.release_lease(self._database, LEASE, other)  # it was killed on this machine
        return outbox.take_lease(self._database, LEASE, self._holder)

    def _round(self) -> bool:
        busy = False
        for job in self._jobs:
            if time.monotonic() >= job.due_at:
                busy |= self._once(job)
        return busy

    def _once(self, job: Job) -> bool:
        try:
            done = job.run()
        except Exception as error:  # a failing job must not stop the others
            log.exception("job failed", job=job.name, error=repr(error))
            job.due_at = time.monotonic() + max(job.every_seconds, ERROR_PAUSE_SECONDS)
            return False
        job.due_at = time.monotonic() + (0 if done else job.every_seconds)
        return done > 0
