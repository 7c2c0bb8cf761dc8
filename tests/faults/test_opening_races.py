"""One file, whoever opens it: two officers on one free place and on the one who is to have it, two
workers on one credit finding.

The controls do what a program does that asks first and writes afterwards.
"""

import threading
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.history import record
from marketplace.models import (
    CreditFinding,
    Event,
    Message,
    Proceeding,
    Quota,
    Replacement,
    Round,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import CreditPhase, ReplacementPhase, Role
from marketplace.services.checks import credit_checks, credit_findings
from marketplace.services.checks.credit_findings import Given
from marketplace.services.pool import quotas
from marketplace.services.proceedings import replacements, replacements_start
from tests import factories
from tests.support.counts import count
from tests.support.together import together
from tests.support.world_proceedings import actor_of, world

ROUNDS = count(test=4, soak=100)
Cell = tuple[int, list[Actor]]
CHECKS = {"eligibility": "符合", "credit_report": "2026-03-01"}
TOLD = "这一格没有低于下限，或者已经在递补"


@pytest.fixture
def cell(database: Database) -> Cell:
    """A cell that misses one place, and two officers."""
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        quota = factories.quota_of(session, round_, "product", "home_appliance")
        quota.minimum = 2
        factories.make_membership(session, round_, factories.make_provider(session))
        return quota.id, [actor_of(session, Role.CITY_OFFICER) for _ in range(2)]


def files(database: Database, quota_id: int) -> list[int]:
    """Open replacements of the cell, and how often one was begun."""
    mine = select(Replacement.id).where(Replacement.quota_id == quota_id)
    with database.reading() as session:
        open_ = session.scalars(mine.where(Replacement.phase == ReplacementPhase.OPEN)).all()
        begun = select(func.count()).where(
            Event.subject_type == Replacement.__tablename__, Event.subject_id.in_(mine)
        )
        return [len(open_), session.scalar(begun) or 0]


def test_two_officers_start_one_replacement(database: Database, cell: Cell) -> None:
    quota_id, officers = cell

    def starting(officer: Actor) -> str:
        try:
            database.run(
                lambda session: (
                    replacements_start.start(session, officer, quota_id, reason="低于下限").id
                )
            )
        except Conflict as error:
            return error.message
        return "started"

    for number in range(1, ROUNDS + 1):
        told = together(*((lambda who=who: starting(who)) for who in officers))
        assert sorted(told) == ["started", TOLD]
        assert files(database, quota_id) == [number, number]
        with database.unit_of_work() as session:  # one more is missing for the next round
            session.get_one(Quota, quota_id).minimum = 2 + number


def test_asking_first_starts_two(database: Database, cell: Cell) -> None:
    """Negative control: the same question without the lock on the cell."""
    quota_id, officers = cell
    seen = threading.Barrier(2)

    def careless(officer: Actor) -> str:
        with database.reading() as session:
            found = replacements_start.opening(session, quota_id)
            row = {"type": found.quota.dims["type"], "segment": found.quota.dims["segment"]}
            round_id, trigger = found.round.id, found.trigger
        seen.wait()
        with database.unit_of_work() as session:
            session.add(Replacement(
                round_id=round_id, quota_id=quota_id, trigger=trigger, state="open", phase="open",
                state_since=clock.now(), skipped=[], checks={}, **row,
            ))  # fmt: skip
        return "started"

    told = together(*((lambda who=who: careless(who)) for who in officers))
    assert told == ("started", "started")
    assert files(database, quota_id)[0] == 2


def vacancy(database: Database, cell: Cell, missing: int) -> tuple[Replacement, int]:
    """A replacement begun in the cell, and the id of the first in its reserve of two."""
    quota_id, officers = cell
    with database.unit_of_work() as session:
        quota = session.get_one(Quota, quota_id)
        quota.minimum, round_ = missing + 1, session.get_one(Round, quota.round_id)
        for score in (82, 64):
            provider = factories.make_provider(session)
            for _ in range(3):
                factories.make_case(session, provider)
            factories.make_candidacy(session, round_, provider, score=score)
        row = replacements_start.start(session, officers[0], quota_id, reason="低于下限")
        first = replacements.suggested(session, row)
        assert first is not None
        return row, first.candidacy.id


def held(database: Database, cell: Cell) -> int:
    """Places of the cell that wait for somebody chosen."""
    with database.reading() as session:
        return session.get_one(Quota, cell[0]).held


def test_two_officers_choose_one_to_follow(database: Database, cell: Cell) -> None:
    """One chooses; the other is told that it is under way, and takes no second place."""
    for number in range(1, ROUNDS + 1):
        row, first = vacancy(database, cell, number)

        def choosing(officer: Actor, row: Replacement = row, first: int = first) -> str:
            def choose(session: Session) -> str:
                replacements.choose(session, officer, row, first, checks=CHECKS, reason="第一")
                return "chosen"

            return database.run(choose)

        told = together(*((lambda who=who: choosing(who)) for who in cell[1]))
        assert sorted(told) == ["chosen", "wrong_state"]
        assert held(database, cell) == number
        with database.reading() as session:
            found = session.get_one(Replacement, row.id)
            chosen = select(func.count()).where(
                Event.subject_type == Replacement.__tablename__, Event.subject_id == row.id,
                Event.action == "choose",
            )  # fmt: skip
            assert (found.candidacy_id, session.scalar(chosen)) == (first, 1)


def test_asking_first_takes_two_places(database: Database, cell: Cell) -> None:
    """Negative control: whether it is open is asked before the transaction that holds a place."""
    row, _ = vacancy(database, cell, 1)
    seen = threading.Barrier(2)

    def careless() -> str:
        with database.reading() as session:
            waits = session.get_one(Replacement, row.id).phase == ReplacementPhase.OPEN
        seen.wait()
        if waits:
            with database.unit_of_work() as session:
                quotas.hold(session, session.get_one(Quota, cell[0]))
        return ""

    together(careless, careless)
    assert held(database, cell) == 2


def finding(database: Database) -> tuple[int, int]:
    """Ids of a finding against a firm in the pool, and of the firm's owner."""
    with database.unit_of_work() as session:
        here = world(session)
        row = credit_findings.enter(session, here.officer, Given(
            uscc=here.provider.organisation.uscc, name=here.provider.organisation.name,
            cause="X07", found_on=date(2026, 2, 27), source="信用中国公示", detail="失信名单",
        ))  # fmt: skip
        return row.id, here.owner.user_id or 0


def steps(database: Database, finding_id: int) -> int:
    """How often somebody wrote down what came of a finding."""
    with database.reading() as session:
        return session.scalar(
            select(func.count()).where(
                Event.subject_type == CreditFinding.__tablename__,
                Event.subject_id == finding_id, Event.action == credit_checks.SUSPENDED,
            )
        ) or 0  # fmt: skip


def test_two_workers_check_one_finding(database: Database) -> None:
    for _ in range(ROUNDS):
        finding_id, owner = finding(database)
        done = together(*(lambda: str(credit_checks.run(database)) for _ in range(2)))
        with database.reading() as session:
            cases = session.scalars(
                select(Proceeding.id).where(
                    Proceeding.origin_type == CreditFinding.__tablename__,
                    Proceeding.origin_id == finding_id,
                )
            ).all()
            told = session.scalars(select(Message.url).where(Message.user_id == owner)).all()
            outcome = session.get_one(CreditFinding, finding_id).outcome
        assert (sorted(done), steps(database, finding_id)) == (["0", "1"], 1)
        assert told == [f"/p/proceedings/{cases[0]}"]
        assert (len(cases), outcome.count("已暂停，等待确认")) == (1, 1)


def test_workers_that_look_before_they_lock_write_twice(database: Database) -> None:
    """Negative control: whether it waits is asked in one transaction, and noted in the next."""
    finding_id, _ = finding(database)
    seen = threading.Barrier(2)

    def careless() -> str:
        with database.reading() as session:
            waits = session.get_one(CreditFinding, finding_id).phase == CreditPhase.PENDING
        seen.wait()
        if waits:
            with database.unit_of_work() as session:
                row = session.get_one(CreditFinding, finding_id)
                record(session, SYSTEM, credit_checks.SUSPENDED, row)
        return ""

    together(careless, careless)
    assert steps(database, finding_id) == 2
