"""Rebuilds survive the processes that do them: taken up again, called off, failed, never stuck."""

import itertools
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.indexing.rebuilding import work_on
from marketplace.indexing.upkeep import verify_index
from marketplace.models import Event, IndexRebuild
from marketplace.permissions import SYSTEM
from marketplace.phases import RebuildPhase
from marketplace.services.accounts import holders
from marketplace.services.searching import rebuilds
from marketplace.services.searching.rebuilds import LOST, MOST_ATTEMPTS, STALE
from search import Document, Rebuilt, SearchRequest, open_engine, rebuild, verify
from search.engines.locks import file_lock
from tests.integration.admin_index.pool import PROVIDERS, Pool, fill
from tests.support.timing import until

DAY = date(2026, 11, 2)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def pool(engine: Engine, tmp_path: Path) -> Iterator[Pool]:
    database = Database(engine)
    fill(database)
    pool = Pool(database, f"tantivy://{tmp_path}/index")
    yield pool
    pool.catalogue.close()


def history(pool: Pool) -> list[tuple[str, str]]:
    with pool.database.reading() as session:
        rows = session.scalars(
            select(Event).where(Event.subject_type == "index_rebuilds").order_by(Event.id)
        )
        return [(row.action, row.reason) for row in rows]


def dead_holder() -> str:
    """The name of a process of this machine that has ended."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    return f"{holders.me().rpartition(':')[0]}:{ended.pid}"


def test_a_rebuild_is_done_by_a_process_and_told(pool: Pool) -> None:
    before, number = pool.generation, pool.ask()
    launcher = pool.launcher(0)
    launcher.step()
    assert launcher.process is not None
    assert launcher.process.wait(30) == 0
    job = pool.job(number)
    assert (job.phase, job.live, job.attempts, job.error) == ("done", None, 1, "")
    assert (job.documents, job.total, job.generation) == (2 * PROVIDERS, 2 * PROVIDERS, "g000002")
    assert (before, pool.generation) == ("g000001", "g000002")
    assert history(pool) == [("rebuild_ask", "测试"), ("rebuild_done", "")]
    assert launcher.step() == 0
    assert launcher.process is None, "nothing is left to do"


@on_sqlite
def test_a_killed_process_is_followed_by_another(pool: Pool) -> None:
    """kill -9 in the middle: the next one starts over; till then the old index is in use."""
    number = pool.ask()
    launcher = pool.launcher(20)
    launcher.step()
    until(lambda: pool.job(number).phase == RebuildPhase.RUNNING)
    until(lambda: pool.catalogue.engine.status()["building"])
    assert launcher.process is not None
    launcher.process.kill()
    launcher.process.wait()
    assert (pool.job(number).phase, pool.generation) == ("running", "g000001")
    assert pool.catalogue.search(SearchRequest(DAY)).total == 2 * PROVIDERS
    follower = pool.launcher(0)
    follower.step()
    assert follower.process is not None, "the dead holder is seen at once on its own machine"
    follower.process.wait(30)
    job = pool.job(number)
    assert (job.phase, job.attempts) == ("done", 2)
    assert pool.generation == job.generation
    assert not verify_index(pool.catalogue, pool.database)


@on_sqlite
def test_after_three_lost_processes_it_has_failed(pool: Pool) -> None:
    number = pool.ask()
    for attempt in range(MOST_ATTEMPTS):
        taken = pool.database.run(lambda session: rebuilds.claim(session, number, dead_holder()))
        assert taken is not None
        assert taken.attempts == attempt + 1
    last = pool.database.run(lambda session: rebuilds.claim(session, number, holders.me()))
    assert last is None
    job = pool.job(number)
    assert (job.phase, job.live, job.error) == ("failed", None, LOST)
    assert pool.generation == "g000001"
    assert history(pool)[-1] == ("rebuild_failed", LOST)
    assert pool.ask() != number, "the way is free for the next"


@on_sqlite
def test_a_process_outlives_the_worker_that_started_it(pool: Pool) -> None:
    """The worker was killed, not the rebuild: the next worker sees the beat and starts nothing."""
    number = pool.ask()
    launcher = pool.launcher(1)
    launcher.step()
    until(lambda: pool.job(number).phase == RebuildPhase.RUNNING)
    successor = pool.launcher(0)
    for _ in range(5):
        successor.step()
    assert successor.process is None
    assert launcher.process is not None
    launcher.process.wait(30)
    assert (pool.job(number).phase, pool.job(number).attempts) == ("done", 1)


@on_sqlite
def test_a_holder_on_another_machine_is_replaced_when_its_beat_is_old(pool: Pool) -> None:
    number = pool.ask()
    taken = pool.database.run(lambda session: rebuilds.claim(session, number, "elsewhere:1:77"))
    assert taken is not None

    def due() -> int | None:
        with pool.database.reading() as session:
            return rebuilds.due(session)

    assert due() is None
    claim = pool.database.run(lambda session: rebuilds.claim(session, number, holders.me()))
    assert claim is None, "it is held"
    with time_machine.travel(clock.now() + STALE + timedelta(seconds=1)):
        assert due() == number
        again = pool.database.run(lambda session: rebuilds.claim(session, number, holders.me()))
        assert again is not None
        assert (again.attempts, again.holder) == (2, holders.me())
        told = pool.database.run(
            lambda session: rebuilds.beat(
                session, number, "elsewhere:1:77", stage="", done=0, total=0
            )
        )
        assert (told.lost, told.cancel) == (True, False), "the old one learns that it lost"


@on_sqlite
def test_a_running_rebuild_is_called_off(pool: Pool) -> None:
    number = pool.ask()
    launcher = pool.launcher(1.5)
    launcher.step()
    until(lambda: pool.catalogue.engine.status()["building"])
    pool.database.run(lambda session: rebuilds.cancel(session, SYSTEM, number))
    assert launcher.process is not None
    launcher.process.wait(15)
    job = pool.job(number)
    assert (job.phase, job.live, job.generation) == ("cancelled", None, "")
    assert (pool.generation, pool.catalogue.engine.status()["building"]) == ("g000001", "")
    assert [action for action, _ in history(pool)] == [
        "rebuild_ask", "rebuild_cancel", "rebuild_cancelled",
    ]  # fmt: skip
    with pytest.raises(Conflict, match="已经结束"):
        pool.database.run(lambda session: rebuilds.cancel(session, SYSTEM, number))


@on_sqlite
def test_a_waiting_rebuild_is_called_off_at_once(pool: Pool) -> None:
    number = pool.ask()
    pool.database.run(lambda session: rebuilds.cancel(session, SYSTEM, number))
    assert pool.job(number).phase == RebuildPhase.CANCELLED
    with pool.database.reading() as session:
        assert rebuilds.due(session) is None


@on_sqlite
def test_a_failure_is_told_with_its_reason(pool: Pool, tmp_path: Path) -> None:
    number = pool.ask()
    with file_lock(tmp_path / "index" / "build.lock", 1, "busy"):
        job = pool.database.run(lambda session: rebuilds.claim(session, number, holders.me()))
        assert job is not None
        work_on(pool.catalogue, pool.database, job)
    after = pool.job(number)
    assert (after.phase, after.error) == ("failed", "另一个进程正在重建搜索索引")
    assert pool.generation == "g000001"


def test_who_asks_during_a_rebuild_gets_that_one(pool: Pool) -> None:
    """Eight at once: one rebuild. The control: the constraint refuses a second by itself."""
    found: list[int] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        found.append(pool.ask())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (8, 1)
    assert [action for action, _ in history(pool)] == ["rebuild_ask"]
    with pytest.raises(IntegrityError), pool.database.unit_of_work() as session:
        session.add(IndexRebuild(reason="第二个"))


@on_sqlite
def test_the_command_line_takes_part_in_the_same_order(pool: Pool) -> None:
    pool.ask()
    mine = holders.me()
    job = pool.database.run(
        lambda session: rebuilds.begin(session, SYSTEM, reason="命令行", holder=mine)
    )
    assert (job.phase, job.attempts) == ("running", 1), "it takes up the one that waits"
    with pytest.raises(Conflict, match="正在重建"):
        pool.database.run(
            lambda session: rebuilds.begin(session, SYSTEM, reason="命令行", holder="x:1:2")
        )


def test_a_rebuild_ends_while_others_never_stop_writing(tmp_path: Path) -> None:
    """Catching up is slower here than writing: without an end to it this would go on for ever."""
    engine = open_engine(f"tantivy://{tmp_path}/index")
    source = {f"case:{number}": Document(f"case:{number}", 1, "案例") for number in range(20)}

    def load(ids: Sequence[str]) -> list[Document]:
        time.sleep(0.25)
        return [source[each] for each in ids]

    def present() -> list[Document]:
        time.sleep(0.25)
        return list(source.values())

    def again() -> Rebuilt:
        return rebuild(
            engine,
            present,
            load=load,
            expected=lambda: [(each.id, each.version) for each in list(source.values())],
        )

    def write() -> None:
        for version in itertools.count(2):
            if stop.wait(0.005):
                return
            for number in range(5):
                document = Document(f"case:{number}", version, "改过的案例")
                source[document.id] = document
                engine.apply([document])

    again()
    stop = threading.Event()
    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.2)
    try:
        built = again()
    finally:
        stop.set()
        writer.join()
    assert built.generation == "g000002"
    assert built.caught_up > 0
    assert not verify(engine, [(each.id, each.version) for each in source.values()])
    engine.close()
