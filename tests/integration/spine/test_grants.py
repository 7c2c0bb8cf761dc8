"""S86, S87: with the shipped grants the application's role cannot touch history or tables."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

GRANTS = Path(__file__).parents[3] / "config" / "deploy" / "grants.sql"


@pytest.fixture
def granted(engine: Engine) -> Engine:
    if engine.dialect.name != "postgresql":
        pytest.skip("roles are PostgreSQL's")
    with engine.begin() as connection:
        exists = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = 'pool_app'"))
        if not exists:
            connection.execute(text("CREATE ROLE pool_app"))
        connection.execute(text(GRANTS.read_text()))
    return engine


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET reason = ''",
        "DELETE FROM events",
        "TRUNCATE events",
        "DELETE FROM event_seals",
        "UPDATE security_events SET result = ''",
        "ALTER TABLE events ADD COLUMN x int",
        "DROP TRIGGER events_append_only ON events",
        "CREATE TABLE mine (x int)",
        "COPY events TO PROGRAM 'cat'",
        "UPDATE alembic_version SET version_num = ''",
    ],
)
def test_the_application_role_is_refused(granted: Engine, statement: str) -> None:
    with granted.connect() as connection:
        connection.execute(text("SET ROLE pool_app"))
        with pytest.raises(ProgrammingError, match="InsufficientPrivilege"):
            connection.execute(text(statement))


def test_the_application_role_can_do_its_work(granted: Engine) -> None:
    with granted.begin() as connection:
        connection.execute(text("SET ROLE pool_app"))
        connection.execute(text("INSERT INTO leases VALUES ('x', 'y', now())"))
        connection.execute(text("UPDATE leases SET holder = 'z'"))
        assert connection.scalar(text("SELECT holder FROM leases")) == "z"
