"""Tests get migrated, empty databases of their own; the PostgreSQL among them crashes like any."""

import pytest
from sqlalchemy import func, inspect, select, table

from tests.support.postgres import Cluster


@pytest.fixture
def durable():
    cluster = Cluster(durable=True)
    cluster.start()
    yield cluster
    cluster.remove()


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_with_empty_tables(engine, turn):
    tables = set(inspect(engine).get_table_names()) - {"alembic_version"}
    with engine.begin() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(table(name)))
            for name in tables
        }
        connection.exec_driver_sql("CREATE TABLE left_by_the_other_turn (id INTEGER)")
    assert counts == dict.fromkeys(tables, 0)
    assert len(tables) > 10


def test_both_engines_are_really_used(engine, request):
    assert f"[{engine.dialect.name}]" in request.node.name


def test_a_crash_keeps_what_was_committed(durable):
    with durable.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
    durable.crash()
    durable.start()
    with durable.connect() as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(1,)]
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
