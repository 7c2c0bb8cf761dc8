"""A round, its evaluators, and places whose rows reckon to known scores."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.models import Round
from marketplace.services.upkeep import seeding
from tests import factories
from tests.support.world_evaluations import Panel


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session that is never committed; the calendar of this year is known."""
    with Database(engine).write_session() as session:
        seeding.seed_calendar(session)
        yield session


@pytest.fixture
def round_(session: Session) -> Round:
    """A round of Qingdao's programme."""
    return factories.make_round(session)


@pytest.fixture
def panel(session: Session) -> Panel:
    """Everybody who evaluates."""
    return Panel(session)
