"""Tasks of projects: what waits for each side, with one click to the place."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Acceptance, ChangeNotice, Dispute, Milestone, Project, Rating
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import (
    AcceptancePhase,
    ChangePhase,
    DisputePhase,
    MilestonePhase,
    ProjectPhase,
    Role,
)
from marketplace.services.ratings import ENDED
from marketplace.services.tasks import MOST, Task, source

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def _projects(
    session: Session, actor: Actor, phases: Iterable[str], centre: str, words: str
) -> Iterator[Task]:
    rows = session.execute(
        visible(actor, Permission.PROJECT_READ, Project)
        .where(Project.phase.in_(list(phases)))
        .order_by(Project.state_since, Project.id)
        .limit(MOST)
        .with_only_columns(Project.id, Project.title)
    )
    for id_, title in rows:
        yield Task(f"{words}：{title}", f"{centre}/projects/{id_}", None, "项目")


def _parts(
    session: Session, actor: Actor, model: type[Any], phases: Iterable[str], centre: str, words: str
) -> Iterator[Task]:
    due = model.due_on if model is Milestone else None
    columns = [Project.id, Project.title, *([due] if due is not None else [])]
    rows = session.execute(
        select(*columns)
        .join(model, model.project_id == Project.id)
        .where(model.phase.in_(list(phases)))
        .where(Project.id.in_(_known(actor)))
        .order_by(model.state_since, model.id)
        .limit(MOST)
    )
    for id_, title, *days in rows:
        yield Task(
            f"{words}：{title}", f"{centre}/projects/{id_}", days[0] if days else None, "项目"
        )


def _known(actor: Actor) -> Any:
    return visible(actor, Permission.PROJECT_READ, Project).with_only_columns(Project.id)


@source(*EDITORS)
def provider_side(session: Session, actor: Actor) -> Iterable[Task]:
    """Providers: returned contracts, milestones that were objected to, ratings to answer."""
    yield from _projects(session, actor, [ProjectPhase.RETURNED], "/p", "修改后重新提交合同")
    yield from _projects(session, actor, [ProjectPhase.DRAFT], "/p", "提交合同备案")


@source(*EDITORS)
def provider_milestones(session: Session, actor: Actor) -> Iterable[Task]:
    """Providers: milestones of running projects, those with a day first."""
    rows = session.execute(
        select(Project.id, Project.title, Milestone.name, Milestone.due_on)
        .join(Milestone, Milestone.project_id == Project.id)
        .where(
            Project.id.in_(_known(actor)), Project.phase == ProjectPhase.RUNNING,
            Milestone.phase.in_([MilestonePhase.PLANNED, MilestonePhase.DISPUTED]),
        )
        .order_by(Milestone.due_on.is_(None), Milestone.due_on, Milestone.id)
        .limit(MOST)
    )  # fmt: skip
    for id_, title, name, due in rows:
        yield Task(f"完成里程碑“{name}”：{title}", f"/p/projects/{id_}", due, "项目")


@source(Role.ENTERPRISE)
def enterprise_side(session: Session, actor: Actor) -> Iterable[Task]:
    """Enterprises: contracts, milestones, changes and results that wait for their word."""
    confirming = [ProjectPhase.CONFIRMING]
    yield from _projects(session, actor, confirming, "/me", "核对并确认合同")
    for model, phases, words in (
        (Milestone, [MilestonePhase.DONE], "确认里程碑"),
        (ChangeNotice, [ChangePhase.PROPOSED], "答复变更"),
        (Acceptance, [AcceptancePhase.APPLIED, AcceptancePhase.REOPENED], "填报验收结果"),
    ):
        for task in _parts(session, actor, model, phases, "/me", words):
            # The day of a milestone binds the provider, not who confirms it.
            yield Task(task.title, task.url, None, task.kind)


@source(Role.ENTERPRISE)
def to_rate(session: Session, actor: Actor) -> Iterable[Task]:
    """Enterprises: projects that ended and were not rated yet."""
    rows = session.execute(
        visible(actor, Permission.RATING_WRITE, Project)
        .outerjoin(Rating, Rating.project_id == Project.id)
        .where(Project.phase.in_(ENDED), Rating.id.is_(None))
        .order_by(Project.state_since, Project.id)
        .limit(MOST)
        .with_only_columns(Project.id, Project.title)
    )
    for id_, title in rows:
        yield Task(f"评价服务商：{title}", f"/me/projects/{id_}/new/rating", None, "项目")


@source(Role.DISTRICT_REVIEWER)
def district_side(session: Session, actor: Actor) -> Iterable[Task]:
    """Districts: contracts to file, results to seal, disputes to mediate."""
    yield from _projects(session, actor, [ProjectPhase.FILING], "/work", "办理合同备案")
    sealing = [AcceptancePhase.ENTERED]
    yield from _parts(session, actor, Acceptance, sealing, "/work", "现场核查验收")
    yield from _parts(session, actor, Dispute, [DisputePhase.MEDIATING], "/work", "调解争议")


@source(Role.CITY_OFFICER)
def city_side(session: Session, actor: Actor) -> Iterable[Task]:
    """The city: disputes that mediation did not settle."""
    yield from _parts(session, actor, Dispute, [DisputePhase.DECIDING], "/work", "决定争议")
