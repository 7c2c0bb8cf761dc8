"""Sources that come from filed contracts, their milestones, acceptances and ratings."""

from collections.abc import Iterable

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    Acceptance,
    Affiliation,
    EvaluationSheet,
    Event,
    Milestone,
    Project,
    Provider,
    Rating,
)
from marketplace.phases import AcceptancePhase, MilestonePhase, ProjectPhase
from marketplace.programmes.evaluation import Indicator
from marketplace.services.evaluation.sources import Frame, Row, source

REPORTED = (MilestonePhase.DONE, MilestonePhase.CONFIRMED)


def _projects(frame: Frame) -> Select[int]:
    """Projects of the cycle's places, by the membership of each sheet."""
    return (
        select(EvaluationSheet.membership_id)
        .join(Project, Project.membership_id == EvaluationSheet.membership_id)
        .where(frame.sheets)
        .order_by(Project.id)
    )


@source("filed_contracts")
def filed_contracts(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Contracts that a district took on file in the period, each with a pilot enterprise."""
    rows = session.execute(
        _projects(frame)
        .where(Project.filed_on.between(frame.period_from, frame.period_until))
        .add_columns(Project.id, Project.title, Project.contract_no, Project.filed_on)
    )
    for place, id_, title, number, filed in rows:
        yield Row(place, f"projects/{id_}", title, 1, f"{number}，{filed}备案")


@source("milestones_on_time")
def milestones_on_time(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Milestones due in the period; good when reported done by the day they were due.

    The report is the last one before the enterprise confirmed; an objected one is not done.
    """
    reported = (
        select(Event.subject_id, func.max(Event.at).label("at"))
        .where(Event.subject_type == Milestone.__tablename__, Event.action == "finish")
        .group_by(Event.subject_id)
        .subquery()
    )
    rows = session.execute(
        _projects(frame)
        .join(Milestone, Milestone.project_id == Project.id)
        .outerjoin(reported, reported.c.subject_id == Milestone.id)
        .where(
            Project.filed_on.is_not(None),
            Project.phase != ProjectPhase.TERMINATED,
            Milestone.due_on.between(frame.period_from, frame.period_until),
        )
        .add_columns(
            Project.id, Project.title, Milestone.name, Milestone.due_on, Milestone.phase,
            func.coalesce(reported.c.at, Milestone.state_since),
        )
    )  # fmt: skip
    for place, id_, title, name, due, phase, at in rows:
        done = clock.beijing(at).date() if phase in REPORTED else None
        good = done is not None and done <= due
        note = f"到期{due}，{f'{done}完成' if done else '没有完成'}"
        yield Row(place, f"projects/{id_}", f"{title}·{name}", int(good), note)


@source("first_acceptances")
def first_acceptances(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Projects accepted in the period; good when no acceptance of them had failed before."""
    failed = exists().where(
        Acceptance.project_id == Project.id, Acceptance.phase == AcceptancePhase.FAILED
    )
    rows = session.execute(
        _projects(frame)
        .where(Project.accepted_on.between(frame.period_from, frame.period_until))
        .add_columns(Project.id, Project.title, Project.accepted_on, failed)
    )
    for place, id_, title, day, again in rows:
        note = f"{day}验收通过，{'曾经未通过' if again else '首次即通过'}"
        yield Row(place, f"projects/{id_}", title, int(not again), note)


@source("levels_reached")
def levels_reached(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Projects accepted in the period; good when the level afterwards is the wanted one."""
    rows = session.execute(
        _projects(frame)
        .join(
            Acceptance,
            and_(Acceptance.project_id == Project.id, Acceptance.phase == AcceptancePhase.PASSED),
        )
        .where(Project.accepted_on.between(frame.period_from, frame.period_until))
        .add_columns(Project.id, Project.title, Acceptance.level_before, Acceptance.level_after)
    )
    for place, id_, title, before, after in rows:
        good = after is not None and after >= (indicator.min_level or 0)
        yield Row(place, f"projects/{id_}", title, int(good), f"{before or 0}级升至{after}级")


@source("contract_prices")
def contract_prices(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Contracts filed in the period; good when their price is at most the pilot price.

    Both prices were filed for the same scope (N and X modules), never compared across scopes.
    """
    rows = session.execute(
        _projects(frame)
        .where(
            Project.filed_on.between(frame.period_from, frame.period_until),
            Project.contract_price_cny.is_not(None),
            Project.pilot_price_cny.is_not(None),
        )
        .add_columns(Project.id, Project.title, Project.contract_price_cny, Project.pilot_price_cny)
    )
    for place, id_, title, price, pilot in rows:
        note = f"合同价{price:,.2f}元，试点价{pilot:,.2f}元"
        yield Row(place, f"projects/{id_}", title, int(price <= pilot), note)


@source("ratings")
def ratings(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
    """Ratings written in the period; those between affiliates are listed and do not count."""
    group = _groups(session)
    rows = session.execute(
        _projects(frame)
        .join(Rating, Rating.project_id == Project.id)
        .join(Provider, Provider.id == EvaluationSheet.provider_id)
        .where(Rating.created_at >= frame.since, Rating.created_at < frame.until)
        .add_columns(
            Project.id, Project.title, Rating.scores, Rating.affiliated, Project.enterprise_id,
            Provider.organisation_id,
        )
    )  # fmt: skip
    for place, id_, title, scores, marked, enterprise, owner in rows:
        related = marked or group.get(enterprise, enterprise) == group.get(owner, owner)
        total, parts = sum(scores.values()), len(scores)
        note = f"{len(scores)}项合计{total}分" + ("，关联企业，不计入" if related else "")
        if parts:
            yield Row(place, f"projects/{id_}", title, total, note, of=parts, counts=not related)


def _groups(session: Session) -> dict[int, int]:
    """Organisation → the smallest number of its affiliate group; loners are left out."""
    root: dict[int, int] = {}

    def find(id_: int) -> int:
        while root.get(id_, id_) != id_:
            id_ = root[id_]
        return id_

    pairs = session.execute(select(Affiliation.organisation_id, Affiliation.affiliate_id))
    for one, other in pairs:
        low, high = sorted((find(one), find(other)))
        root[low], root[high] = low, low
        root[one] = root[other] = low
    return {id_: find(id_) for id_ in root}
