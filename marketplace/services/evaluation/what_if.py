"""What if: other weights, grade bounds, targets or quotas, on frozen data of a cycle.

Reads and reckons only; nothing is written, and nobody's grade depends on it (F-C18).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.models import (
    Candidacy,
    EvaluationCycle,
    EvaluationSheet,
    Organisation,
    Provider,
    Quota,
)
from marketplace.phases import EvaluationPhase, SelectionPhase
from marketplace.programmes.evaluation import Evaluation, Indicator
from marketplace.services.evaluation import freezing, pinned, scoring

MOST = 1000


@dataclass(frozen=True)
class Change:
    """What is asked: numbers by indicator, by grade, by (indicator, type), by quota id."""

    points: Mapping[str, int] = field(default_factory=dict)
    bounds: Mapping[str, int] = field(default_factory=dict)
    targets: Mapping[tuple[str, str], int] = field(default_factory=dict)
    caps: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """One place whose score or grade would be another."""

    sheet_id: int
    name: str
    segment: str
    type: str
    score: Decimal | None
    grade: str
    new_score: Decimal | None
    new_grade: str


@dataclass(frozen=True)
class Cell:
    """One quota cell under another cap: ``over`` places too many, ``room`` for the reserve."""

    label: str
    used: int
    held: int
    cap: int | None
    new_cap: int
    over: int
    room: int
    reserve: int


@dataclass(frozen=True)
class Outcome:
    """Grades before and after by name, who would move, and what the cells would do."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    moves: Sequence[Move]
    cells: Sequence[Cell]
    total: int
    """Points of all indicators together, 100 unless the weights do not add up."""


def altered(scheme: Evaluation, change: Change) -> Evaluation:
    """The scheme with other numbers; the pinned one stays what it is."""

    def of(item: Indicator) -> Indicator:
        target = item.target and {
            type_: change.targets.get((item.id, type_), number)
            for type_, number in item.target.items()
        }
        return replace(item, points=change.points.get(item.id, item.points), target=target)

    dimensions = tuple(
        replace(d, indicators=(items := tuple(map(of, d.indicators))),
                points=sum(item.points for item in items))
        for d in scheme.dimensions
    )  # fmt: skip
    grades = tuple(replace(g, min=change.bounds.get(g.id, g.min)) for g in scheme.grades)
    return replace(scheme, dimensions=dimensions, grades=grades)


def faults(scheme: Evaluation) -> list[str]:
    """Why these numbers cannot be tried: sums and order, in words."""
    total = sum(item.points for item in scoring.indicators_of(scheme))
    found = [] if total == scoring.WHOLE else [f"各指标合计{total}分，应为{scoring.WHOLE}分"]
    bounds = [grade.min for grade in scheme.grades]
    if bounds != sorted(set(bounds), reverse=True):
        found.append("等次分数线须从高到低")
    return found


def _sheets(session: Session, cycle: EvaluationCycle) -> Sequence[Any]:
    return session.execute(
        select(
            EvaluationSheet.id,
            EvaluationSheet.segment,
            EvaluationSheet.type,
            EvaluationSheet.projects,
            EvaluationSheet.score,
            EvaluationSheet.grade,
            Organisation.name,
        )
        .join(Provider, Provider.id == EvaluationSheet.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(EvaluationSheet.cycle_id == cycle.id)
        .order_by(EvaluationSheet.segment, EvaluationSheet.type, Organisation.name)
    ).all()


def outcome(session: Session, cycle: EvaluationCycle, change: Change) -> Outcome:
    """Reckon every place of the cycle twice: as pinned, and with the changed numbers."""
    scheme = pinned.scheme_of(cycle)
    other = altered(scheme, change)
    rows = _sheets(session, cycle)
    sheets = select(EvaluationSheet.id).where(EvaluationSheet.cycle_id == cycle.id)
    values = freezing.bare_figures(session, sheets)
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    moves = []
    settled = cycle.phase != EvaluationPhase.SCORING
    for sheet in rows:
        own = values.get(sheet.id, [])
        # Drafts and published sheets hold their score; while people still score it is reckoned.
        was = sheet if settled else scoring.reckon(scheme, sheet.type, sheet.projects, own)
        now = _again(scheme, other, sheet.type, sheet.projects, own)
        old, new = scoring.label(scheme, was.grade), scoring.label(other, now.grade)
        before[old] += 1
        after[new] += 1
        if (was.score, was.grade) != (now.score, now.grade):
            moves.append(Move(
                sheet.id, sheet.name, sheet.segment, sheet.type, was.score, old, now.score, new
            ))  # fmt: skip
    names = [*(grade.name for grade in scheme.grades), scoring.UNRATED]
    total = sum(item.points for item in scoring.indicators_of(other))
    return Outcome(
        {name: before[name] for name in names}, {name: after[name] for name in names},
        sorted(moves, key=lambda m: (m.grade == m.new_grade, m.name)),
        cells(session, cycle, change), total,
    )  # fmt: skip


def _again(
    scheme: Evaluation,
    other: Evaluation,
    type_: str,
    projects: int,
    own: Sequence[scoring.Figure],
) -> scoring.Result:
    """With other weights, points that people gave keep their share of the whole."""
    old = {item.id: item.points for item in scoring.indicators_of(scheme)}
    new = {item.id: item.points for item in scoring.indicators_of(other)}
    scaled = [
        replace(figure, points=figure.points * new[figure.indicator] / old[figure.indicator])
        if figure.points is not None and figure.indicator in new
        else figure
        for figure in own
    ]
    return scoring.reckon(other, type_, projects, scaled)


def cells(session: Session, cycle: EvaluationCycle, change: Change) -> list[Cell]:
    """What the asked caps would mean for the cells of the cycle's round."""
    if not change.caps:
        return []
    reserve = dict(
        session.execute(
            select(Candidacy.quota_id, func.count())
            .where(Candidacy.round_id == cycle.round_id, Candidacy.phase == SelectionPhase.RESERVE)
            .group_by(Candidacy.quota_id)
        ).all()
    )
    found = []
    for quota in quotas(session, cycle):
        cap = change.caps.get(quota.id)
        if cap is None or cap == quota.cap:
            continue
        taken = quota.used + quota.held
        waiting = reserve.get(quota.id, 0)
        found.append(Cell(
            quota.label, quota.used, quota.held, quota.cap, cap,
            max(0, taken - cap), min(waiting, max(0, cap - taken)), waiting,
        ))  # fmt: skip
    return found


def quotas(session: Session, cycle: EvaluationCycle) -> Sequence[Quota]:
    """The cells of the cycle's round."""
    return session.scalars(
        select(Quota).where(Quota.round_id == cycle.round_id).order_by(Quota.id)
    ).all()
