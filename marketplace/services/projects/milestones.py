"""Milestones: the provider reports one done with evidence, the enterprise confirms or objects."""

from sqlalchemy.orm import Session

from marketplace.errors import Invalid
from marketplace.models import Event, Milestone
from marketplace.permissions import Actor
from marketplace.services.files import files
from marketplace.services.projects import projects

EVIDENCE = "milestone_evidence"


def finish(
    session: Session, actor: Actor, milestone: Milestone, *, note: str, expected_version: int
) -> Event:
    """Report a milestone done; its evidence is attached already. Raises as ``projects.act``."""
    if not files.of(session, milestone, EVIDENCE):
        raise Invalid(fields={EVIDENCE: ["请上传完成材料"]})
    event = projects.act(
        session, actor, milestone.project, milestone, "finish",
        why={"reason": note}, expected_version=expected_version,
    )  # fmt: skip
    milestone.note = note
    session.flush()
    return event
