"""Evaluation cycles: opened, frozen, shown to the providers, published, or given up."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.clock import CountedDay
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import EvaluationCycle, Event, Round
from marketplace.models.evaluations import CYCLE_KINDS
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import EvaluationPhase
from marketplace.programmes import nouns
from marketplace.services.calendar import calendar
from marketplace.services.evaluation import (
    evaluation_notices,
    freezing,
    missing,
    objections,
    pinned,
    publishing,
)
from marketplace.workflow import GUARDS, Data, effect, guard, lives_in, perform

lives_in(EvaluationCycle, "evaluation_cycle", joinedload(EvaluationCycle.round))

FREEZE, SHOW, PUBLISH, CANCEL = (
    "evaluation_freeze", "evaluation_show", "evaluation_publish", "evaluation_cancel",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a cycle is opened with; empty ``types`` and ``segments`` mean all of them."""

    round: Round
    label: str
    period_from: date
    period_until: date
    kind: str = "regular"
    types: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    memberships: tuple[int, ...] = ()


def open_cycle(session: Session, actor: Actor, opening: Opening) -> EvaluationCycle:
    """Open a cycle with the scheme that the round has pinned. Raises Invalid, Conflict."""
    require(actor, Permission.EVALUATION_MANAGE)
    _check(opening)
    scheme = opening.round.programme.evaluation
    if scheme is None:
        raise Invalid("这个方案没有评价办法", remedy="请先在方案文件中写明，再修订批次。")
    data, digest = pinned.pin(scheme)
    first = nouns.workflow("evaluation_cycle").initial
    cycle = EvaluationCycle(
        programme_id=opening.round.programme_id, round=opening.round, kind=opening.kind,
        label=opening.label.strip(),
        scope={
            "types": list(opening.types), "segments": list(opening.segments),
            "memberships": list(opening.memberships),
        },
        period_from=opening.period_from, period_until=opening.period_until,
        scheme=data, scheme_sha256=digest, state=first, phase=EvaluationPhase.OPEN.value,
        state_since=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(cycle)
    except IntegrityError:
        raise Conflict("已经有同名的评价", code="label_taken") from None
    diff = {"scheme": scheme.scheme, "version": scheme.version, "hash": digest}
    record(session, actor, "evaluation_open", cycle, states=("", first), diff=diff)
    return cycle


def _check(opening: Opening) -> None:
    programme = opening.round.programme
    fields: dict[str, list[str]] = {}
    if not opening.label.strip():
        fields["label"] = ["请填写名称"]
    if opening.period_until < opening.period_from:
        fields["period_until"] = ["不能早于开始日期"]
    if opening.kind not in CYCLE_KINDS:
        fields["kind"] = ["请从选项中选择"]
    if set(opening.types) - {item.id for item in programme.types}:
        fields["types"] = ["本方案没有这个服务商类型"]
    if set(opening.segments) - {item.id for item in programme.segments}:
        fields["segments"] = ["本方案没有这个细分行业"]
    if fields:
        raise Invalid(fields=fields)


def get(session: Session, cycle_id: int) -> EvaluationCycle:
    """A cycle with its round. Raises NotFound."""
    found = session.scalars(
        select(EvaluationCycle)
        .where(EvaluationCycle.id == cycle_id)
        .options(joinedload(EvaluationCycle.round))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这次评价")
    return found


def freeze(session: Session, actor: Actor, cycle: EvaluationCycle, version: int) -> int:
    """Take all counted figures at this instant; answers how many places there are."""
    at = clock.now()
    _step(session, actor, cycle, FREEZE, version, frozen_at=at)
    number = freezing.freeze(session, cycle, at)
    freezing.reckon_all(session, cycle)
    return number


def show(
    session: Session, actor: Actor, cycle: EvaluationCycle, version: int, *, incomplete: bool
) -> datetime:
    """Show the drafts; answers the exclusive end of the objection window.

    ``incomplete``: figures that nobody entered count as without data, said on purpose.
    """
    require(actor, Permission.EVALUATION_MANAGE)
    days = window(session, cycle, clock.today())
    until = clock.end_of_day(days[-1].day)
    _step(
        session, actor, cycle, SHOW, version,
        shown_at=clock.now(), objections_until=until, incomplete=incomplete,
    )  # fmt: skip
    freezing.reckon_all(session, cycle)
    evaluation_notices.shown(session, cycle)
    return until


def publish(
    session: Session, actor: Actor, cycle: EvaluationCycle, version: int, why: Why
) -> publishing.Report:
    """Make every grade public in one batch, with all that follows. Raises Conflict."""
    now = clock.now()
    _step(session, actor, cycle, PUBLISH, version, why=why, published_at=now)
    report = publishing.run(session, actor, cycle, now, why)
    evaluation_notices.published(session, cycle)
    return report


def cancel(session: Session, actor: Actor, cycle: EvaluationCycle, version: int, why: Why) -> Event:
    """Give a cycle up before it is published; sheets stay for the record, never public."""
    return _step(session, actor, cycle, CANCEL, version, why=why)


def _step(
    session: Session, actor: Actor, cycle: EvaluationCycle, action: str, version: int, *,
    why: Why | None = None, **stamps: Any,
) -> Event:  # fmt: skip
    return perform(session, actor, cycle, action, why=why, expected_version=version, **stamps)


def blocked(session: Session, actor: Actor, cycle: EvaluationCycle) -> list[str]:
    """Why the cycle cannot be published now, for the page that previews it."""
    workflow = nouns.workflow("evaluation_cycle")
    step = workflow.transition(cycle.state, PUBLISH)
    if step is None:
        return [f"当前状态是“{workflow.state(cycle.state).staff_label}”"]
    found = [GUARDS[name](session, cycle, actor, {}) for name in step.guards]
    return [reason for reason in found if reason is not None]


def window(session: Session, cycle: EvaluationCycle, start: date) -> list[CountedDay]:
    """The days of the objection window after ``start``, for the page and for its end.

    Raises Invalid for a year without a calendar, Conflict for one that is only 暂定.
    """
    days = calendar.load(session)
    counted = days.count(start, pinned.scheme_of(cycle).objection_working_days)
    last = counted[-1].day
    if not days.is_official(start, last):
        raise Conflict(
            f"{last.year}年的放假安排还是暂定的，不能确定异议期限", code="calendar_unofficial",
            remedy="请先在工作日历中录入官方安排。",
        )  # fmt: skip
    return counted


@effect("evaluation_stamped")
def stamped(session: Session, subject: EvaluationCycle, actor: Actor, data: Data) -> None:
    """Instants that a CHECK ties to the phase, set before the next flush."""
    for name in ("frozen_at", "shown_at", "objections_until", "published_at"):
        if name in data:
            setattr(subject, name, data[name])


@guard("evaluation_period_over")
def period_over(session: Session, subject: EvaluationCycle, actor: Actor, data: Data) -> str | None:
    """Figures are taken after the period, not in the middle of it."""
    if subject.period_until < clock.today():
        return None
    return f"评价期到{subject.period_until}才结束，之后才能冻结数据"


@guard("evaluation_has_places")
def has_places(session: Session, subject: EvaluationCycle, actor: Actor, data: Data) -> str | None:
    """A cycle evaluates somebody."""
    number = session.scalar(select(func.count()).select_from(freezing.members(subject).subquery()))
    return None if number else "评价范围内没有在池服务商"


@guard("evaluation_scored")
def scored(session: Session, subject: EvaluationCycle, actor: Actor, data: Data) -> str | None:
    """Every figure that a person owes is there, or it is said on purpose that it is not."""
    if data.get("incomplete"):
        return None
    names = [f"{item.name}（{number}份）" for item, number in missing.of(session, subject)]
    return f"还有没有评分的指标：{'、'.join(names)}" if names else None


@guard("evaluation_window_known")
def window_known(
    session: Session, subject: EvaluationCycle, actor: Actor, data: Data
) -> str | None:
    """The end of the window can be counted on official days."""
    try:
        window(session, subject, clock.today())
    except (Conflict, Invalid) as error:
        return error.message
    return None


@guard("evaluation_window_over")
def window_over(session: Session, subject: EvaluationCycle, actor: Actor, data: Data) -> str | None:
    """Nobody is graded before the window to object has ended."""
    until = subject.objections_until
    if until is not None and clock.now() >= until:
        return None
    return f"异议期到{clock.last_day(until) if until else ''}24:00结束，之后才能公布"


@guard("evaluation_objections_answered")
def objections_answered(
    session: Session, subject: EvaluationCycle, actor: Actor, data: Data
) -> str | None:
    """Every objection has its answer before the grades are public."""
    number = objections.waiting(session, subject.id)
    return f"还有{number}件异议没有答复" if number else None
