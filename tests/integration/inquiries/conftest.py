"""A market in which enterprises ask and providers answer."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.models import Round
from tests import factories
from tests.support import world_inquiries as world
from tests.support.world_inquiries import Side


@dataclass
class Market:
    """One enterprise, another one, three providers in the pool."""

    session: Session
    round: Round
    firm: Side
    other: Side
    one: Side
    two: Side
    three: Side


def build(session: Session) -> Market:
    world.calendar(session)
    round_ = factories.make_round(session)
    return Market(
        session, round_, world.enterprise(session), world.enterprise(session),
        *(world.asked(session, round_) for _ in range(3)),
    )  # fmt: skip


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Database(engine).write_session() as session:
        yield session


@pytest.fixture
def market(session: Session) -> Market:
    return build(session)


@pytest.fixture
def cipher() -> Cipher:
    return Cipher(["test-only-key-of-the-enquiries-of-one-market"])
