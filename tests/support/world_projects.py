"""A project under way, for ``tests.support.world``: the ids that its addresses ask for."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.models import Membership, Organisation
from marketplace.phases import MilestonePhase
from tests import factories


def keep(session: Session, membership: Membership, client: Organisation) -> dict[str, Any]:
    """A running project of the place with the client, a milestone of it to be confirmed."""
    project = factories.make_project(session, membership, client)
    stage = factories.make_milestone(session, project, phase=MilestonePhase.DONE)
    return {
        "project_id": project.id, "part_id": stage.id, "projects.kind": "milestones",
        "projects.action": "confirm", "projects.step": "apply", "projects.name": "dispute",
    }  # fmt: skip
