"""Tasks of projects: what waits for each side, with one click to the place; one query for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Select, String, cast, literal, null, select, union_all
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
from marketplace.services.inbox.tasks import MOST, Task, source
from marketplace.services.projects.ratings import ENDED


@dataclass(frozen=True)
class Waiting:
    """Rows of ``model`` in ``phases`` wait: ``words`` (``{name}`` of a milestone), and where.

    ``within``: phases of the project itself; ``dated``: the day of a milestone is the deadline.
    """

    words: str
    model: type[Any]
    phases: Sequence[str]
    within: Sequence[str] = ()
    dated: bool = False
    place: str = ""


def _select(actor: Actor, number: int, waiting: Waiting) -> Select[Any]:
    model, staged = waiting.model, waiting.model is Milestone
    due = Milestone.due_on if waiting.dated else cast(null(), Date)
    query = select(
        literal(number).label("number"),
        Project.id.label("id"),
        Project.title.label("title"),
        (Milestone.name if staged else literal("", String)).label("name"),
        due.label("due"),
    )
    if model is not Project:
        query = query.join(model, model.project_id == Project.id)
    known = visible(actor, Permission.PROJECT_READ, Project).with_only_columns(Project.id)
    query = query.where(model.phase.in_(list(waiting.phases)), Project.id.in_(known))
    if waiting.within:
        query = query.where(Project.phase.in_(list(waiting.within)))
    if waiting.phases is ENDED:
        query = query.where(~select(Rating.id).where(Rating.project_id == Project.id).exists())
    order = [Milestone.due_on.is_(None), Milestone.due_on] if waiting.dated else []
    part = query.order_by(*order, model.state_since, model.id).limit(MOST).subquery()
    return select(part)


def _tasks(session: Session, actor: Actor, centre: str, every: Sequence[Waiting]) -> Iterable[Task]:
    rows = session.execute(union_all(*(_select(actor, n, one) for n, one in enumerate(every))))
    for number, id_, title, name, due in rows:
        waiting = every[number]
        words = waiting.words.replace("{name}", name)
        yield Task(f"{words}：{title}", f"{centre}/projects/{id_}{waiting.place}", due, "项目")


OF_PROVIDERS = (
    Waiting("提交合同备案", Project, [ProjectPhase.DRAFT]),
    Waiting("修改后重新提交合同", Project, [ProjectPhase.RETURNED]),
    Waiting(
        "完成里程碑“{name}”", Milestone, [MilestonePhase.PLANNED, MilestonePhase.DISPUTED],
        within=[ProjectPhase.RUNNING], dated=True,
    ),
)  # fmt: skip
OF_ENTERPRISES = (
    Waiting("核对并确认合同", Project, [ProjectPhase.CONFIRMING]),
    Waiting("确认里程碑“{name}”", Milestone, [MilestonePhase.DONE]),
    Waiting("答复变更", ChangeNotice, [ChangePhase.PROPOSED]),
    Waiting(
        "填报验收结果", Acceptance, [AcceptancePhase.APPLIED, AcceptancePhase.REOPENED]
    ),
    Waiting("评价服务商", Project, ENDED, place="/new/rating"),
)  # fmt: skip
OF_DISTRICTS = (
    Waiting("办理合同备案", Project, [ProjectPhase.FILING]),
    Waiting("现场核查验收", Acceptance, [AcceptancePhase.ENTERED]),
    Waiting("调解争议", Dispute, [DisputePhase.MEDIATING]),
)
OF_CITY = (Waiting("决定争议", Dispute, [DisputePhase.DECIDING]),)


@source(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def provider_side(session: Session, actor: Actor) -> Iterable[Task]:
    """Providers: contracts to send, milestones to finish."""
    return _tasks(session, actor, "/p", OF_PROVIDERS)


@source(Role.ENTERPRISE)
def enterprise_side(session: Session, actor: Actor) -> Iterable[Task]:
    """Enterprises: contracts, milestones, changes and results that wait for their word."""
    return _tasks(session, actor, "/me", OF_ENTERPRISES)


@source(Role.DISTRICT_REVIEWER)
def district_side(session: Session, actor: Actor) -> Iterable[Task]:
    """Districts: contracts to file, results to seal, disputes to mediate."""
    return _tasks(session, actor, "/work", OF_DISTRICTS)


@source(Role.CITY_OFFICER)
def city_side(session: Session, actor: Actor) -> Iterable[Task]:
    """The city: disputes that mediation did not settle."""
    return _tasks(session, actor, "/work", OF_CITY)
