"""Two ways to do the same, timed in turn: on a noisy machine only their ratio means something."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

PAIRS = 11


@dataclass(frozen=True)
class Ratio:
    """Ours divided by theirs: the median of the pairs, the smallest and the largest."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}–{self.high:.2f})"


def cpu_seconds(work: Callable[[], object], times: int) -> float:
    """CPU time of this process for ``times`` calls."""
    start = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - start


def compare(
    ours: Callable[[], object], theirs: Callable[[], object], *, times: int = 30, pairs: int = PAIRS
) -> tuple[Ratio, float, float]:
    """The ratio of CPU times, and the median milliseconds of one call of each."""
    cpu_seconds(ours, 3)
    cpu_seconds(theirs, 3)
    measured = [(cpu_seconds(ours, times), cpu_seconds(theirs, times)) for _ in range(pairs)]
    ratios = [mine / other for mine, other in measured]
    ratio = Ratio(statistics.median(ratios), min(ratios), max(ratios))
    each = [statistics.median(column) / times * 1000 for column in zip(*measured, strict=True)]
    return ratio, each[0], each[1]
