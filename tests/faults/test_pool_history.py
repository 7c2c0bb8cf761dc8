"""Opposite orders do not deadlock for good (E06), and histories are those of one counter (E10)."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db import Database, make_engine
from marketplace.errors import Conflict
from marketplace.models import Membership, Quota
from marketplace.permissions import SYSTEM
from marketplace.services.pool import bulk, memberships
from marketplace.services.pool.memberships import Decision
from tests import factories
from tests.faults import races
from tests.faults.races import DONE, FULL, Candidate
from tests.support.counts import count
from tests.support.timing import SLACK

SLOWEST = 5.0  # seconds; the machine that tests may be busy


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(make_engine(database_url, pool_size=16))
    yield database
    database.engine.dispose()


def opposite(database: Database, pairs: int, *, ordered: bool) -> list[float]:
    """Two people act on the same two memberships, one forwards, one backwards: sorted waits.

    ``ordered``: as one bulk command, which locks in one order. Else one command after the other
    in one transaction, which makes a deadlock that the database must break.
    """
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        ids = [
            factories.make_membership(session, round_, factories.make_provider(session)).id
            for _ in range(2)
        ]
    barrier = threading.Barrier(2)
    decision = Decision(why={"reason": "并发"})

    def work(order: list[int], action: str) -> list[float]:
        waits = []

        def command(session: Session) -> None:
            found = session.execute(select(Membership.id, Membership.version))
            versions = {id_: version for id_, version in found}  # noqa: C416  rows, not pairs
            steps = [order] if ordered else [[id_] for id_ in order]
            for step in steps:
                wanted = {id_: versions[id_] for id_ in step}
                bulk.run(session, SYSTEM, action, wanted, decision)

        for _ in range(pairs):
            barrier.wait()
            begun = time.monotonic()
            database.run(command)
            waits.append(time.monotonic() - begun)
        return waits

    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(work, ids, "warn"),
            pool.submit(work, ids[::-1], "clear_warning"),
        ]
        return sorted(wait for future in futures for wait in future.result())


@pytest.mark.timeout(900)
def test_bulk_commands_in_opposite_order_never_wait_for_each_other_for_long(
    database: Database,
) -> None:
    """E06: every command ends, and 99 of 100 within a second."""
    pairs = count(test=25, soak=1000)
    waits = opposite(database, pairs, ordered=True)
    assert len(waits) == 2 * pairs
    assert waits[int(len(waits) * 0.99)] < 1.0 * SLACK


@pytest.mark.timeout(900)
def test_deadlocks_are_broken_and_the_command_repeated(database: Database) -> None:
    """E06: even commands that lock in opposite order all end; PostgreSQL waits 1 s to see it."""
    pairs = count(test=4, soak=200)
    waits = opposite(database, pairs, ordered=False)
    assert len(waits) == 2 * pairs
    assert waits[-1] < SLOWEST


@dataclass(frozen=True)
class Operation:
    """One call: what it wanted, when it was made and answered, and what it was told."""

    kind: str
    begun: float
    ended: float
    ok: bool


def anomalies(history: list[Operation], cap: int) -> list[str]:
    """What one counter with a cap could not have answered.

    An admission counts for certain from its answer on, an exit at the latest from its answer; a
    refusal needs a moment within its call at which all places may have been taken.
    """
    found = []
    times = sorted({moment for op in history for moment in (op.begun, op.ended)})
    admits = [op for op in history if op.kind == "admit" and op.ok]
    exits = [op for op in history if op.kind == "exit" and op.ok]
    for moment in times:
        certain = sum(op.ended <= moment for op in admits) - sum(op.begun <= moment for op in exits)
        if certain > cap:
            found.append(f"{certain} of {cap} places at {moment:.6f}")
    for op in history:
        if op.kind == "admit" and not op.ok:
            within = [t for t in times if op.begun <= t <= op.ended]
            most = max(
                sum(a.begun <= t for a in admits) - sum(e.ended <= t for e in exits) for t in within
            )
            if most < cap:
                found.append(f"refused at {op.begun:.6f} with at most {most} of {cap} places taken")
    return found


def test_the_checker_finds_what_one_counter_cannot_do() -> None:
    full = [Operation("admit", 0.0, 1.0, True), Operation("admit", 0.0, 1.0, True)]
    assert anomalies(full, 2) == []
    assert anomalies(full, 1) == ["2 of 1 places at 1.000000"]
    early = [Operation("admit", 0.0, 1.0, False), Operation("admit", 2.0, 3.0, True)]
    assert anomalies(early, 1) == ["refused at 0.000000 with at most 0 of 1 places taken"]
    overlap = [Operation("admit", 0.0, 3.0, False), Operation("admit", 2.0, 4.0, True)]
    assert anomalies(overlap, 1) == []
    reused = [
        Operation("admit", 0.0, 1.0, True),
        Operation("exit", 2.0, 3.0, True),
        Operation("admit", 4.0, 5.0, True),
    ]
    assert anomalies(reused, 1) == []
    late = [*reused[:2], Operation("admit", 1.2, 1.5, True)]
    assert anomalies(late, 1) == ["2 of 1 places at 1.500000"]


@pytest.mark.timeout(900)
def test_the_history_of_admissions_and_exits_is_that_of_one_counter(
    database_url: str, database: Database
) -> None:
    """E10: eight clients admit to and leave one cell; no answer contradicts a sequential order."""
    clients, cell, cap = 8, ("integrator", "auto_parts"), 6
    steps = count(test=25, soak=1250)
    round_id, wishes = races.prepare(database_url, clients * steps, (cell,))
    history: list[Operation] = []

    def leave(membership: int) -> str:
        def work(session: Session) -> None:
            row = session.get_one(Membership, membership)
            why = {"reason": "退出", "reason_code": "X10", "document_no": ""}
            memberships.act(session, SYSTEM, row, "withdraw", Decision(why=why))

        try:
            database.run(work)
        except Conflict as error:
            return error.code
        return DONE

    def client(share: list[Candidate]) -> None:
        for wish in share:
            begun = time.monotonic()
            answer = races.admit(database, round_id, wish)
            history.append(Operation("admit", begun, time.monotonic(), answer == DONE))
            assert answer in (DONE, FULL)
            if answer == DONE:
                with database.reading() as session:
                    row = session.scalars(
                        select(Membership.id).where(Membership.provider_id == wish.provider)
                    ).one()
                begun = time.monotonic()
                assert leave(row) == DONE
                history.append(Operation("exit", begun, time.monotonic(), True))

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, [wishes[i::clients] for i in range(clients)]))
    with database.reading() as session:
        quota = session.scalars(
            select(Quota).where(Quota.round_id == round_id, Quota.cap == cap)
        ).first()
        assert quota is not None
        assert quota.used == 0
    assert len(history) >= clients * steps
    assert all(earlier.begun <= earlier.ended for earlier, _ in pairwise(history))
    assert anomalies(history, cap) == []
