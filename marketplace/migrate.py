"""Bring a database to the newest revision, or say whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to ``revision`` in one transaction."""
    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Step back to ``revision``; tests use it, production goes forward only."""
    command.downgrade(_config(engine), revision)


def head() -> str:
    """The newest revision in the tree."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head() or ""


def current(engine: Engine) -> str:
    """The revision of the database; empty for a new one."""
    with engine.execution_options(writing=False).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""
