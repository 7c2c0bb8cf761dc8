"""Who transforms an enterprise does not evaluate the result, and the other way round (QD-B13).

Counted over every project of the enterprise, affiliates and subcontractors included. The guards
run under the locks that ``concerned`` names, in the transaction of the step itself.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict
from marketplace.history import record
from marketplace.models import (
    Acceptance,
    ChangeNotice,
    Membership,
    Organisation,
    Project,
    Provider,
    Round,
)
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import FILED_PHASES, ProjectPhase
from marketplace.programmes.kinds import ConflictKind
from marketplace.services.pool import applicants
from marketplace.services.projects.project_rules import rules
from marketplace.workflow import Data, guard

OWN_CHOICE = "这是贵企业自己，不能选定自己"
BINDING = (ProjectPhase.CONFIRMING, ProjectPhase.FILING, *FILED_PHASES)
"""Phases in which a provider counts as one who transforms the enterprise."""


def concerned(session: Session, project: Project) -> set[int]:
    """Organisations that a step on the project locks."""
    owner = session.scalars(
        select(Provider.organisation_id).where(Provider.id == project.provider_id)
    ).one()
    found = {owner, project.enterprise_id, *_organisations(session, _codes([project]))}
    return found | ({project.evaluator_id} if project.evaluator_id else set())


def _codes(projects: Iterable[Project]) -> set[str]:
    return {firm["uscc"] for project in projects for firm in project.subcontractors}


def _organisations(session: Session, codes: set[str]) -> set[int]:
    if not codes:
        return set()
    return set(session.scalars(select(Organisation.id).where(Organisation.uscc.in_(codes))))


def transformers(session: Session, enterprise_id: int, also: Project | None = None) -> set[int]:
    """Organisations that transform the enterprise, or did; ``also`` counts in any phase."""
    rows = session.execute(
        select(Project, Provider.organisation_id)
        .join(Provider, Provider.id == Project.provider_id)
        .where(Project.enterprise_id == enterprise_id)
        .where(Project.phase.in_(BINDING) | (Project.id == (also.id if also else None)))
    ).all()
    codes = _codes(project for project, _ in rows)
    return {owner for _, owner in rows} | _organisations(session, codes)


def evaluators(session: Session, enterprise_id: int) -> set[int]:
    """Organisations that evaluate projects of the enterprise, or did."""
    named = select(Project.evaluator_id).where(
        Project.enterprise_id == enterprise_id, Project.phase != ProjectPhase.DISCARDED
    )
    acted = (
        select(Acceptance.evaluator_id)
        .join(Project, Project.id == Acceptance.project_id)
        .where(Project.enterprise_id == enterprise_id)
    )
    found = [*session.scalars(named), *session.scalars(acted)]
    return {id_ for id_ in found if id_ is not None}


def clause(session: Session, project: Project) -> str:
    """The clause in its own words: the programme's that the provider was admitted by."""
    round_, type_ = session.execute(
        select(Round, Membership.type)
        .join(Membership, Membership.round_id == Round.id)
        .where(Membership.id == project.membership_id)
    ).one()
    quotes = [
        rule.quote
        for rule in round_.programme.rules_for(type_)
        if rule.conflict is not None and rule.conflict.kind is ConflictKind.ROLES_SEPARATE
    ]
    return f"{rules().clause}：“{quotes[0] if quotes else rules().quote}”"


def _clash(session: Session, ones: Iterable[int], others: set[int]) -> list[str]:
    """Names of those of ``ones`` that are, or hang together with, one of ``others``."""
    hit = {id_ for id_ in ones if applicants.group_of(session, id_) & others}
    query = select(Organisation.name).where(Organisation.id.in_(hit)).order_by(Organisation.id)
    return list(session.scalars(query)) if hit else []


def _refusal(session: Session, project: Project, names: list[str], what: str) -> str | None:
    if not names:
        return None
    return f"{'、'.join(names)}（含关联企业）{what}。{clause(session, project)}"


def why_not_build(session: Session, project: Project, firms: Iterable[int]) -> str | None:
    """Why ``firms`` may not transform the project's enterprise; None when they may."""
    judges = evaluators(session, project.enterprise_id)
    names = _clash(session, firms, judges)
    return _refusal(session, project, names, "已承担该企业的验收评估，不能再承担改造")


def why_not_judge(session: Session, project: Project, evaluator_id: int) -> str | None:
    """Why ``evaluator_id`` may not evaluate; None when it may."""
    builders = transformers(session, project.enterprise_id, also=project)
    names = _clash(session, [evaluator_id], builders)
    return _refusal(session, project, names, "为该企业做改造，不能再做它的验收评估")


def why_not_choose(session: Session, enterprise_id: int, provider_id: int) -> str | None:
    """Why the enterprise may not choose this provider at all; None when it may.

    For a decision: call it under the locks of both organisations (``applicants.lock``).
    """
    owner = session.scalars(
        select(Provider.organisation_id).where(Provider.id == provider_id)
    ).one()
    if owner == enterprise_id:
        return OWN_CHOICE
    names = _clash(session, [owner], evaluators(session, enterprise_id))
    if not names:
        return None
    words = "（含关联企业）已承担贵企业的验收评估，不能再承担改造"
    return f"{names[0]}{words}。{rules().clause}：“{rules().quote}”"


@guard("roles_separate")
def roles_separate(session: Session, subject: Project, actor: Actor, data: Data) -> str | None:
    """At each step of the filing: provider and subcontractors evaluate nothing of this client."""
    owner = session.scalars(
        select(Provider.organisation_id).where(Provider.id == subject.provider_id)
    ).one()
    return why_not_build(session, subject, {owner, *_organisations(session, _codes([subject]))})


@guard("change_separate")
def change_separate(
    session: Session, subject: ChangeNotice, actor: Actor, data: Data
) -> str | None:
    """Subcontractors who join later are held to the same."""
    _, firms = subject.changes.get("subcontractors", ([], []))
    ids = _organisations(session, {firm["uscc"] for firm in firms})
    return why_not_build(session, subject.project, ids) if ids else None


@guard("evaluator_separate")
def evaluator_separate(
    session: Session, subject: Acceptance, actor: Actor, data: Data
) -> str | None:
    """The evaluator of the result is nobody who built for this client."""
    evaluator = subject.project.evaluator_id
    if evaluator is None:
        return "请先选定验收评估机构"
    return why_not_judge(session, subject.project, evaluator)


def name_evaluator(
    session: Session, actor: Actor, project: Project, evaluator: Organisation
) -> None:
    """The enterprise names who evaluates. ``project`` is locked, the evaluator's group too.

    Raises Forbidden, Conflict with the clause.
    """
    require(actor, Permission.PROJECT_CONFIRM, project)
    if project.phase not in (ProjectPhase.RUNNING, ProjectPhase.ACCEPTANCE):
        raise Conflict("项目不在实施或验收中，不能选定评估机构", code="wrong_state")
    if evaluator.id == project.enterprise_id:
        raise Conflict("企业不能评估自己的项目", code="evaluator_own")
    if reason := why_not_judge(session, project, evaluator.id):
        raise Conflict(reason, code="roles_separate")
    before = project.evaluator_id
    project.evaluator_id = evaluator.id
    session.flush()
    diff = {"evaluator": [before, evaluator.id]}
    record(session, actor, "evaluator_name", project, diff=diff)
