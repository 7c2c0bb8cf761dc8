"""Rows of the search benches: ours, the base, their ratio, what it should be."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple


class Time(NamedTuple):
    """Milliseconds of one call: by the clock on the wall, and of CPU in this process."""

    wall: float
    cpu: float


def timed(call: Callable[[], object]) -> Time:
    """Do it once."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Time((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)


def each(time: Time, count: int) -> Time:
    """The share of one of ``count`` things."""
    return Time(time.wall / count, time.cpu / count)


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which ``share`` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Target:
    """At most ``ratio`` times the base plus ``plus`` ms, by the medians.

    ``cpu``: of CPU time, which is all that can be compared while others use the machine; on an
    idle one it is what the clock says. Not for engines in another process.
    """

    ratio: float
    plus: float = 0.0
    cpu: bool = True

    def met(self, ours: Sequence[Time], base: Sequence[Time]) -> bool:
        place = 1 if self.cpu else 0
        mine, theirs = (median(each[place] for each in side) for side in (ours, base))
        return mine <= self.ratio * theirs + self.plus

    def __str__(self) -> str:
        return f"≤ {self.ratio:g} ×" + (f" + {self.plus:g} ms" if self.plus else "")


HEAD = (
    f"  {'':<34}{'ours p50 / p99 ms':>19}{'base p50 / p99 ms':>19}{'ratio':>7}"
    f"{'CPU':>16}{'ratio':>7}  target"
)


def row(
    name: str,
    ours: Sequence[Time],
    base: Sequence[Time] = (),
    target: Target | None = None,
    against: str = "",
) -> None:
    """Print one row: times of both and the ratio of their medians, by the wall and by the CPU."""
    text = f"  {name:<34}{_both(ours):>19}"
    if base:
        wall = median(each.wall for each in ours) / median(each.wall for each in base)
        mine, theirs = (median(each.cpu for each in side) for side in (ours, base))
        text += f"{_both(base):>19}{wall:7.2f}{f'{mine:.2f} : {theirs:.2f}':>16}"
        text += f"{mine / theirs if theirs else 0:7.2f}"
    if base and target:
        text += f"  {target} {'ok' if target.met(ours, base) else 'MISSED'}"
    print(text + (f"  ({against})" if against else ""), flush=True)


def _both(values: Sequence[Time]) -> str:
    walls = [each.wall for each in values]
    return f"{median(walls):.2f} / {percentile(walls, 0.99):.2f}"


def limit(name: str, value: float, unit: str, most: float | None = None) -> None:
    """Print one value with the most it may be."""
    text = f"  {name:<34}{value:>19,.2f} {unit}"
    if most is not None:
        text += f"  ≤ {most:g} {'ok' if value <= most else 'MISSED'}"
    print(text, flush=True)


def rate(name: str, ours: Time, base: Time, least: float, *, cpu: bool = True) -> None:
    """Print how many documents a second both did, and the ratio of their rates; the times are for
    one document, ``cpu`` as for a Target.
    """
    wall, own = base.wall / ours.wall, base.cpu / ours.cpu
    verdict = "ok" if (own if cpu else wall) >= least else "MISSED"
    rates = [f"{1000 / side.wall:>12,.0f} docs/s" for side in (ours, base)]
    times = f"{ours.cpu:.2f} : {base.cpu:.2f}"
    print(
        f"  {name:<34}{''.join(rates)}{wall:7.2f}{times:>16}{own:7.2f}  ≥ {least:g} × {verdict}",
        flush=True,
    )
