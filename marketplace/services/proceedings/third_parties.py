"""Enterprises whose provider is suspended or leaves: what they are told, and what they may wish.

They learn what the public learns and what becomes of their own projects, and nothing else of the
case file: projects are finished under supervision unless the enterprise wants another provider
(§4.5 running_projects).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import (
    Event,
    HandOver,
    Membership,
    NoticeEntry,
    Proceeding,
    Project,
    Provider,
    PublicNotice,
)
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import (
    LIVE_ENTRIES,
    UNFINISHED_NOTICES,
    ProceedingKind,
    ProceedingPhase,
    ProjectPhase,
    Role,
    StandingPhase,
)
from marketplace.services.inbox import inbox
from marketplace.services.inbox.tasks import Task, source
from marketplace.services.pool.standing_notices import place_of
from marketplace.workflow import locked, workflow_of

FINISH, TRANSFER = WISHES = ("finish", "transfer")
PAGE = "/me/hand-overs"
RUNNING = (ProjectPhase.RUNNING, ProjectPhase.ACCEPTANCE)
TOLD = (StandingPhase.SUSPENDED, StandingPhase.EXITED)
MOST = 50


@dataclass(frozen=True)
class Affected:
    """One running project of the enterprise. ``leaving``: the open case in which it may wish."""

    project: Project
    place: Membership
    leaving: Proceeding | None
    settled: HandOver | None

    @property
    def asked(self) -> bool:
        """Whether the enterprise may say what it wishes, and has not."""
        row = self.settled
        said = row is not None and (row.wish or row.answer or row.way == TRANSFER)
        return self.leaving is not None and not said

    @property
    def until(self) -> date | None:
        """The last day before the exit, where one is known."""
        due = self.leaving.due_at if self.leaving else None
        return clock.last_day(due) if due else None


def _public_leaving() -> ColumnElement[bool]:
    """Exits that everybody may know: within the days of notice, or on a notice that is out."""
    noticed = (
        select(NoticeEntry.subject_id)
        .join(PublicNotice, PublicNotice.id == NoticeEntry.notice_id)
        .where(
            NoticeEntry.subject_type == Proceeding.__tablename__,
            NoticeEntry.phase.in_(LIVE_ENTRIES), PublicNotice.phase.in_(UNFINISHED_NOTICES),
        )
    )  # fmt: skip
    return or_(
        and_(
            Proceeding.kind == ProceedingKind.WITHDRAWAL,
            Proceeding.phase == ProceedingPhase.PROVIDER,
        ),
        and_(Proceeding.phase == ProceedingPhase.NOTICE, Proceeding.id.in_(noticed)),
    )


def affected(session: Session, actor: Actor) -> list[Affected]:
    """The actor's running projects whose provider is suspended, leaves or is gone: 2 queries."""
    leaving = and_(Proceeding.membership_id == Membership.id, _public_leaving())
    query = (
        visible(actor, Permission.HAND_OVER_AGREE, Project)
        .join(Membership, Membership.id == Project.membership_id)
        .outerjoin(Proceeding, leaving)
        .where(
            Project.phase.in_(RUNNING),
            or_(Membership.phase.in_(TOLD), Proceeding.id.is_not(None)),
        )
        .order_by(Project.id)
        .limit(MOST)
        .with_only_columns(Project, Membership, Proceeding)
        .options(
            joinedload(Project.provider).joinedload(Provider.organisation),
            joinedload(Membership.round),
        )
    )
    # Of an outer join: there is not always a case.
    rows: list[tuple[Project, Membership, Proceeding | None]] = [
        (project, place, case) for project, place, case in session.execute(query)
    ]
    ids = [case.id for _, _, case in rows if case is not None]
    found = session.scalars(select(HandOver).where(HandOver.proceeding_id.in_(ids)))
    settled = {(row.proceeding_id, row.project_id): row for row in found}
    return [
        Affected(project, place, case, settled.get((case.id, project.id)) if case else None)
        for project, place, case in rows
    ]


def one(session: Session, actor: Actor, project_id: int) -> Affected:
    """A project about which the enterprise may say what it wishes. Raises NotFound, Conflict."""
    query = visible(actor, Permission.HAND_OVER_AGREE, Project).where(Project.id == project_id)
    if session.scalars(query.with_only_columns(Project.id)).one_or_none() is None:
        raise NotFound("没有这个项目")
    found = next((row for row in affected(session, actor) if row.project.id == project_id), None)
    if found is None or not found.asked:
        raise Conflict("这个项目现在不需要选择", code="wrong_state")
    return found


def wish(session: Session, actor: Actor, project_id: int, *, way: str, reason: str) -> HandOver:
    """Say whether the leaving provider shall finish or another shall take over.

    The city reads it and settles the project. Raises NotFound, Conflict (nobody leaves; settled
    already), Invalid.
    """
    found = one(session, actor, project_id)
    require(actor, Permission.HAND_OVER_AGREE, found.project)
    fields = {} if way in WISHES else {"way": ["请选择"]}
    if way == TRANSFER and not reason.strip():
        fields["reason"] = ["请填写理由"]
    if fields:
        raise Invalid(fields=fields)
    if found.leaving is None:
        raise Conflict("服务商没有退出", code="wrong_state")
    case = locked(session, type(found.leaving), found.leaving.id)
    row = session.scalars(
        select(HandOver)
        .where(HandOver.proceeding_id == case.id, HandOver.project_id == project_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if case.phase == ProceedingPhase.CLOSED or (row is not None and row.way == TRANSFER):
        raise Conflict("主管部门已经在办理", code="wrong_state")
    if row is None:
        row = HandOver(proceeding_id=case.id, project_id=project_id, way=FINISH)
        session.add(row)
    row.wish, row.wish_reason = way, reason.strip()
    session.flush()
    event = record(
        session, actor, "hand_over_wish", case, why=Why(reason=reason),
        diff={"project": project_id, "way": way},
    )  # fmt: skip
    session.flush()
    inbox.notify(
        session, "hand_over", inbox.holders(session, Role.CITY_OFFICER),
        cause=f"event:{event.id}", voice=f"city_{way}", url=f"/work/proceedings/{case.id}",
        facts={"project": found.project.title, "reason": reason.strip()},
    )  # fmt: skip
    return row


def tell_of_standing(session: Session, place: Membership, event: Event) -> None:
    """Enterprises with running projects learn of a suspension, its end, and an exit."""
    workflow = workflow_of(place)
    before, now = (workflow.state(id_).phase for id_ in (event.from_state, event.to_state))
    if before == now or not {before, now} & set(TOLD):
        return
    gone, held = now == StandingPhase.EXITED, now == StandingPhase.SUSPENDED
    voice = "gone" if gone else "suspended" if held else "restored"
    session.flush()
    _tell(session, place, f"event:{event.id}", voice)


def tell_of_leaving(session: Session, case: Proceeding, cause: str) -> None:
    """An exit becomes public: the enterprise may say what it wishes for its projects."""
    _tell(session, case.membership, cause, "leaving")


def _tell(session: Session, place: Membership, cause: str, voice: str) -> None:
    projects: Sequence[Project] = session.scalars(
        select(Project)
        .where(Project.membership_id == place.id, Project.phase.in_(RUNNING))
        .order_by(Project.id)
    ).all()
    for project in projects:
        inbox.notify(
            session, "hand_over", inbox.team(session, project.enterprise_id, Role.ENTERPRISE),
            cause=f"{cause}:{project.id}", voice=voice, url=PAGE,
            facts={
                "project": project.title, "provider": place.provider.organisation.name,
                "place": place_of(place),
            },
        )  # fmt: skip


def tell_of_transfer(session: Session, project: Project, taker: str, cause: str) -> None:
    """The project has its new provider."""
    inbox.notify(
        session, "hand_over", inbox.team(session, project.enterprise_id, Role.ENTERPRISE),
        cause=cause, voice="moved", url=f"/me/projects/{project.id}",
        facts={"project": project.title, "provider": taker},
    )  # fmt: skip


@source(Role.ENTERPRISE)
def wishes_to_say(session: Session, actor: Actor) -> list[Task]:
    """Projects whose provider leaves and of which the enterprise has said nothing yet."""
    return [
        Task(f"服务商将退出，请选择项目怎么办：{one.project.title}", PAGE, one.until, "项目交接")
        for one in affected(session, actor)
        if one.asked
    ]
