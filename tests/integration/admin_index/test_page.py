"""The page of the index: how it stands, rebuilding it, what was given up and trying that again."""

import secrets
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from marketplace import clock, outbox
from marketplace.db import Database
from marketplace.indexing.indexer import Indexer
from marketplace.indexing.rebuilding import work_on
from marketplace.indexing.upkeep import verify_index
from marketplace.models import Event, IndexRebuild, OutboxItem, Product, Provider
from marketplace.outbox import MAX_ATTEMPTS
from marketplace.permissions import SYSTEM
from marketplace.phases import RebuildPhase, Role
from marketplace.services.accounts import holders
from marketplace.services.searching import rebuilds
from marketplace.services.upkeep import seeding
from marketplace.worker_jobs import watch
from search import Document
from tests.integration.admin_index.pool import PROVIDERS, Pool, fill
from tests.support.pages import Page

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = on_sqlite

PAGE = "/admin/search"


@pytest.fixture
def pool(app, settings, database: Database) -> Pool:
    """A small pool with an index that the application uses."""
    database.run(seeding.seed_vocabulary)
    fill(database)
    return Pool(database, settings.search_url)


@pytest.fixture
def operator(login_as, pool):
    return login_as(Role.ADMIN_SECURITY)


def form(**fields: str) -> dict[str, str]:
    return {"form_key": secrets.token_hex(10), **fields}


def facts(page: Page) -> dict[str, str]:
    return dict(zip(page.texts("dt"), page.texts("dd"), strict=True))


def events(database: Database, subject: str) -> list[tuple]:
    with database.reading() as session:
        rows = session.scalars(
            select(Event).where(Event.subject_type == subject).order_by(Event.id)
        )
        return [(row.action, row.subject_id, row.actor_name, row.reason, row.diff) for row in rows]


def drain(pool: Pool) -> None:
    while outbox.drain(pool.database, outbox.INDEX, Indexer(pool.catalogue, pool.database).handle):
        pass


def test_it_says_how_engine_index_and_queue_stand(operator, pool):
    page = Page(operator.get(PAGE))
    told = facts(page)
    assert (told["引擎"], told["索引代次"], told["条目数"], told["搁置"]) == (
        "tantivy", "g000001", str(2 * PROVIDERS), "0 条",
    )  # fmt: skip
    with pool.database.reading() as session:
        waiting = outbox.status(session, outbox.INDEX).waiting
    assert told["排队等待"] == f"{waiting} 条"
    assert page.texts("span", "tag-ok")[0] == "正常"
    same = [row for row in page.texts("tr") if row.endswith("一致")]
    assert len(same) == 3
    drain(pool)
    assert facts(Page(operator.get(PAGE)))["最早的一条等了"] == "没有等待"


def test_an_index_of_another_release_is_named(operator, pool, settings):
    about = Path(settings.search_url.removeprefix("tantivy://")) / "g000001" / "about.json"
    about.write_text(about.read_text().replace('"schema": "', '"schema": "old'))
    page = Page(operator.get(PAGE))
    assert "索引与程序版本不一致" in page.main
    rows = [row for row in page.texts("tr") if row.startswith(("字段", "分词", "通用"))]
    assert [row.endswith("不一致") for row in rows] == [True, False, False]


def test_cards_of_another_release_are_named(operator, pool):
    """The engine answers, but pages cannot show what it gives."""
    numbers = [key for key, _ in pool.catalogue.engine.view().ids()]
    old = [Document(key, 99, "旧卡片", card={"shape": 0}) for key in numbers]
    pool.catalogue.engine.apply(old)
    assert "索引与程序版本不一致" in Page(operator.get(PAGE)).main


def test_no_index_at_all_is_told(login_as, database):
    page = Page(login_as(Role.ADMIN_SECURITY).get(PAGE))
    assert "搜索不可用" in page.main
    assert "还没有搜索索引" in page.main


def test_a_rebuild_is_asked_for_shown_and_finished(operator, pool):
    answer = operator.post(f"{PAGE}/rebuilds", data=form(reason="换了词典"))
    assert (answer.status_code, answer.location) == (303, PAGE)
    waiting = Page(operator.get(PAGE))
    assert "等待后台进程" in waiting.main
    state = waiting.one("div", id="index-state")
    assert state.get("hx-trigger") == "every 2s"
    second = operator.post(f"{PAGE}/rebuilds", data=form(reason="再来一次"))
    assert second.status_code == 303
    assert "没有重复申请" in operator.get(PAGE).text
    with pool.database.reading() as session:
        (number,) = session.scalars(select(IndexRebuild.id))
    job = pool.database.run(lambda session: rebuilds.claim(session, number, holders.me()))
    pool.database.run(
        lambda session: rebuilds.beat(
            session, number, holders.me(), stage="documents", done=3, total=12
        )
    )
    running = Page(operator.get(PAGE))
    bar = running.one("progress")
    assert (bar.get("max"), bar.get("value"), bar.text) == ("12", "3", "25%")
    assert "写入新索引 3 / 12 条" in running.main
    work_on(pool.catalogue, pool.database, job)
    done = Page(operator.get(PAGE))
    assert done.all("progress") == []
    assert done.all("div", hx_trigger="every 2s") == []
    assert facts(done)["索引代次"] == "g000002"
    (row,) = [row for row in done.texts("tr") if "换了词典" in row]
    assert "已完成" in row
    assert str(2 * PROVIDERS) in row
    assert [event[:4] for event in events(pool.database, "index_rebuilds")] == [
        ("rebuild_ask", number, operator.user.name, "换了词典"),
        ("rebuild_done", number, "系统", ""),
    ]


def test_a_failed_rebuild_says_why(operator, pool):
    operator.post(f"{PAGE}/rebuilds", data=form(reason="测试"))
    pool.database.run(_fail)
    page = Page(operator.get(PAGE))
    assert "磁盘已满" in page.main
    assert facts(page)["索引代次"] == "g000001"


def _fail(session) -> None:
    job = rebuilds.live(session)
    rebuilds.claim(session, job.id, "here")
    result = rebuilds.Result(RebuildPhase.FAILED, error="磁盘已满")
    rebuilds.finish(session, SYSTEM, job.id, "here", result)


def test_a_rebuild_needs_a_reason_and_may_be_called_off(operator, pool):
    wrong = operator.post(f"{PAGE}/rebuilds", data=form())
    assert (wrong.status_code, 'href="#f-reason"' in wrong.text) == (422, True)
    operator.post(f"{PAGE}/rebuilds", data=form(reason="测试"))
    with pool.database.reading() as session:
        number = session.scalars(select(IndexRebuild.id)).one()
    path = f"{PAGE}/rebuilds/{number}/cancel"
    assert operator.post(path, data=form()).status_code == 303
    assert "已取消" in Page(operator.get(PAGE)).main
    assert operator.post(path, data=form()).status_code == 409
    assert operator.post(f"{PAGE}/rebuilds/999/cancel", data=form()).status_code == 404


def poison(pool: Pool, number: int = 1) -> None:
    """Park provider ``number``: its segments are what no index can hold."""
    with pool.database.unit_of_work() as session:
        session.get_one(Provider, number).strengths = [7]  # no text: building fails
    start = clock.now()
    for attempt in range(MAX_ATTEMPTS):
        with time_machine.travel(start + timedelta(hours=attempt + 1), tick=False):
            drain(pool)


def test_a_poisoned_provider_stands_aside_and_the_rest_flows(operator, pool):
    """E23: it is tried ten times, parked with its error, and alarms; all others are indexed."""
    drain(pool)
    with pool.database.unit_of_work() as session:
        session.get_one(Product, 2).name = "换了名字的排程"
    poison(pool)
    hits = {entry[0]: entry[1] for entry in pool.catalogue.engine.view().ids()}
    with pool.database.reading() as session:
        assert hits["product:2"] > 3
        rows = list(session.scalars(select(OutboxItem).where(OutboxItem.kind == outbox.INDEX)))
        status = outbox.status(session, outbox.INDEX)
    assert [(row.key, row.attempts, "TypeError" in row.error) for row in rows] == [
        ("provider/1", MAX_ATTEMPTS, True)
    ]
    assert (status.waiting, status.parked, status.alarming) == (0, 1, True)
    page = Page(operator.get(PAGE))
    assert "有 1 条试了 10 次仍写不进去，已搁置" in page.main
    (row,) = [row for row in page.texts("tr") if row.startswith("服务商 1")]
    assert "TypeError" in row


def test_the_age_of_the_oldest_row_alarms_before_it_is_given_up(operator, pool, capsys):
    """E23: ``outbox_oldest_seconds`` in the worker's log, and a notice on the page."""
    drain(pool)
    assert watch(pool.database) == 0
    assert "outbox_oldest_seconds" not in capsys.readouterr().out, "the control"
    with pool.database.unit_of_work() as session:
        session.get_one(Provider, 1).intro = "等了很久"
    with time_machine.travel(clock.now() + timedelta(seconds=90), tick=False):
        watch(pool.database)
        assert "outbox_oldest_seconds" in capsys.readouterr().out
        assert "最早的一条已等了 90 秒" in Page(operator.get(PAGE)).main


def test_what_was_given_up_is_tried_again_one_by_one_or_together(operator, pool):
    drain(pool)
    poison(pool, 1)
    poison(pool, 2)
    with pool.database.unit_of_work() as session:
        for number in (1, 2):
            session.get_one(Provider, number).strengths = ["已改正"]
        ids = {row.key: row.id for row in session.scalars(outbox.parked(outbox.INDEX))}
    assert set(ids) == {"provider/1", "provider/2"}
    path = f"{PAGE}/parked/{ids['provider/1']}/retry"
    wrong = operator.post(path, data=form())
    assert (wrong.status_code, 'href="#f-why"' in wrong.text) == (422, True)
    assert operator.post(path, data=form(why="已改正")).status_code == 303
    assert operator.post(path, data=form(why="已改正")).status_code == 409, "it is not parked now"
    assert operator.post(f"{PAGE}/parked/retry", data=form(why="都改了")).status_code == 303
    again = operator.post(f"{PAGE}/parked/retry", data=form(why="都改了"))
    assert again.status_code == 303
    assert "没有搁置的条目" in operator.get(PAGE).text
    drain(pool)
    assert not verify_index(pool.catalogue, pool.database)
    told = events(pool.database, "outbox")
    assert [(action, subject, reason) for action, subject, _, reason, _ in told] == [
        ("index_retry", ids["provider/1"], "已改正"), ("index_retry", 0, "都改了"),
    ]  # fmt: skip
    assert told[0][4]["key"] == "provider/1"
    assert told[1][4] == {"rows": 1}


def test_officers_look_and_rebuild_but_do_not_retry(login_as, pool):
    officer = login_as(Role.CITY_OFFICER)
    assert officer.get(PAGE).status_code == 200
    assert officer.post(f"{PAGE}/rebuilds", data=form(reason="字典更新")).status_code == 303
    assert officer.post(f"{PAGE}/parked/retry", data=form(why="x")).status_code == 403
    for role in (Role.AUDITOR, Role.PROVIDER_OWNER, Role.ADMIN_USERS):
        client = login_as(role)
        assert client.get(PAGE).status_code == 403
        assert client.post(f"{PAGE}/rebuilds", data=form(reason="x")).status_code == 403


def test_parked_rows_are_paged(operator, pool):
    with pool.database.unit_of_work() as session:
        at = clock.now()
        for number in range(60):
            session.add(
                OutboxItem(kind="index", key=f"case/{number}", parked_at=at, error="坏文档")
            )
    pages = [Page(operator.get(PAGE, query_string={"page": page})) for page in (1, 2)]
    counted = [len([row for row in page.texts("tr") if "坏文档" in row]) for page in pages]
    assert counted == [50, 10]


def test_a_ghost_in_the_index_is_no_way_in(operator, pool):
    """A key that nobody can read is parked by itself, like a document without a row is removed."""
    pool.catalogue.engine.apply([Document("case:77", 1, "没有的案例")])
    with pool.database.unit_of_work() as session:
        outbox.put_many(session, outbox.INDEX, ["case/77", "case/x", "nonsense"])
    drain(pool)
    assert "case:77" not in dict(pool.catalogue.engine.view().ids())
    with pool.database.reading() as session:
        left = {row.key: row.error for row in session.scalars(select(OutboxItem))}
    assert left == {"case/x": "看不懂的键：case/x", "nonsense": "看不懂的键：nonsense"}
