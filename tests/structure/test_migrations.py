"""Migrations are linear, numbered, and lead exactly to the models."""

import re

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect

from marketplace import migrate, models
from marketplace.db import Base
from tests.support.source import ROOT

assert models  # the tables are known once their modules are read


def revisions() -> list:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return list(reversed(list(ScriptDirectory.from_config(config).walk_revisions())))


def test_revisions_form_one_numbered_line():
    line = revisions()
    numbers = [revision.revision for revision in line]
    assert numbers == [f"{number:04}" for number in range(1, len(line) + 1)]
    assert [revision.down_revision for revision in line] == [None, *numbers[:-1]]


def test_files_are_named_like_their_revision():
    for revision in revisions():
        name = revision.module.__file__.rpartition("/")[2]
        assert re.fullmatch(rf"{revision.revision}_[a-z0-9_]+\.py", name)


def drift(engine: Engine) -> list:
    with engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)


def test_the_migrated_database_is_what_the_models_say(engine):
    assert drift(engine) == []


def test_every_check_of_the_models_is_in_the_database(engine):
    # Autogeneration does not compare CHECK constraints.
    declared = {
        table.name: {
            str(part.name) for part in table.constraints if isinstance(part, CheckConstraint)
        }
        for table in Base.metadata.sorted_tables
    }
    look = inspect(engine)
    kept = {name: {part["name"] for part in look.get_check_constraints(name)} for name in declared}
    assert sum(map(len, kept.values())) > 50
    assert kept == declared


def test_drift_would_be_seen(engine):
    table = next(iter(Base.metadata.tables.values()))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE left_behind (id INTEGER PRIMARY KEY)")
    assert table.name in inspect(engine).get_table_names()
    assert [(kind, found.name) for kind, found in drift(engine)] == [
        ("remove_table", "left_behind")
    ]


def test_down_and_up_again_ends_at_the_same_tables(engine):
    before = set(inspect(engine).get_table_names())
    migrate.downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(engine)
    assert set(inspect(engine).get_table_names()) == before
    assert drift(engine) == []
