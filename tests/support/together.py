"""Calls that start at one moment, each in a thread of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from marketplace.errors import Conflict


def together(*works: Callable[[], str]) -> tuple[str, ...]:
    """What came of each, in the order given; the code of the conflict where one was refused."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], str]) -> str:
        barrier.wait()
        try:
            return work()
        except Conflict as refused:
            return refused.code

    with ThreadPoolExecutor(len(works)) as pool:
        return tuple(pool.map(run, works))
