"""What people still owe a cycle: judged figures that nobody has entered yet."""

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.models import EvaluationCycle, EvaluationSheet, IndicatorValue
from marketplace.programmes.evaluation import Evaluation, Indicator
from marketplace.programmes.indicators import COUNTED, EXPERT
from marketplace.services.evaluation import pinned, scoring


def judged(scheme: Evaluation, rater: str | None = None) -> list[Indicator]:
    """Indicators that a person gives; of one kind of rater if named."""
    return [
        item
        for item in scoring.indicators_of(scheme)
        if item.by not in COUNTED and rater in (None, item.by)
    ]


def needed(scheme: Evaluation, indicator: Indicator) -> int:
    """How many values make the figure: several experts, one of everybody else."""
    return scheme.min_experts if indicator.by == EXPERT else 1


def by_sheet(session: Session, cycle: EvaluationCycle) -> dict[int, dict[str, tuple[int, bool]]]:
    """Sheets that will be rated → indicator → (values entered, corrected by the city)."""
    scheme = pinned.scheme_of(cycle)
    found: dict[int, dict[str, tuple[int, bool]]] = {
        id_: {}
        for id_ in session.scalars(
            select(EvaluationSheet.id).where(
                EvaluationSheet.cycle_id == cycle.id,
                EvaluationSheet.projects >= scheme.min_projects,
            )
        )
    }
    rows = session.execute(
        select(
            IndicatorValue.sheet_id, IndicatorValue.indicator, IndicatorValue.rater, func.count()
        )
        .join(EvaluationSheet, EvaluationSheet.id == IndicatorValue.sheet_id)
        .where(EvaluationSheet.cycle_id == cycle.id, IndicatorValue.rater.not_in(COUNTED))
        .group_by(IndicatorValue.sheet_id, IndicatorValue.indicator, IndicatorValue.rater)
    )
    for sheet, indicator, rater, number in rows:
        if sheet in found:
            entered, corrected = found[sheet].get(indicator, (0, False))
            city = rater == scoring.CITY
            found[sheet][indicator] = (entered if city else number, corrected or city)
    return found


def of(session: Session, cycle: EvaluationCycle) -> list[tuple[Indicator, int]]:
    """Indicators with the number of sheets that still lack them, in the scheme's order."""
    scheme = pinned.scheme_of(cycle)
    lacking: Counter[str] = Counter()
    wanted = judged(scheme)
    for entered in by_sheet(session, cycle).values():
        for item in wanted:
            number, corrected = entered.get(item.id, (0, False))
            if not corrected and number < needed(scheme, item):
                lacking[item.id] += 1
    return [(item, lacking[item.id]) for item in wanted if lacking[item.id]]
