"""What a cycle pins: the scheme and the figures, each with the hash of its canonical JSON.

Canonical: UTF-8, keys sorted, no blanks between tokens; anybody who has the data can hash it again.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Protocol

from marketplace.models import EvaluationCycle, IndicatorValue
from marketplace.programmes.evaluation import Evaluation
from marketplace.programmes.structure import build, dump
from marketplace.services.evaluation.scoring import Figure

_BUILT: dict[str, Evaluation] = {}


class Valued(Protocol):
    """A row of indicator_values, as object or as columns."""

    indicator: Any
    rater: Any
    numerator: Any
    denominator: Any
    n: Any
    points: Any
    sources: Any
    justification: Any
    evaluator_id: Any


COLUMNS = (
    IndicatorValue.sheet_id, IndicatorValue.indicator, IndicatorValue.rater,
    IndicatorValue.numerator, IndicatorValue.denominator, IndicatorValue.n, IndicatorValue.points,
    IndicatorValue.sources, IndicatorValue.justification, IndicatorValue.evaluator_id,
)  # fmt: skip
"""What a reckoning reads of each value."""


def sha256(data: Any) -> str:
    """The hash of ``data`` (JSON-able) in canonical form."""
    plain = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def pin(scheme: Evaluation) -> tuple[dict[str, Any], str]:
    """The scheme as a cycle keeps it, and its hash."""
    data: dict[str, Any] = dump(scheme)
    return data, sha256(data)


def scheme_of(cycle: EvaluationCycle) -> Evaluation:
    """The scheme that the cycle has pinned; parsed once per process and hash."""
    if cycle.scheme_sha256 not in _BUILT:
        _BUILT[cycle.scheme_sha256] = build(Evaluation, cycle.scheme)
    return _BUILT[cycle.scheme_sha256]


def figure(value: Valued) -> Figure:
    """A kept value as the reckoning takes it."""
    return Figure(
        value.indicator, value.rater, value.numerator, value.denominator, value.n, value.points
    )


def data_hash(type_: str, projects: int, values: Iterable[Valued]) -> str:
    """The hash over everything that a sheet was reckoned from, rows and reasons included."""
    lines = [
        [
            value.indicator, value.rater, value.numerator, value.denominator, value.n,
            None if value.points is None else f"{value.points:.2f}", value.sources,
            value.justification, value.evaluator_id,
        ]
        for value in values
    ]  # fmt: skip
    lines.sort(key=lambda line: (line[0], line[1], line[8] or 0))
    return sha256({"type": type_, "projects": projects, "values": lines})
