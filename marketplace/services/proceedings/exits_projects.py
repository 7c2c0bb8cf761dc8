"""Running projects of a provider that leaves: finished under supervision, or handed over.

A transfer needs a provider of the same segment that may take new contracts, and the consent of the
enterprise itself; it takes effect with the exit (§4.5 running_projects).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import HandOver, Membership, Proceeding, Project, Provider
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import (
    NEW_CONTRACT_PHASES,
    ProceedingKind,
    ProceedingPhase,
    ProjectPhase,
)
from marketplace.services.proceedings import proceedings_notices, third_parties
from marketplace.workflow import Data, effect, locked

FINISH, TRANSFER = "finish", "transfer"
RUNNING = (ProjectPhase.RUNNING, ProjectPhase.ACCEPTANCE)
LEAVING = (ProceedingKind.REMOVAL, ProceedingKind.WITHDRAWAL)
PARTIES = (
    joinedload(HandOver.proceeding).joinedload(Proceeding.provider)
    .joinedload(Provider.organisation),
    joinedload(HandOver.project).joinedload(Project.provider).joinedload(Provider.organisation),
    joinedload(HandOver.project).joinedload(Project.enterprise),
    joinedload(HandOver.to_membership).joinedload(Membership.provider)
    .joinedload(Provider.organisation),
)  # fmt: skip


@dataclass(frozen=True)
class Running:
    """One running project of the place, and what was settled about it (None: finish)."""

    project: Project
    settled: HandOver | None


def running(session: Session, case: Proceeding) -> list[Running]:
    """The running projects of the place with what becomes of them, by number."""
    rows = session.scalars(
        select(Project)
        .where(Project.membership_id == case.membership_id, Project.phase.in_(RUNNING))
        .options(joinedload(Project.enterprise))
        .order_by(Project.id)
    ).all()
    settled = {row.project_id: row for row in of(session, case)}
    return [Running(row, settled.get(row.id)) for row in rows]


def of(session: Session, case: Proceeding) -> Sequence[HandOver]:
    """What was settled in the case, its projects included."""
    query = select(HandOver).where(HandOver.proceeding_id == case.id).options(*PARTIES)
    return session.scalars(query.order_by(HandOver.id)).all()


def takers(session: Session, case: Proceeding) -> Sequence[Membership]:
    """Places of the same round and segment that may take over, by name of the provider."""
    place = case.membership
    rows = session.scalars(
        select(Membership)
        .where(
            Membership.round_id == place.round_id, Membership.segment == place.segment,
            Membership.provider_id != place.provider_id,
            Membership.phase.in_(NEW_CONTRACT_PHASES),
        )
        .options(
            selectinload(Membership.provider).selectinload(Provider.organisation),
            selectinload(Membership.round),
        )
    ).all()  # fmt: skip
    return sorted(rows, key=lambda row: (row.provider.organisation.name, row.id))


def settle(
    session: Session, actor: Actor, case: Proceeding, project_id: int, *, way: str,
    to_membership_id: int | None = None, note: str = "",
) -> HandOver:  # fmt: skip
    """Say what becomes of one project. Raises Conflict, Invalid, NotFound, Forbidden."""
    require(actor, Permission.PROCEEDING_RUN, case)
    case = locked(session, type(case), case.id)
    if case.phase == ProceedingPhase.CLOSED or case.kind not in LEAVING:
        raise Conflict("案卷已经办结，或不涉及退出", code="wrong_state")
    found = {item.project.id: item for item in running(session, case)}.get(project_id)
    if found is None:
        raise NotFound("没有这个在施项目")
    if way not in (FINISH, TRANSFER):
        raise Invalid(fields={"way": ["请选择办理方式"]})
    taker = None
    if way == TRANSFER:
        taker = next((row for row in takers(session, case) if row.id == to_membership_id), None)
        if taker is None:
            raise Invalid(fields={"to": ["请选择同一细分行业、可以接新项目的服务商"]})
        if not note.strip():
            raise Invalid(fields={"note": ["请写明承接方的书面同意等情况"]})
    row = found.settled or HandOver(proceeding_id=case.id, project_id=project_id, way=way)
    row.way, row.to_membership = way, taker
    row.note, row.agreed, row.answer, row.answered_at = note.strip(), None, "", None
    session.add(row)
    session.flush()
    event = record(
        session, actor, "hand_over_set", case, why=Why(reason=note),
        diff={"project": project_id, "way": way, "taker": taker.provider_id if taker else None},
    )  # fmt: skip
    if taker is not None:
        proceedings_notices.ask_enterprise(session, found.project, event, "/me/hand-overs")
    return row


def waiting(session: Session, actor: Actor) -> Sequence[HandOver]:
    """Transfers that the acting enterprise is asked about, and those it has answered."""
    query = visible(actor, Permission.HAND_OVER_AGREE, HandOver).where(HandOver.way == TRANSFER)
    return session.scalars(query.options(*PARTIES).order_by(HandOver.id.desc()).limit(50)).all()


def asked(session: Session, actor: Actor, hand_over_id: int) -> HandOver:
    """A transfer that the acting enterprise is asked about. Raises NotFound."""
    query = visible(actor, Permission.HAND_OVER_AGREE, HandOver).where(HandOver.id == hand_over_id)
    found = session.scalars(query.options(*PARTIES).with_for_update(of=HandOver)).one_or_none()
    if found is None:
        raise NotFound("没有这项转交")
    return found


def answer(
    session: Session, actor: Actor, hand_over_id: int, *, agrees: bool, reason: str,
    expected_version: int,
) -> HandOver:  # fmt: skip
    """The enterprise agrees to a transfer or keeps its provider. Raises Conflict, Invalid."""
    found = asked(session, actor, hand_over_id)
    if found.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    if found.agreed is not None or found.way != TRANSFER:
        raise Conflict("已经答复", code="wrong_state")
    if not agrees and not reason.strip():
        raise Invalid(fields={"reason": ["请填写不同意的理由"]})
    found.agreed, found.answer, found.answered_at = agrees, reason.strip(), clock.now()
    if not agrees:
        found.way, found.to_membership_id = FINISH, None
        found.agreed, found.answered_at = None, None
    session.flush()
    diff = {"project": found.project_id, "agrees": "同意转交" if agrees else "不同意转交"}
    case = session.get_one(Proceeding, found.proceeding_id)
    record(session, actor, "hand_over_answer", case, why=Why(reason=reason), diff=diff)
    return found


@effect("move_projects")
def move_projects(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """With the exit the agreed projects go to their new providers; all others are finished."""
    session.flush()
    for row in of(session, subject):
        if row.way != TRANSFER or not row.agreed or row.project.phase not in RUNNING:
            continue
        taker = row.to_membership
        if taker is None or taker.phase not in NEW_CONTRACT_PHASES:
            name = taker.provider.organisation.name if taker else ""
            raise Conflict(f"承接方{name}现在不能接新项目，请重新办理转交", code="taker_unfit")
        before = row.project.provider_id
        row.project.provider_id, row.project.membership_id = taker.provider_id, taker.id
        row.done_at = clock.now()
        session.flush()
        event = record(
            session, actor, "project_transfer", row.project,
            why=Why(reason=row.note), diff={"provider": [before, taker.provider_id]},
        )  # fmt: skip
        session.flush()
        third_parties.tell_of_transfer(
            session, row.project, taker.provider.organisation.name, f"event:{event.id}"
        )
