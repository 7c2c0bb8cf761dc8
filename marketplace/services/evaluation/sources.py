"""Which rows stand behind a counted figure: one statement for all places of a cycle at once.

A source is a function that yields :class:`Row` objects for every sheet of the frame; it is
registered under a name of ``programmes.indicators.SOURCES``. Rows are kept with the figure as they
were at the freeze, so that every number opens to what it was counted from.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import EvaluationCycle, EvaluationSheet
from marketplace.programmes.evaluation import Indicator
from marketplace.programmes.indicators import COUNT, MEAN


@dataclass(frozen=True)
class Frame:
    """The cycle's sheets, its days, and the instant at which the figures are taken."""

    cycle_id: int
    period_from: date
    period_until: date
    frozen_at: datetime

    @classmethod
    def of(cls, cycle: EvaluationCycle, at: datetime) -> "Frame":
        """The frame of ``cycle`` as seen at ``at``."""
        return cls(cycle.id, cycle.period_from, cycle.period_until, at)

    @property
    def since(self) -> datetime:
        """The first instant of the period."""
        return clock.start_of_day(self.period_from)

    @property
    def until(self) -> datetime:
        """The exclusive end of the period, or of what is known at the freeze."""
        return min(clock.end_of_day(self.period_until), self.frozen_at)

    @property
    def sheets(self) -> ColumnElement[bool]:
        """Condition on EvaluationSheet: those of the cycle."""
        return EvaluationSheet.cycle_id == self.cycle_id


@dataclass(frozen=True)
class Row:
    """One source row of one place. ``good`` of ``of`` counts; rows that do not count say why.

    ``page`` is the page that shows it, such as ``projects/12``; ``text`` and ``note`` are words.
    """

    membership_id: int
    page: str
    text: str
    good: int
    note: str = ""
    of: int = 1
    counts: bool = True

    def as_json(self) -> dict[str, Any]:
        """What the figure keeps."""
        return {
            "page": self.page, "text": self.text, "note": self.note,
            "good": self.good, "of": self.of, "counts": self.counts,
        }  # fmt: skip


Reader = Callable[[Session, Frame, Indicator], Iterable[Row]]

SOURCES: dict[str, Reader] = {}


def source(name: str) -> Callable[[Reader], Reader]:
    """Register the reader of one source."""

    def register(function: Reader) -> Reader:
        SOURCES[name] = function
        return function

    return register


Kept = dict[str, Any]
"""A row as a figure keeps it."""


def totals(kind: str, rows: Sequence[Kept]) -> tuple[int, int, int]:
    """Numerator, denominator and n of kept rows. A mean is the exact mean of rows' good ÷ of."""
    counting = [row for row in rows if row["counts"]]
    if kind == MEAN:
        if not counting:
            return 0, 0, 0
        total = sum((Fraction(row["good"], row["of"]) for row in counting), Fraction(0))
        mean = total / len(counting)
        return mean.numerator, mean.denominator, len(counting)
    good = sum(int(row["good"]) for row in counting)
    of = 0 if kind == COUNT else sum(int(row["of"]) for row in counting)
    return good, of, len(counting)
