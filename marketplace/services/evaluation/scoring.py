"""From figures to a score and a grade: the same for the draft, for what-if and years later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from marketplace.models.evaluations import NOT_RATED
from marketplace.programmes import indicators as words
from marketplace.programmes.evaluation import Evaluation, Grade, Indicator
from marketplace.services.evaluation import formulas
from marketplace.services.evaluation.formulas import half_up

WHOLE = 100
CITY = "city"
UNRATED = "暂不评级"
OK, NO_DATA, MISSING, CORRECTED = "ok", "no_data", "missing", "corrected"
"""How a line of the result came about; ``missing`` waits for a person."""


@dataclass(frozen=True)
class Figure:
    """One value of a sheet, as ``IndicatorValue`` keeps it. ``points`` is given, not reckoned."""

    indicator: str
    rater: str
    numerator: int | None = None
    denominator: int | None = None
    n: int = 0
    points: Decimal | None = None


@dataclass(frozen=True)
class Line:
    """One indicator of the result. ``points`` None: no data. ``raters``: values behind it."""

    indicator: Indicator
    state: str
    points: Fraction | None
    numerator: int | None = None
    denominator: int | None = None
    n: int = 0
    raters: int = 0
    apart: bool = False

    def as_json(self) -> dict[str, Any]:
        """What the sheet keeps for its page; points as a text with two decimals."""
        return {
            "id": self.indicator.id, "state": self.state, "of": self.indicator.points,
            "points": None if self.points is None else str(half_up(self.points, 2)),
            "numerator": self.numerator, "denominator": self.denominator, "n": self.n,
            "raters": self.raters, "apart": self.apart,
        }  # fmt: skip


@dataclass(frozen=True)
class Result:
    """The whole reckoning. ``available``: points of the indicators that have data."""

    lines: Sequence[Line]
    available: int
    base: Fraction
    bonus: int
    deduction: int
    vetoes: tuple[str, ...]
    adjusted: tuple[str, ...]
    score: Decimal | None
    grade: str
    why: str = ""
    """Why there is no rating: too few projects, too little data; else empty."""

    def as_json(self) -> dict[str, Any]:
        """What the sheet keeps for its page."""
        return {
            "lines": [line.as_json() for line in self.lines], "available": self.available,
            "base": str(half_up(self.base, 2)), "bonus": self.bonus, "deduction": self.deduction,
            "vetoes": list(self.vetoes), "adjusted": list(self.adjusted), "why": self.why,
        }  # fmt: skip


def indicators_of(scheme: Evaluation) -> list[Indicator]:
    """Every indicator in the order of the scheme."""
    return [item for dimension in scheme.dimensions for item in dimension.indicators]


def label(scheme: Evaluation, grade: str) -> str:
    """The name of a grade; empty for none."""
    if grade in ("", NOT_RATED):
        return UNRATED if grade else ""
    return next((item.name for item in scheme.grades if item.id == grade), grade)


def grade_of(scheme: Evaluation, score: Decimal) -> Grade:
    """The band that the rounded score lies in, lower bound included."""
    return next(grade for grade in scheme.grades if score >= grade.min)


def reckon(scheme: Evaluation, type_: str, projects: int, figures: Iterable[Figure]) -> Result:
    """Score and grade of one place of ``type_`` with ``projects`` accepted or running projects.

    Fractions stay exact until the one rounding of the score (half up); the grade is that of the
    rounded score, so what is published explains itself.
    """
    given: dict[str, list[Figure]] = {}
    for figure in figures:
        given.setdefault(figure.indicator, []).append(figure)
    lines = [_line(scheme, item, type_, given.get(item.id, [])) for item in indicators_of(scheme)]
    known = [line for line in lines if line.points is not None]
    available = sum(line.indicator.points for line in known)
    got = sum((line.points for line in known if line.points is not None), Fraction(0))
    base = got * WHOLE / available if available else Fraction(0)
    bonus = min(scheme.bonus_cap, _sum(scheme.bonuses, given))
    deduction = _sum(scheme.deductions, given)
    vetoes = tuple(code for code in scheme.vetoes if _happened(given.get(code, [])))
    adjusted = tuple(
        item.id
        for item in (*scheme.bonuses, *scheme.deductions)
        if _happened(given.get(item.id, []))
    )
    why = "" if vetoes else _unratable(scheme, projects, available, lines)
    score = None
    grade = NOT_RATED
    if not why:
        exact = max(Fraction(0), base + bonus - deduction)
        score = half_up(exact, scheme.rounding_decimals)
        grade = scheme.grades[-1].id if vetoes else grade_of(scheme, score).id
    return Result(lines, available, base, bonus, deduction, vetoes, adjusted, score, grade, why)


def _unratable(scheme: Evaluation, projects: int, available: int, lines: Sequence[Line]) -> str:
    if projects < scheme.min_projects:
        return f"在施和已验收项目{projects}个，少于{scheme.min_projects}个"
    if available < scheme.min_points:
        return f"有数据的指标合计{available}分，少于{scheme.min_points}分"
    if scheme.no_data == words.NOT_RATED and available < WHOLE:
        empty = "、".join(line.indicator.name for line in lines if line.points is None)
        return f"没有数据：{empty}"
    return ""


def _line(scheme: Evaluation, item: Indicator, type_: str, figures: list[Figure]) -> Line:
    corrected = [figure for figure in figures if figure.rater == CITY]
    own = corrected or [figure for figure in figures if figure.rater == item.by]
    if item.by == words.EXPERT and not corrected:
        return _experts(scheme, item, own)
    if not own:
        return Line(item, NO_DATA if item.by in words.COUNTED else MISSING, None)
    figure = own[0]
    points = (
        Fraction(figure.points)
        if figure.points is not None
        else formulas.points(item, type_, figure.numerator, figure.denominator, figure.n)
    )
    state = NO_DATA if points is None else CORRECTED if corrected else OK
    return Line(
        item, state, points, figure.numerator, figure.denominator, figure.n, raters=len(own)
    )


def _experts(scheme: Evaluation, item: Indicator, figures: list[Figure]) -> Line:
    """The mean of enough experts; far apart ones are pointed out, never left out."""
    marks = [figure.points for figure in figures if figure.points is not None]
    if len(marks) < scheme.min_experts:
        return Line(item, MISSING, None, n=len(marks), raters=len(marks))
    mean = sum((Fraction(mark) for mark in marks), Fraction(0)) / len(marks)
    apart = (max(marks) - min(marks)) * WHOLE > scheme.outlier_range * item.points
    return Line(item, OK, mean, n=len(marks), raters=len(marks), apart=apart)


def _sum(items: Iterable[Any], given: Mapping[str, list[Figure]]) -> int:
    return sum(item.points for item in items if _happened(given.get(item.id, [])))


def _happened(figures: list[Figure]) -> bool:
    """The city's word goes before what was counted; one row is enough."""
    said = [figure for figure in figures if figure.rater == CITY] or figures
    return any(figure.numerator for figure in said)
