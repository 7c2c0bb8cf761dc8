"""Tasks of projects: what waits for each side, with one click to the place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

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
from marketplace.services.inbox.tasks import Lines, Task, listed
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


def _lines(actor: Actor, centre: str, waiting: Waiting) -> Lines:
    model, staged = waiting.model, waiting.model is Milestone
    query = select(Project.id)
    if model is not Project:
        query = query.join(model, model.project_id == Project.id)
    known = visible(actor, Permission.PROJECT_READ, Project).with_only_columns(Project.id)
    query = query.where(model.phase.in_(list(waiting.phases)), Project.id.in_(known))
    if waiting.within:
        query = query.where(Project.phase.in_(list(waiting.within)))
    if waiting.phases is ENDED:
        query = query.where(~select(Rating.id).where(Rating.project_id == Project.id).exists())
    order = [Milestone.due_on.is_(None), Milestone.due_on] if waiting.dated else []

    def task(row: Any) -> Task:
        words = waiting.words.replace("{name}", row.two or "")
        return Task(
            f"{words}：{row.one}", f"{centre}/projects/{row.id}{waiting.place}", row.day, "项目"
        )

    return Lines(
        query.order_by(*order, model.state_since, model.id), task, id=Project.id, one=Project.title,
        two=Milestone.name if staged else None, day=Milestone.due_on if waiting.dated else None,
    )  # fmt: skip


def _all(actor: Actor, centre: str, every: Sequence[Waiting]) -> Iterable[Lines]:
    return (_lines(actor, centre, one) for one in every)


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


@listed(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def provider_side(actor: Actor) -> Iterable[Lines]:
    """Providers: contracts to send, milestones to finish."""
    return _all(actor, "/p", OF_PROVIDERS)


@listed(Role.ENTERPRISE)
def enterprise_side(actor: Actor) -> Iterable[Lines]:
    """Enterprises: contracts, milestones, changes and results that wait for their word."""
    return _all(actor, "/me", OF_ENTERPRISES)


@listed(Role.DISTRICT_REVIEWER)
def district_side(actor: Actor) -> Iterable[Lines]:
    """Districts: contracts to file, results to seal, disputes to mediate."""
    return _all(actor, "/work", OF_DISTRICTS)


@listed(Role.CITY_OFFICER)
def city_side(actor: Actor) -> Iterable[Lines]:
    """The city: disputes that mediation did not settle."""
    return _all(actor, "/work", OF_CITY)
