"""A published grade reckoned again from what was pinned: the same digits years later.

Nothing is read but the cycle's own scheme and the sheet's own values: profile, programme file and
weights may have changed since. Counts are taken anew from the kept rows, so that a figure that was
altered by hand does not agree with its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from marketplace.models import EvaluationSheet, IndicatorValue
from marketplace.models.evaluations import EvaluationCycle
from marketplace.programmes.evaluation import Evaluation
from marketplace.programmes.indicators import COUNT, COUNTED, SOURCES
from marketplace.services.evaluation import formulas, pinned, scoring, sheets, sources


@dataclass(frozen=True)
class Check:
    """What the recomputation gave, and what stands in its way; empty ``faults``: all agrees."""

    score: Decimal | None
    grade: str
    faults: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether score, grade, rows and hashes are what was written down."""
        return not self.faults


def check(session: Session, sheet: EvaluationSheet) -> Check:
    """Reckon ``sheet`` (its cycle loaded) again and compare. Writes nothing."""
    return compare(sheet.cycle, sheet, sheets.values(session, sheet))


def compare(
    cycle: EvaluationCycle, sheet: EvaluationSheet, values: Sequence[IndicatorValue]
) -> Check:
    """The same for values that were read already."""
    scheme = pinned.scheme_of(cycle)
    result = scoring.reckon(scheme, sheet.type, sheet.projects, map(pinned.figure, values))
    faults = [
        text
        for text, wrong in (
            ("评价办法的校验值不符", pinned.sha256(cycle.scheme) != cycle.scheme_sha256),
            (
                "数据的校验值不符",
                pinned.data_hash(sheet.type, sheet.projects, values) != sheet.data_sha256,
            ),
            (f"得分复算为{result.score}，记录为{sheet.score}", result.score != sheet.score),
            (f"等次复算为{result.grade}，记录为{sheet.grade}", result.grade != sheet.grade),
        )
        if wrong
    ]
    faults += [
        f"{value.indicator}的计数与明细不符" for value in values if _off(scheme, sheet, value)
    ]
    return Check(result.score, result.grade, tuple(faults))


def _off(scheme: Evaluation, sheet: EvaluationSheet, value: IndicatorValue) -> bool:
    """Whether a counted figure is not what its kept rows come to."""
    if value.rater not in COUNTED or value.numerator is None:
        return False
    item = {
        **{i.id: (i.source, i) for i in scoring.indicators_of(scheme)},
        **{a.id: (a.source, None) for a in (*scheme.bonuses, *scheme.deductions)},
    }.get(value.indicator)
    if item is None or not item[0]:
        return True
    kind = SOURCES[item[0]].kind
    numerator, denominator, n = sources.totals(kind, value.sources)
    if kind == COUNT:
        denominator = formulas.target_of(item[1], sheet.type) if item[1] else 0
    return (numerator, denominator, n) != (value.numerator, value.denominator, value.n)
