"""Kills the elected master of a cluster while tests run on it, and starts it again."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.support.elasticsearch import Node, master_of, wait_until_whole

INTO_THE_TEST = 0.2  # seconds
DOWN = 3.0  # seconds; a new master is elected meanwhile


class Failover:
    """One kill in each of ``kills`` tests, spread evenly over all tests named."""

    def __init__(self, nodes: Sequence[Node], tests: Sequence[str], kills: int) -> None:
        self.nodes = nodes
        self.deaths = 0
        turns = [len(tests) * turn // (kills + 1) for turn in range(1, kills + 1)]
        self.chosen = {tests[turn] for turn in turns if tests}
        self._restarted = threading.Event()
        self._restarted.set()
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []

    @contextmanager
    def during(self, test: str) -> Iterator[None]:
        """Around one test. It does not wait for the cluster to recover."""
        if test in self.chosen:
            self.wait()
            self._restarted.clear()
            self._threads.append(threading.Thread(target=self._kill))
            self._threads[-1].start()
        yield

    def wait(self) -> None:
        """Until the cluster is whole again."""
        assert self._restarted.wait(60)
        wait_until_whole(self.nodes)

    def end(self) -> None:
        """No more kills."""
        assert self._restarted.wait(60)
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _kill(self) -> None:
        time.sleep(INTO_THE_TEST)
        master = master_of(self.nodes)
        master.crash()
        self.deaths += 1
        time.sleep(DOWN)
        master.start(wait=False)
        self._restarted.set()
        # A server follows the thread that started it into death.
        self._end.wait()
