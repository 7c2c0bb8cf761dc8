"""Projects: reading them, the one door for their steps, and what their parts share.

Lock order: organisations of everybody concerned (``applicants.lock``), project, its part. Actions
on the standing of a provider lock the same organisations first, so a filing and a suspension
cannot pass each other.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import NotFound
from marketplace.history import Why
from marketplace.models import (
    Acceptance,
    ChangeNotice,
    Dispute,
    Event,
    Milestone,
    Organisation,
    Project,
    Provider,
)
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import (
    OPEN_DISPUTES,
    AcceptancePhase,
    ChangePhase,
    MilestonePhase,
    ProjectPhase,
)
from marketplace.programmes.workflows import Transition
from marketplace.services.files import file_subjects, files
from marketplace.services.pool import applicants
from marketplace.services.projects import independence, project_notices
from marketplace.workflow import (
    Data,
    available,
    effect,
    guard,
    lives_in,
    locked,
    perform,
)

PARTIES = (
    joinedload(Project.provider).joinedload(Provider.organisation),
    joinedload(Project.enterprise),
)
"""What permission checks need beside a project."""

PARTS: dict[str, type[Any]] = {
    "milestones": Milestone,
    "changes": ChangeNotice,
    "acceptances": Acceptance,
    "disputes": Dispute,
}
"""Parts of a project with states of their own, by the word in addresses."""

NOUNS = {"milestones": "milestone", "changes": "change_notice", "acceptances": "acceptance",
         "disputes": "dispute"}  # fmt: skip


FOLLOWING = frozenset(
    {
        *((Project.__tablename__, action) for action in ("pass", "fail", "reopen", "terminate")),
        *((model.__tablename__, "close") for model in (Acceptance, ChangeNotice, Dispute)),
    }
)
"""Steps that only other steps bring about; nobody takes them directly."""


def of_project(model: type[Any]) -> list[Any]:
    """Options that load a part's project with its parties."""
    way = joinedload(model.project)
    return [
        way.joinedload(Project.provider).joinedload(Provider.organisation),
        way.joinedload(Project.enterprise),
    ]


lives_in(Project, "project", *PARTIES)
for _name, _model in PARTS.items():
    lives_in(_model, NOUNS[_name], *of_project(_model))


def _loader(model: type[Any], options: Iterable[Any]) -> Any:
    def load(session: Session, id_: int) -> Any:
        query = select(model).where(model.id == id_).options(*options)
        return session.scalars(query.execution_options(populate_existing=True)).one_or_none()

    return load


file_subjects.LOADERS[Project.__tablename__] = _loader(Project, PARTIES)
for _model in PARTS.values():
    file_subjects.LOADERS[_model.__tablename__] = _loader(_model, of_project(_model))
for _slot in ("contract_scan", "milestone_evidence", "acceptance_report", "dispute_evidence"):
    files.READERS[_slot] = files.holders_of(Permission.PROJECT_READ)


def get(session: Session, actor: Actor, project_id: int) -> Project:
    """A project the actor may know of, with its parties. Raises NotFound."""
    query = visible(actor, Permission.PROJECT_READ, Project).where(Project.id == project_id)
    found = session.scalars(query.options(*PARTIES, joinedload(Project.evaluator))).one_or_none()
    if found is None:
        raise NotFound("没有这个项目")
    return found


def part(session: Session, project: Project, kind: str, part_id: int) -> Any:
    """One part of a project, such as ``("milestones", 3)``. Raises NotFound."""
    model = PARTS.get(kind)
    if model is None:
        raise NotFound
    query = select(model).where(model.id == part_id, model.project_id == project.id)
    found = session.scalars(query.options(*of_project(model))).one_or_none()
    if found is None:
        raise NotFound
    return found


def listed(actor: Actor, phase: str = "", text: str = "") -> Select[Project]:
    """SELECT of the projects the actor may know of, the last moved first."""
    query = visible(actor, Permission.PROJECT_READ, Project)
    if phase:
        query = query.where(Project.phase == phase)
    if text:
        firms = select(Organisation.id).where(Organisation.name.icontains(text, autoescape=True))
        providers = select(Provider.id).where(Provider.organisation_id.in_(firms))
        query = query.where(
            Project.title.icontains(text, autoescape=True)
            | Project.contract_no.icontains(text, autoescape=True)
            | Project.enterprise_id.in_(firms)
            | Project.provider_id.in_(providers)
        )
    return query.order_by(Project.state_since.desc(), Project.id.desc())


def lock(session: Session, project: Project) -> Project:
    """The project as it is now, under the locks of everybody concerned."""
    ids = independence.concerned(session, project)
    applicants.lock(session, ids)
    found: Project = locked(session, Project, project.id)
    if not independence.concerned(session, found) <= ids:
        applicants.lock(session, independence.concerned(session, found))
    return found


def act(
    session: Session,
    actor: Actor,
    project: Project,
    subject: Any,
    action: str,
    *,
    why: Why | None = None,
    expected_version: int | None = None,
    **data: Any,
) -> Event:
    """Take one step on a project or a part of it, under its locks, and tell whom it concerns.

    Raises NotFound, Forbidden, Conflict (every reason), Invalid.
    """
    require(actor, Permission.PROJECT_READ, project)
    if (subject.__tablename__, action) in FOLLOWING:
        raise NotFound("没有这个操作")
    project = lock(session, project)
    event = perform(
        session, actor, subject, action, why=why, expected_version=expected_version, **data
    )
    project_notices.tell(session, project, subject, event)
    return event


@guard("project_running")
def project_running(session: Session, subject: Any, actor: Actor, data: Data) -> str | None:
    """Parts move while the project runs."""
    running = subject.project.phase == ProjectPhase.RUNNING
    return None if running else "项目不在实施中，不能办理"


@guard("project_in_acceptance")
def in_acceptance(session: Session, subject: Any, actor: Actor, data: Data) -> str | None:
    """A result belongs to a project under acceptance."""
    there = subject.project.phase == ProjectPhase.ACCEPTANCE
    return None if there else "项目不在验收中，不能办理"


@guard("milestones_confirmed")
def milestones_confirmed(session: Session, subject: Any, actor: Actor, data: Data) -> str | None:
    """Nobody applies for acceptance before the enterprise confirmed every milestone."""
    query = select(Milestone.name).where(
        Milestone.project_id == subject.id, Milestone.phase != MilestonePhase.CONFIRMED
    )
    names = session.scalars(query.order_by(Milestone.seq)).all()
    return f"里程碑还没有全部确认：{'、'.join(names)}" if names else None


@guard("no_open_change")
def no_open_change(session: Session, subject: Any, actor: Actor, data: Data) -> str | None:
    """A change that waits for an answer comes before acceptance."""
    open_ = _any(session, ChangeNotice, subject.id, [ChangePhase.PROPOSED])
    return "还有变更等待企业答复" if open_ else None


@guard("no_open_dispute")
def no_open_dispute(session: Session, subject: Any, actor: Actor, data: Data) -> str | None:
    """A dispute that is open comes before acceptance."""
    return "还有争议没有处理完" if _any(session, Dispute, subject.id, OPEN_DISPUTES) else None


def _any(session: Session, model: type[Any], project_id: int, phases: Iterable[str]) -> bool:
    query = select(model.id).where(model.project_id == project_id, model.phase.in_(phases))
    return session.scalars(query.limit(1)).first() is not None


def steps(subject: Any, actor: Actor) -> list[Transition]:
    """What ``actor`` may do now with a project or a part: buttons come from here."""
    name = subject.__tablename__
    return [item for item in available(subject, actor) if (name, item.action) not in FOLLOWING]


def has_dispute(session: Session, project: Project, side: str) -> bool:
    """Whether a dispute that ``side`` opened is still open."""
    query = select(Dispute.id).where(
        Dispute.project_id == project.id, Dispute.opened_by == side,
        Dispute.phase.in_(OPEN_DISPUTES),
    )  # fmt: skip
    return session.scalars(query.limit(1)).first() is not None


@effect("note_filed")
def note_filed(session: Session, subject: Project, actor: Actor, data: Data) -> None:
    """The day on which the district took the contract on file."""
    subject.filed_on = clock.today()


@effect("note_accepted")
def note_accepted(session: Session, subject: Project, actor: Actor, data: Data) -> None:
    """The day of acceptance."""
    subject.accepted_on = clock.today()


@effect("note_reopened")
def note_reopened(session: Session, subject: Project, actor: Actor, data: Data) -> None:
    """An acceptance that is repeated does not stand."""
    subject.accepted_on = None


@effect("close_open_parts")
def close_open_parts(session: Session, subject: Project, actor: Actor, data: Data) -> None:
    """What waited for an answer ends with the project."""
    session.flush()
    waiting = (AcceptancePhase.APPLIED, AcceptancePhase.ENTERED, AcceptancePhase.REOPENED)
    for model, phases in (
        (Acceptance, waiting),
        (ChangeNotice, (ChangePhase.PROPOSED,)),
        (Dispute, OPEN_DISPUTES),
    ):
        query = select(model).where(model.project_id == subject.id, model.phase.in_(phases))
        for row in session.scalars(query.order_by(model.id)).all():
            perform(session, actor, row, "close")
