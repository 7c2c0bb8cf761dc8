"""What proceedings, appeals and replacements leave to do, for each side, with its clock."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    Appeal,
    AppealPanelist,
    HandOver,
    Organisation,
    Proceeding,
    Project,
    Provider,
    Quota,
    Replacement,
)
from marketplace.permissions import Actor, Permission, can, visible
from marketplace.phases import AppealPhase, ProceedingKind, ProceedingPhase, ReplacementPhase, Role
from marketplace.programmes import nouns
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source
from marketplace.services.proceedings import replacements_start
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS

TEAM = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def _open(
    actor: Actor, permission: Permission, *phases: ProceedingPhase
) -> Select[Proceeding, str]:
    return (
        visible(actor, permission, Proceeding)
        .join(Provider, Provider.id == Proceeding.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(Proceeding.phase.in_(phases))
        .order_by(Proceeding.due_at.is_(None), Proceeding.due_at, Proceeding.id)
        .limit(MOST)
        .with_only_columns(Proceeding, Organisation.name)
    )


def _task(row: Proceeding, name: str) -> Task:
    label = KIND_LABELS[ProceedingKind(row.kind)]
    words = nouns.workflow(f"proceeding_{row.kind}").state(row.state).staff_label
    due = clock.last_day(row.due_at) if row.due_at else None
    return Task(f"{label}：{name}", f"/work/proceedings/{row.id}", due, "案卷", words)


@listed(*TEAM)
def to_answer(actor: Actor) -> Iterable[Lines]:
    """Providers: plans, reports, replies and papers with their clocks."""
    planned = Proceeding.plan_due_at.is_not(None) & (Proceeding.plan == "")
    yield Lines(
        _open(actor, Permission.PROCEEDING_ANSWER, ProceedingPhase.PROVIDER),
        _own,
        id=Proceeding.id, one=Proceeding.kind, two=Proceeding.state,
        at=case((planned, Proceeding.plan_due_at), else_=Proceeding.due_at),
    )  # fmt: skip


def _own(row: Any) -> Task:
    kind = ProceedingKind(row.one)
    words = nouns.workflow(f"proceeding_{kind}").state(row.two).public_label
    due = clock.last_day(row.at) if row.at else None
    return Task(f"{KIND_LABELS[kind]}：{words}", f"/p/proceedings/{row.id}", due, "案卷", words)


@source(Role.DISTRICT_REVIEWER, Role.CITY_OFFICER)
def to_check(session: Session, actor: Actor) -> Iterable[Task]:
    """Districts: what waits for their check; the city for providers of no district."""
    query = _open(actor, Permission.PROCEEDING_CHECK, ProceedingPhase.DISTRICT)
    for row, name in session.execute(query):
        yield _task(row, name)


@source(Role.CITY_OFFICER)
def to_run(session: Session, actor: Actor) -> Iterable[Task]:
    """City: what waits for it."""
    query = _open(actor, Permission.PROCEEDING_RUN, ProceedingPhase.CITY)
    for row, name in session.execute(query):
        yield _task(row, name)


@source(Role.COSIGNER, Role.CITY_LEADER)
def to_opine(session: Session, actor: Actor) -> Iterable[Task]:
    """Bureaus and leaders: joint decisions."""
    query = _open(actor, Permission.PROCEEDING_OPINE, ProceedingPhase.BUREAUS)
    for row, name in session.execute(query):
        yield _task(row, name)


@source(Role.CITY_OFFICER, Role.CITY_LEADER, Role.COSIGNER)
def appeals_waiting(session: Session, actor: Actor) -> Iterable[Task]:
    """Appeals without a panel, or with a place to decide on; those of the actor's own panels."""
    own = select(AppealPanelist.appeal_id).where(AppealPanelist.user_id == actor.user_id)
    open_ = [AppealPhase.QUOTA]
    if actor.role != Role.COSIGNER:
        open_.append(AppealPhase.FILED)
    query = (
        visible(actor, Permission.APPEAL_READ, Appeal)
        .join(Provider, Provider.id == Appeal.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            or_(Appeal.phase.in_(open_), (Appeal.phase == AppealPhase.PANEL) & Appeal.id.in_(own))
        )
        .order_by(Appeal.decide_by, Appeal.id)
        .limit(MOST)
        .with_only_columns(Appeal, Organisation.name)
    )
    for row, name in session.execute(query):
        state = nouns.workflow("appeal").state(row.state).staff_label
        due = clock.last_day(row.decide_by)
        yield Task(f"申诉：{name}", f"/work/appeals/{row.id}", due, "申诉", state)


@source(Role.CITY_OFFICER)
def places_to_fill(session: Session, actor: Actor) -> Iterable[Task]:
    """Free places that somebody of the reserve could take."""
    query = (
        visible(actor, Permission.REPLACEMENT_RUN, Replacement)
        .where(Replacement.phase == ReplacementPhase.OPEN)
        .join(Quota, Quota.id == Replacement.quota_id)
        .order_by(Replacement.id)
        .limit(MOST)
        .with_only_columns(Replacement.id, Quota.label)
    )
    for id_, place in session.execute(query):
        yield Task("递补空出的席位", f"/work/replacements/{id_}", None, "递补", place)


@source(Role.CITY_OFFICER)
def places_to_look_for(session: Session, actor: Actor) -> Iterable[Task]:
    """Cells below their minimum that nobody is looked for yet (§4.5 supplement.trigger)."""
    if not can(actor, Permission.REPLACEMENT_RUN):
        return
    found = replacements_start.openings(session)
    if found:
        missing = sum(one.missing for one in found)
        text = f"{found[0].quota.label}等{len(found)}格，还缺{missing}家"
        yield Task("启动递补", "/work/replacements", None, "递补", text)


@source(Role.ENTERPRISE)
def transfers_to_answer(session: Session, actor: Actor) -> Iterable[Task]:
    """Enterprises: projects that another provider would take over."""
    query = (
        visible(actor, Permission.HAND_OVER_AGREE, HandOver)
        .join(Project, Project.id == HandOver.project_id)
        .where(HandOver.way == "transfer", HandOver.agreed.is_(None))
        .order_by(HandOver.id)
        .limit(MOST)
        .with_only_columns(HandOver.id, Project.title)
    )
    for _, title in session.execute(query):
        yield Task(f"是否同意转交项目：{title}", "/me/hand-overs", None, "转交")
