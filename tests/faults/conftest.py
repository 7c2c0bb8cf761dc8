"""What tests of races and faults share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from marketplace.db import Database


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    """The database of the test; threads take sessions of their own from it."""
    yield Database(engine)
