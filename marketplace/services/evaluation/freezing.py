"""Freezing: a sheet for every place of the cycle, and every counted figure with its rows.

A few statements whatever the number of places; written in batches.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, func, or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.bulk import insert_rows
from marketplace.models import (
    EvaluationCycle,
    EvaluationSheet,
    IndicatorValue,
    Membership,
    Project,
    Round,
)
from marketplace.phases import LIVE_PHASES, ProjectPhase
from marketplace.programmes.evaluation import Adjustment, Evaluation, Indicator
from marketplace.programmes.indicators import AUTO, COUNT, COUNTED
from marketplace.programmes.indicators import SOURCES as KNOWN
from marketplace.services.evaluation import (
    formulas,
    pinned,
    scoring,
    sources,
    sources_market,  # noqa: F401  sources register themselves
    sources_projects,  # noqa: F401
)
from marketplace.services.evaluation.sources import Frame, Kept

PUBLIC = "public"
RUNNING = (ProjectPhase.RUNNING, ProjectPhase.ACCEPTANCE)


@dataclass(frozen=True)
class Place:
    """A sheet, whose it is, and of which type: targets differ by it."""

    sheet_id: int
    membership_id: int
    type: str


def members(cycle: EvaluationCycle) -> Select[Membership]:
    """The places that the cycle evaluates: live ones of its programme within its scope."""
    rounds = select(Round.id).where(Round.programme_id == cycle.programme_id)
    query = select(Membership).where(
        Membership.round_id.in_(rounds),
        Membership.phase.in_(LIVE_PHASES),
        Membership.listed_on <= cycle.period_until,
    )
    columns = {"types": Membership.type, "segments": Membership.segment,
               "memberships": Membership.id}  # fmt: skip
    for name, column in columns.items():
        if wanted := cycle.scope.get(name):
            query = query.where(column.in_(wanted))
    return query


def freeze(session: Session, cycle: EvaluationCycle, at: datetime) -> int:
    """Write sheets and counted figures as of ``at``; answers how many places there are.

    A statement for each source: the caller's transaction reads one snapshot (``db.one_snapshot``),
    or a row that is written meanwhile is in one figure and missing in another.
    """
    frame = Frame.of(cycle, at)
    places = _sheets(session, cycle, frame)
    by_membership = {place.membership_id: place for place in places}
    scheme = pinned.scheme_of(cycle)
    records: list[dict[str, Any]] = []
    for indicator in _counted(scheme):
        rows = _rows(session, frame, indicator)
        records += [_record(place, indicator, rows) for place in by_membership.values()]
    insert_rows(session, cast("Table", IndicatorValue.__table__), records)
    return len(places)


def _sheets(session: Session, cycle: EvaluationCycle, frame: Frame) -> list[Place]:
    """A sheet for each place, with its number of accepted or running projects."""
    active = (
        select(Project.membership_id, func.count().label("number"))
        .where(
            Project.filed_on <= cycle.period_until,
            or_(
                Project.phase.in_(RUNNING),
                (Project.phase == ProjectPhase.ACCEPTED)
                & (Project.accepted_on >= cycle.period_from),
            ),
        )
        .group_by(Project.membership_id)
        .subquery()
    )
    found = session.execute(
        members(cycle)
        .outerjoin(active, active.c.membership_id == Membership.id)
        .order_by(Membership.id)
        .with_only_columns(
            Membership.id, Membership.provider_id, Membership.type, Membership.segment,
            func.coalesce(active.c.number, 0),
        )
    )  # fmt: skip
    rows = [
        {
            "cycle_id": cycle.id, "membership_id": id_, "provider_id": provider, "type": type_,
            "segment": segment, "projects": number, "score": None, "published_at": None,
        }
        for id_, provider, type_, segment, number in found
    ]  # fmt: skip
    insert_rows(session, cast("Table", EvaluationSheet.__table__), rows)
    written = session.execute(
        select(EvaluationSheet.id, EvaluationSheet.membership_id, EvaluationSheet.type)
        .where(frame.sheets)
        .order_by(EvaluationSheet.id)
    )
    return [Place(*row) for row in written]


def _counted(scheme: Evaluation) -> list[Indicator]:
    """Every figure that is read from rows: indicators, then what adds or takes off points."""
    found = [item for item in scoring.indicators_of(scheme) if item.by in COUNTED]
    return found + [_as_indicator(item) for item in (*scheme.bonuses, *scheme.deductions)
                    if item.source]  # fmt: skip


def _as_indicator(item: Adjustment) -> Indicator:
    return Indicator(
        id=item.id, name=item.name, points=item.points, by=AUTO, measure="", formula="",
        source=item.source,
    )  # fmt: skip


def _rows(session: Session, frame: Frame, indicator: Indicator) -> dict[int, list[Kept]] | None:
    """The rows of one source by place; None while no part of the system can give them."""
    reader = sources.SOURCES.get(indicator.source or "")
    if reader is None:
        return None
    found: dict[int, list[Kept]] = defaultdict(list)
    for row in reader(session, frame, indicator):
        found[row.membership_id].append(row.as_json())
    return found


def _record(
    place: Place, indicator: Indicator, rows: dict[int, list[Kept]] | None
) -> dict[str, Any]:
    numerator: int | None = None
    denominator: int | None = None
    n, own = 0, []
    if rows is not None:
        own = rows.get(place.membership_id, [])
        kind = KNOWN[indicator.source or ""].kind
        numerator, denominator, n = sources.totals(kind, own)
        if kind == COUNT:
            denominator = formulas.target_of(indicator, place.type)
    return {
        "sheet_id": place.sheet_id, "indicator": indicator.id, "rater": indicator.by,
        "numerator": numerator, "denominator": denominator, "n": n, "points": None,
        "sources": own, "evaluator_id": None,
    }  # fmt: skip


def reckon_all(session: Session, cycle: EvaluationCycle, only: Iterable[int] = ()) -> int:
    """Reckon every sheet of the cycle (or ``only`` some) from its figures; answers how many."""
    query = select(EvaluationSheet.id, EvaluationSheet.type, EvaluationSheet.projects).where(
        EvaluationSheet.cycle_id == cycle.id
    )
    wanted = list(only)
    if wanted:
        query = query.where(EvaluationSheet.id.in_(wanted))
    sheets = session.execute(query.order_by(EvaluationSheet.id)).all()
    values = figures(session, query.with_only_columns(EvaluationSheet.id))
    scheme = pinned.scheme_of(cycle)
    rows = []
    for id_, type_, projects in sheets:
        own = values.get(id_, [])
        result = scoring.reckon(scheme, type_, projects, map(pinned.figure, own))
        public = {"public": _public(cycle, scheme, result)}
        rows.append({
            "b_id": id_, "b_score": result.score, "b_grade": result.grade,
            "b_result": result.as_json() | public,
            "b_sha": pinned.data_hash(type_, projects, own),
        })  # fmt: skip
    _write(session, rows)
    return len(rows)


def _public(
    cycle: EvaluationCycle, scheme: Evaluation, result: scoring.Result
) -> dict[str, Any] | None:
    """What everybody may read once it is published, as the pinned scheme allows."""
    if scheme.publication.grade != PUBLIC:
        return None
    grade = next((item for item in scheme.grades if item.id == result.grade), None)
    shown = result.score is not None and scheme.publication.total_score == PUBLIC
    return {
        "cycle": cycle.label, "name": scoring.label(scheme, result.grade),
        "badge": grade is not None and grade.badge,
        "rank": scheme.grades.index(grade) if grade else None,
        "score": str(result.score) if shown else "",
    }  # fmt: skip


def figures(session: Session, sheets: Select[int]) -> dict[int, list[Any]]:
    """The values of the selected sheets, by sheet: one statement."""
    found: dict[int, list[Any]] = defaultdict(list)
    query = select(*pinned.COLUMNS).where(IndicatorValue.sheet_id.in_(sheets))
    for row in session.execute(query.order_by(IndicatorValue.id)):
        found[row.sheet_id].append(row)
    return found


def bare_figures(session: Session, sheets: Select[int]) -> dict[int, list[scoring.Figure]]:
    """The same without rows and reasons: what a reckoning alone needs."""
    found: dict[int, list[scoring.Figure]] = defaultdict(list)
    columns = (
        IndicatorValue.sheet_id, IndicatorValue.indicator, IndicatorValue.rater,
        IndicatorValue.numerator, IndicatorValue.denominator, IndicatorValue.n,
        IndicatorValue.points,
    )  # fmt: skip
    query = select(*columns).where(IndicatorValue.sheet_id.in_(sheets))
    for row in session.execute(query.order_by(IndicatorValue.id)):
        found[row.sheet_id].append(pinned.figure(row))
    return found


def _write(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """All results in one batch; what the session holds of them is read again when needed."""
    if not rows:
        return
    table = cast("Table", EvaluationSheet.__table__)
    statement = (
        table.update()
        .where(table.c.id == bindparam("b_id"))
        .values(
            score=bindparam("b_score"), grade=bindparam("b_grade"), result=bindparam("b_result"),
            data_sha256=bindparam("b_sha"), version=table.c.version + 1, updated_at=clock.now(),
        )
    )  # fmt: skip
    session.connection().execute(statement, list(rows))
    stale = ["score", "grade", "result", "data_sha256", "version", "updated_at"]
    for held in [item for item in session.identity_map.values() if type(item) is EvaluationSheet]:
        session.expire(held, stale)
