"""Rows of the search benches: ours, the base, their ratio, what it should be."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Target:
    """At most ``ratio`` times the base plus ``plus`` ms, by the medians."""

    ratio: float
    plus: float = 0.0

    def __str__(self) -> str:
        return f"≤ {self.ratio:g} ×" + (f" + {self.plus:g} ms" if self.plus else "")


HEAD = f"  {'':<38}{'ours p50 / p99 ms':>20}{'base p50 / p99 ms':>22}{'ratio':>8}  target"


def row(
    name: str,
    ours: Sequence[float],
    base: Sequence[float] = (),
    target: Target | None = None,
    against: str = "",
) -> float:
    """Print one row; returns the ratio of the medians (0 without a base)."""
    text = f"  {name:<38}{_both(ours):>20}"
    ratio = 0.0
    if base:
        ratio = median(ours) / median(base)
        text += f"{_both(base):>22}{ratio:8.2f}"
    if base and target:
        met = median(ours) <= target.ratio * median(base) + target.plus
        text += f"  {target} {'ok' if met else 'MISSED'}"
    print(text + (f"  ({against})" if against else ""), flush=True)
    return ratio


def _both(values: Sequence[float]) -> str:
    return f"{median(values):.2f} / {percentile(values, 0.99):.2f}"


def limit(name: str, value: float, unit: str, most: float | None = None) -> None:
    """Print one value with the most it may be."""
    text = f"  {name:<38}{value:>20,.2f} {unit}"
    if most is not None:
        text += f"  ≤ {most:g} {'ok' if value <= most else 'MISSED'}"
    print(text, flush=True)


def rate(name: str, ours: float, base: float, least: float) -> None:
    """Print two rates and their ratio."""
    ratio = ours / base
    verdict = "ok" if ratio >= least else "MISSED"
    print(
        f"  {name:<38}{ours:>13,.0f} docs/s{base:>15,.0f} docs/s{ratio:8.2f}"
        f"  ≥ {least:g} × {verdict}",
        flush=True,
    )
