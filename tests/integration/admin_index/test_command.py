"""``marketplace search``: what the page has, for a terminal."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from marketplace import clock
from marketplace.cli import context, main
from marketplace.db import Database
from marketplace.models import Event, IndexRebuild, OutboxItem
from tests.integration.admin_index.pool import PROVIDERS, fill

Command = Callable[..., str]


@pytest.fixture
def command(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """``command("search", "status")``: what it prints; it must succeed."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("MARKETPLACE_DATA", str(tmp_path))
    context.settings.cache_clear()
    context.database.cache_clear()

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    yield run
    context.database().engine.dispose()
    context.settings.cache_clear()
    context.database.cache_clear()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_operator_without_a_browser(engine: Engine, command: Command) -> None:
    database = Database(engine)
    fill(database)
    with database.unit_of_work() as session:
        item = OutboxItem(kind="index", key="case/7", parked_at=clock.now(), error="看不懂")
        session.add(item)
    assert f"索引已重建：{2 * PROVIDERS} 条" in command("search", "rebuild")
    status = dict(line.split(maxsplit=1) for line in _lines(command("search", "status")))
    assert (status["state"], status["generation"], status["parked"], status["rebuild"]) == (
        "ok", "g000001", "1", "done",
    )  # fmt: skip
    assert status["schema"] == status["program_schema"]
    parked = [line.split() for line in _lines(command("search", "parked"))]
    assert parked == [[str(item.id), "case/7", "看不懂"], ["共", "1", "条"]]
    assert "已重新排队 1 条" in command("search", "retry-parked", "--reason", "已改正")
    assert "没有搁置的条目" in command("search", "parked")
    with database.reading() as session:
        events = session.scalars(select(Event).order_by(Event.id)).all()
        rebuild = session.scalars(select(IndexRebuild)).one()
    assert [(event.action, event.actor_role, event.reason) for event in events][-3:] == [
        ("rebuild_ask", "system", "命令行"), ("rebuild_done", "system", ""),
        ("index_retry", "system", "已改正"),
    ]  # fmt: skip
    assert (rebuild.phase, rebuild.documents) == ("done", 2 * PROVIDERS)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if len(line.split()) > 1]
