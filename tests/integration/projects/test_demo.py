"""The demo shows every state of everything that a project has."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Forbidden
from marketplace.models import (
    Acceptance,
    ChangeNotice,
    Dispute,
    Milestone,
    Organisation,
    Project,
    Rating,
)
from marketplace.phases import (
    AcceptancePhase,
    ChangePhase,
    DisputePhase,
    MilestonePhase,
    ProjectPhase,
    Role,
)
from marketplace.services.demo import demo_projects
from marketplace.services.demo.demo_stage import LOGINS
from marketplace.services.projects import ratings
from marketplace.settings import Settings
from marketplace.storage import Kept
from tests import factories
from tests.integration.projects.conftest import World

PAPER = Kept("ab" * 32, 10, "示例材料.pdf", "application/pdf")


def settings(mode: str = "demo") -> Settings:
    return replace(Settings.from_env({"MARKETPLACE_MODE": "test"}), mode=mode)


def cast(session: Session, world: World) -> None:
    """The demo's accounts, and firms for it."""
    places: dict[Role, Organisation | None] = {
        Role.PROVIDER_OWNER: world.provider.organisation, Role.ENTERPRISE: world.enterprise,
        Role.DISTRICT_REVIEWER: None, Role.CITY_OFFICER: None,
    }  # fmt: skip
    for role, login in LOGINS.items():
        user = factories.make_user(session, login=login)
        factories.make_grant(session, user, role, places[role])
    factories.make_organisation(session, kind="third_party")
    for _ in range(6):
        factories.make_organisation(session, kind="enterprise")


def phases(session: Session, model: type[Any]) -> set[str]:
    return set(session.scalars(select(model.phase)))


def test_every_state_is_there_once_and_again_changes_nothing(
    session: Session, world: World
) -> None:
    cast(session, world)
    made = demo_projects.ensure(session, settings(), PAPER)
    assert made == len(demo_projects.OWN) + len(demo_projects.OTHERS)
    assert phases(session, Project) == set(ProjectPhase)
    assert phases(session, Milestone) == set(MilestonePhase)
    assert phases(session, ChangeNotice) == set(ChangePhase)
    assert phases(session, Acceptance) == set(AcceptancePhase)
    assert phases(session, Dispute) == set(DisputePhase)
    assert ratings.summary(session, world.provider.id).overall is not None
    hidden = session.scalars(select(Rating).where(Rating.text_hidden_at.is_not(None))).all()
    assert len(hidden) == 1
    assert demo_projects.ensure(session, settings(), PAPER) == 0


def test_outside_the_demo_nothing_is_made(session: Session) -> None:
    with pytest.raises(Forbidden):
        demo_projects.ensure(session, settings("test"), PAPER)
