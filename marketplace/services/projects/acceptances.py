"""Acceptance (验收): applied for by the provider, entered by the enterprise with its evaluator,
checked on site and sealed by the district; the city checks some again and may have it repeated."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Acceptance, Event, Organisation, Project
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import AcceptancePhase
from marketplace.programmes import nouns
from marketplace.services.files import files
from marketplace.services.pool import applicants
from marketplace.services.projects import independence, project_notices, projects
from marketplace.workflow import Data, guard, perform

REPORT = "acceptance_report"
OPEN = (AcceptancePhase.APPLIED, AcceptancePhase.ENTERED, AcceptancePhase.REOPENED)
FOLLOWS = {"seal_passed": "pass", "seal_failed": "fail", "reopen": "reopen"}
"""Which step of the project a step of its acceptance brings about."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the enterprise enters: levels 0 to 4, metrics ``{name, unit, before, target, after,
    met}``, whether it passed, and how it was found."""

    level_before: int
    level_after: int
    metrics: tuple[dict[str, Any], ...]
    passed: bool
    summary: str
    evaluated_on: date
    standard: str = "2022"


def apply(
    session: Session, actor: Actor, project: Project, *, summary: str,
    metrics: tuple[dict[str, Any], ...], expected_version: int,
) -> Acceptance:  # fmt: skip
    """Apply for acceptance with the metrics that were agreed on. Raises as ``projects.act``."""
    if not metrics:
        raise Invalid(fields={"metrics": ["请填写至少一项约定的成效指标"]})
    projects.act(session, actor, project, project, "apply", expected_version=expected_version)
    workflow = nouns.workflow("acceptance")
    first = workflow.state(workflow.initial)
    acceptance = Acceptance(
        project=project, metrics=[dict(item) for item in metrics], summary=summary,
        state=first.id, phase=first.phase, state_since=clock.now(),
    )  # fmt: skip
    session.add(acceptance)
    session.flush()
    record(session, actor, "acceptance_apply", acceptance, states=("", first.id))
    return acceptance


def current(session: Session, project: Project) -> Acceptance | None:
    """The acceptance of the project that is open, if one is."""
    return session.scalars(
        select(Acceptance)
        .where(Acceptance.project_id == project.id, Acceptance.phase.in_(OPEN))
        .options(*projects.of_project(Acceptance))
    ).one_or_none()


def enter(
    session: Session, actor: Actor, acceptance: Acceptance, result: Result, *,
    expected_version: int,
) -> Event:  # fmt: skip
    """Enter the result; the report is attached already. Raises as ``projects.act``, Invalid."""
    require(actor, Permission.PROJECT_CONFIRM, acceptance)
    _check(session, acceptance, result)
    projects.lock(session, acceptance.project)
    session.refresh(acceptance, with_for_update={"of": Acceptance})
    if acceptance.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    if acceptance.phase not in (AcceptancePhase.APPLIED, AcceptancePhase.REOPENED):
        raise Conflict("验收结果已经填报", code="wrong_state")
    for name in ("level_before", "level_after", "passed", "summary", "evaluated_on", "standard"):
        setattr(acceptance, name, getattr(result, name))
    acceptance.metrics = [dict(item) for item in result.metrics]
    acceptance.evaluator_id = acceptance.project.evaluator_id
    session.flush()
    return projects.act(session, actor, acceptance.project, acceptance, "enter")


def _check(session: Session, acceptance: Acceptance, result: Result) -> None:
    fields = {}
    if result.evaluated_on > clock.today():
        fields["evaluated_on"] = ["不能晚于今天"]
    if result.passed and any(not item["met"] for item in result.metrics):
        fields["passed"] = ["有约定指标没有达到，不能填“通过”"]
    if result.passed and result.level_after < result.level_before:
        fields["level_after"] = ["改造后等级低于改造前，不能填“通过”"]
    if not files.of(session, acceptance, REPORT):
        fields[REPORT] = ["请上传验收报告"]
    if fields:
        raise Invalid(fields=fields)


def act(
    session: Session, actor: Actor, acceptance: Acceptance, action: str, *,
    why: Why, expected_version: int | None,
) -> Event:  # fmt: skip
    """A step of district or city; sealing and reopening move the project too."""
    project = acceptance.project
    event = projects.act(
        session, actor, project, acceptance, action, why=why, expected_version=expected_version
    )
    if action in FOLLOWS:
        follow = perform(session, actor, project, FOLLOWS[action], why=why)
        project_notices.tell(session, project, project, follow)
    return event


def evaluator(session: Session, actor: Actor, project: Project, uscc: str) -> Organisation:
    """The enterprise names who evaluates, by credit code. Raises Invalid, Conflict (clause)."""
    found = session.scalars(select(Organisation).where(Organisation.uscc == uscc)).one_or_none()
    if found is None:
        raise Invalid(fields={"uscc": ["没有找到这家机构，请核对统一社会信用代码"]})
    ids = {found.id, *independence.concerned(session, project)}
    applicants.lock(session, ids)
    project = projects.lock(session, project)
    independence.name_evaluator(session, actor, project, found)
    return found


def of(session: Session, project: Project) -> list[Acceptance]:
    """Every acceptance of the project with its evaluator, newest first."""
    query = select(Acceptance).where(Acceptance.project_id == project.id)
    options = joinedload(Acceptance.evaluator)
    return list(session.scalars(query.options(options).order_by(Acceptance.id.desc())))


@guard("result_passed")
def result_passed(session: Session, subject: Acceptance, actor: Actor, data: Data) -> str | None:
    """What the district seals as passed is what was entered as passed."""
    return None if subject.passed else "企业填报的结果是未通过"
