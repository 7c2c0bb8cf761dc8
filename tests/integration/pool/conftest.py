"""A round of the Qingdao programme, and people who act on it, in a transaction rolled back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.models import Membership, Provider, Round
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Admission
from tests import factories

LISTED_ON = date(2024, 3, 1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session that is never committed."""
    with Database(engine).write_session() as session:
        yield session


def actor(session: Session, role: Role, **given: Any) -> Actor:
    """Somebody who acts as ``role``; the user exists."""
    user = factories.make_user(session)
    return Actor(role=role, user_id=user.id, name=user.name, **given)


@dataclass
class Pool:
    """A round and short ways to work on it."""

    session: Session
    round: Round
    officer: Actor
    leader: Actor

    def admission(self, provider: Provider, type_: str, segment: str, **given: Any) -> Admission:
        values = {"listed_on": LISTED_ON, **given}
        return Admission(round=self.round, provider=provider, type=type_, segment=segment, **values)

    def admit(
        self,
        provider: Provider,
        type_: str = "product",
        segment: str = "home_appliance",
        *,
        by: Actor | None = None,
        **given: Any,
    ) -> Membership:
        entry = self.admission(provider, type_, segment, **given)
        return memberships.admit(self.session, by or self.officer, entry)


@pytest.fixture
def pool(session: Session) -> Pool:
    """The first Qingdao round, empty."""
    return Pool(
        session,
        factories.make_round(session),
        actor(session, Role.CITY_OFFICER),
        actor(session, Role.CITY_LEADER),
    )
