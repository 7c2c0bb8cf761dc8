"""A database with vocabulary and a round."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from marketplace.db import Database
from tests.integration.importing import books


@pytest.fixture
def store(engine: Engine) -> Database:
    """A database that knows the vocabulary and has one open round."""
    database = Database(engine)
    database.run(books.prepare)
    return database


@pytest.fixture
def book(store: Database, tmp_path: Path) -> Path:
    """The small workbook."""
    return books.write(store, tmp_path / "小.xlsx", books.SMALL)
