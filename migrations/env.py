"""Alembic environment: one transaction for all steps, on SQLite too (a begin event does it)."""

from alembic import context
from sqlalchemy import Engine

from marketplace import models
from marketplace.db import Base, make_engine
from marketplace.settings import Settings

__all__ = ["models"]


def _engine() -> Engine:
    given: Engine | None = context.config.attributes.get("engine")
    if given is not None:
        return given
    return make_engine(Settings.from_env().database_url, statement_timeout_ms=0)


def run() -> None:
    """Apply the steps on the engine handed over by ``marketplace.migrate`` or the settings."""
    with _engine().execution_options(writing=True).connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
