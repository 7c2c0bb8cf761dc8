"""The outbox loses nothing, takes rows by existence and parks what keeps failing."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.db import Database
from marketplace.models import Organisation, OutboxItem, Provider
from marketplace.outbox import Entry

USCC = "919999990000000000"


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine)


def keys(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxItem.key).order_by(OutboxItem.id)))


def add_provider(database: Database) -> None:
    with database.unit_of_work() as session:
        organisation = Organisation(uscc=USCC, name="青岛示例科技有限公司", kind="provider")
        session.add(organisation)
        session.flush()
        session.add(Provider(organisation_id=organisation.id))


def test_changes_queue_their_index_keys_in_the_same_transaction(database: Database) -> None:
    add_provider(database)
    assert keys(database) == ["organisation/1", "provider/1"]
    with pytest.raises(RuntimeError), database.unit_of_work() as session:
        session.get_one(Provider, 1).intro = "另一段"
        session.flush()
        raise RuntimeError
    assert keys(database) == ["organisation/1", "provider/1"]


def test_reading_an_object_queues_nothing(database: Database) -> None:
    add_provider(database)
    with database.unit_of_work() as session:
        session.get_one(Provider, 1).intro = ""
    assert len(keys(database)) == 2


def test_rows_are_removed_only_when_confirmed(database: Database) -> None:
    with database.unit_of_work() as session:
        outbox.put_many(session, "index", ["a", "b"])

    def fails_on_b(entries: Sequence[Entry]) -> dict[int, str]:
        return {entry.id: "坏文档" for entry in entries if entry.key == "b"}

    assert outbox.drain(database, "index", fails_on_b) == 2
    assert keys(database) == ["b"]
    with database.reading() as session:
        row = session.scalars(select(OutboxItem)).one()
        assert (row.attempts, row.error, row.due_at > clock.now()) == (1, "坏文档", True)


def test_rows_are_due_by_the_clock_that_workers_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = clock.now() - timedelta(days=200)
    monkeypatch.setattr(clock, "now", lambda: past)
    add_provider(database)
    with database.unit_of_work() as session:
        outbox.put(session, "index", "one")
        outbox.put_many(session, "index", ["many"])
    assert outbox.drain(database, "index", lambda entries: {}) == 4


def test_a_handler_that_dies_keeps_all_rows(database: Database) -> None:
    with database.unit_of_work() as session:
        outbox.put_many(session, "index", ["a", "b"])

    def dies(entries: Sequence[Entry]) -> dict[int, str]:
        raise SystemExit

    with pytest.raises(SystemExit):
        outbox.drain(database, "index", dies)
    assert keys(database) == ["a", "b"]


def test_a_poison_row_is_parked_and_can_be_retried(database: Database) -> None:
    """E23: after ten tries it stands aside with its error; the rest flows."""
    with database.unit_of_work() as session:
        outbox.put(session, "index", "poison")
    fail = {"on": True}

    def handler(entries: Sequence[Entry]) -> dict[int, str]:
        return {entry.id: "坏文档" for entry in entries} if fail["on"] else {}

    start = clock.now()
    for attempt in range(outbox.MAX_ATTEMPTS):
        with time_machine.travel(start + timedelta(hours=attempt + 1), tick=False):
            assert outbox.drain(database, "index", handler) == 1
    with time_machine.travel(start + timedelta(days=2), tick=False):
        assert outbox.drain(database, "index", handler) == 0
        with database.reading() as session:
            status = outbox.status(session, "index")
        assert (status.waiting, status.parked) == (0, 1)
        with database.unit_of_work() as session:
            assert outbox.retry_parked(session, "index") == 1
        fail["on"] = False
        assert outbox.drain(database, "index", handler) == 1
    assert keys(database) == []


def test_a_late_commit_is_not_skipped(database: Database) -> None:
    """E25: rows are chosen by existence; choosing by "id > last" would miss this one."""
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: ids become visible in order")
    late = database.write_session()
    outbox.put(late, "index", "early id")
    late.flush()
    with database.unit_of_work() as session:
        outbox.put(session, "index", "late id")
    seen: list[Entry] = []

    def handler(entries: Sequence[Entry]) -> dict[int, str]:
        seen.extend(entries)
        return {}

    outbox.drain(database, "index", handler)
    late.commit()
    late.close()
    with database.reading() as session:
        after = session.scalar(select(func.count()).where(OutboxItem.id > seen[-1].id))
    assert after == 0, "the control: a cursor by id finds nothing more"
    outbox.drain(database, "index", handler)
    assert [entry.key for entry in seen] == ["late id", "early id"]


def test_one_worker_holds_the_lease_and_a_dead_one_is_replaced(database: Database) -> None:
    """E24: the second stands by; when the lease ends it takes over."""
    assert outbox.take_lease(database, "worker", "one")
    assert not outbox.take_lease(database, "worker", "two")
    assert outbox.take_lease(database, "worker", "one")
    with time_machine.travel(clock.now() + timedelta(seconds=outbox.LEASE_SECONDS + 1)):
        assert outbox.take_lease(database, "worker", "two")
        assert not outbox.take_lease(database, "worker", "one")
    outbox.release_lease(database, "worker", "two")
    assert outbox.take_lease(database, "worker", "one")


def test_of_many_first_takers_exactly_one_wins(database: Database) -> None:
    winners: list[int] = []
    barrier = threading.Barrier(6)

    def take(number: int) -> None:
        barrier.wait()
        if outbox.take_lease(database, "worker", f"w{number}"):
            winners.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1


def test_a_full_batch_takes_its_kin_with_it(database: Database) -> None:
    """The longest due come first; parked rows, later ones and other queues are left alone."""
    later = clock.now() + timedelta(hours=1)
    with time_machine.travel(later, tick=False), database.unit_of_work() as session:
        outbox.put_many(session, "index", ["a2"])
    with database.unit_of_work() as session:
        outbox.put_many(session, "index", ["b1", "a1", "a2", "a3", "a2"])
        outbox.put(session, "mail", "a2")
        session.flush()
        parked = session.scalars(select(OutboxItem).where(OutboxItem.key == "a3")).one()
        parked.parked_at = clock.now()
        session.scalars(select(OutboxItem).where(OutboxItem.key == "b1")).one().due_at = (
            later - timedelta(minutes=30)
        )
    taken: list[list[str]] = []

    def handler(entries: Sequence[Entry]) -> dict[int, str]:
        taken.append([entry.key for entry in entries])
        return {}

    def kin(session: Session, entries: Sequence[Entry]) -> list[str]:
        return ["a2", "a3", *(entry.key for entry in entries)]

    assert outbox.drain(database, "index", handler, limit=1, kin=kin) == 3
    assert outbox.drain(database, "index", handler, limit=1, kin=kin) == 0
    with time_machine.travel(later + timedelta(hours=1), tick=False):
        assert outbox.drain(database, "index", handler, limit=1) == 1
        assert outbox.drain(database, "index", handler, limit=5, kin=kin) == 1
    assert taken == [["a1", "a2", "a2"], ["b1"], ["a2"]]
    assert keys(database) == ["a3", "a2"]
