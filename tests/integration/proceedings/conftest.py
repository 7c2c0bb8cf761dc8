"""A place under the Qingdao programme, its people, and a clock that is set by hand."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from marketplace.db import Database
from tests.support.world_proceedings import Time, World, world


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session that is never committed."""
    with Database(engine).write_session() as session:
        yield session


@pytest.fixture
def qingdao(session: Session, time: Time) -> World:
    return world(session)
