"""Disputes: either side opens one, the district mediates, the city decides."""

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Dispute, Event, Project
from marketplace.models.acceptances import OUTCOMES
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import ProjectPhase
from marketplace.programmes import nouns
from marketplace.services.projects import project_notices, projects
from marketplace.workflow import Data, effect, guard, perform

EVIDENCE = "dispute_evidence"
GOES_ON, ENDS = OUTCOMES
OUTCOME_LABELS = {GOES_ON: "继续履行", ENDS: "终止项目"}
BY_OUTCOME = ("settle", "decide")
"""Steps that record an outcome."""


def side_of(actor: Actor, project: Project) -> str:
    """Which side of the project the actor is on."""
    own = project.provider.organisation_id == actor.organisation_id
    return "provider" if own else "enterprise"


def open_(session: Session, actor: Actor, project: Project, *, subject: str, text: str) -> Dispute:
    """Open a dispute about a project that is under way. Raises Conflict, Forbidden."""
    require(actor, Permission.DISPUTE_OPEN, project)
    project = projects.lock(session, project)
    if project.phase not in (ProjectPhase.RUNNING, ProjectPhase.ACCEPTANCE):
        raise Conflict("项目已经结束，不能再提出争议", code="wrong_state")
    side = side_of(actor, project)
    if projects.has_dispute(session, project, side):
        raise Conflict("本单位提出的争议还在处理，请补充到原争议", code="dispute_open")
    workflow = nouns.workflow("dispute")
    first = workflow.state(workflow.initial)
    dispute = Dispute(
        project=project, opened_by=side, subject=subject, text=text, state=first.id,
        phase=first.phase, state_since=clock.now(),
    )  # fmt: skip
    session.add(dispute)
    session.flush()
    event = record(session, actor, "dispute_open", dispute, states=("", first.id),
                   why={"reason": subject})  # fmt: skip
    project_notices.tell(session, project, dispute, event)
    return dispute


def act(
    session: Session, actor: Actor, dispute: Dispute, action: str, *,
    why: Why, outcome: str = "", expected_version: int | None,
) -> Event:  # fmt: skip
    """A step on a dispute; an outcome that ends the project ends it in the same transaction."""
    project = dispute.project
    if action in BY_OUTCOME and outcome not in OUTCOMES:
        raise Invalid(fields={"outcome": ["请选择处理结果"]})
    given = {"outcome": outcome} if action in BY_OUTCOME else {}
    event = projects.act(
        session, actor, project, dispute, action, why=why, expected_version=expected_version,
        **given,
    )  # fmt: skip
    if given and outcome == ENDS:
        ended = perform(session, actor, project, "terminate", why=why)
        project_notices.tell(session, project, project, ended)
    return event


@guard("opened_it")
def opened_it(session: Session, subject: Dispute, actor: Actor, data: Data) -> str | None:
    """Only who opened a dispute takes it back."""
    own = side_of(actor, subject.project) == subject.opened_by
    return None if own else "只有提出的一方可以撤回"


@effect("note_outcome")
def note_outcome(session: Session, subject: Dispute, actor: Actor, data: Data) -> None:
    """What it ended with, in the row itself: CHECK ties it to the phase."""
    subject.outcome = data["outcome"]
    subject.outcome_text = data.get("reason", "")
