"""Quotas hold when many people decide at once (E01-E05), and would not without their guards."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from marketplace.db import Database, make_engine
from marketplace.models import Membership, Provider, Round
from marketplace.permissions import SYSTEM
from marketplace.services.pool import waivers
from tests import factories
from tests.faults import races
from tests.faults.races import CELLS, DONE, FULL, SEGMENTS, Candidate
from tests.support.counts import count

THREADS = 16
PROCESSES = 8
TRIALS = count(test=2, soak=20)
CONTROL_TRIALS = count(test=3, soak=5)
SLOWEST = 20.0  # seconds; the machine that tests may be busy, and SQLite alone waits 5 s


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessPoolExecutor]:
    with races.process_pool(PROCESSES) as pool:
        yield pool


@pytest.mark.timeout(600)
def test_a_thousand_admissions_from_sixteen_threads_fill_each_cell_exactly(
    database_url: str,
) -> None:
    """F-C4, must-show 3: as many as the caps, not one more or less, and nothing but refusals."""
    number = count(test=300, soak=1000)
    round_id, wishes = races.prepare(database_url, number, CELLS)
    database = Database(make_engine(database_url, pool_size=THREADS))
    outcome = races.threads(THREADS, wishes, lambda wish: races.admit(database, round_id, wish))
    database.engine.dispose()
    cells = races.standing(database_url, round_id)
    demand = Counter((wish.type, wish.segment) for wish in wishes)
    assert cells == {
        cell: (cap, min(cap, demand[cell]), min(cap, demand[cell]))
        for cell, (cap, _, _) in cells.items()
    }
    places = sum(used for _, used, _ in cells.values())
    assert outcome.answers == {DONE: places, FULL: number - places}


@pytest.mark.timeout(600)
def test_eight_processes_never_exceed_a_cap_of_twenty(
    database_url: str, workers: ProcessPoolExecutor
) -> None:
    """E01 and E02: 8 × 25 candidates for 20 places."""
    cell = ("product", "auto_parts")
    for _ in range(TRIALS):
        round_id, wishes = races.prepare(database_url, PROCESSES * 25, (cell,))
        outcome = races.processes(workers, PROCESSES, database_url, round_id, wishes)
        assert races.standing(database_url, round_id)[cell] == (20, 20, 20)
        assert outcome.answers == {DONE: 20, FULL: 180}
        assert outcome.p99 < SLOWEST


def over_admitted(url: str, engine: object) -> tuple[int, Counter[str]]:
    """The most live memberships in a cell of 20 places over the trials, and all answers."""
    most, answers = 0, Counter[str]()
    cell = ("product", "auto_parts")
    for _ in range(CONTROL_TRIALS):
        round_id, wishes = races.prepare(url, THREADS * 5, (cell,))
        outcome = races.threads(
            THREADS, wishes, lambda wish, at=round_id: races.unprotected(engine, at, wish)
        )
        answers += outcome.answers
        most = max(most, races.standing(url, round_id)[cell][2])
    return most, answers


@pytest.mark.timeout(600)
def test_without_protections_the_same_race_over_admits(database_url: str) -> None:
    """The control of E01 and E02: count-then-insert, no CHECK, no begin event."""
    engine = races.plain_engine(database_url, check=False)
    most, answers = over_admitted(database_url, engine)
    engine.dispose()
    assert most > 20, answers


@pytest.mark.timeout(600)
def test_the_check_alone_still_holds(database_url: str) -> None:
    engine = races.plain_engine(database_url, check=True)
    most, answers = over_admitted(database_url, engine)
    engine.dispose()
    assert most == 20
    assert answers["constraint"] > 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_begin_event_alone_still_holds_on_sqlite(database_url: str) -> None:
    engine = races.begin_event_only(database_url)
    most, answers = over_admitted(database_url, engine)
    engine.dispose()
    assert most == 20
    assert answers["constraint"] == 0


@pytest.mark.timeout(300)
def test_one_provider_gets_two_segments_and_a_third_only_by_waiver(database_url: str) -> None:
    """E05: 16 parallel admissions of one provider to four segments; a sister firm never."""
    database = Database(make_engine(database_url, pool_size=THREADS))
    for _ in range(count(test=2, soak=20)):
        with database.unit_of_work() as session:
            round_ = factories.make_round(session)
            provider, sister = (factories.make_provider(session) for _ in range(2))
            factories.make_affiliation(session, provider.organisation, sister.organisation)
            round_id, ids = round_.id, (provider.id, sister.id)
        wishes = [
            Candidate(id_, type_, segment)
            for segment in SEGMENTS
            for type_ in ("integrator", "product")
            for id_ in ids
        ]
        outcome = races.threads(
            THREADS, wishes, lambda wish, at=round_id: races.admit(database, at, wish)
        )
        with database.reading() as session:
            rows = session.execute(
                select(Membership.provider_id, Membership.segment).where(
                    Membership.round_id == round_id
                )
            ).all()
        assert len({provider_id for provider_id, _ in rows}) == 1
        assert len({segment for _, segment in rows}) == 2
        assert outcome.answers[DONE] == len(rows) == 4
        assert set(outcome.answers) <= {
            DONE, "one_per_affiliate_group", "max_distinct_segments"
        }  # fmt: skip
        winner = rows[0][0]
        third = next(s for s in SEGMENTS if s not in {segment for _, segment in rows})
        with database.unit_of_work() as session:
            waivers.grant(
                session, SYSTEM, session.get_one(Provider, winner),
                round_=session.get_one(Round, round_id), rule="QD-B12a", segment=third,
                reason="共线生产",
            )  # fmt: skip
        assert races.admit(database, round_id, Candidate(winner, "product", third)) == DONE
        loser = next(id_ for id_ in ids if id_ != winner)
        refused = races.admit(database, round_id, Candidate(loser, "product", SEGMENTS[0]))
        assert refused == "one_per_affiliate_group"
    database.engine.dispose()


def test_the_waiver_is_read_as_of_the_admission(database_url: str) -> None:
    """A waiver of another provider or segment does not help."""
    database = Database(make_engine(database_url))
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session)
        for segment in SEGMENTS[:2]:
            factories.make_membership(session, round_, provider, segment=segment)
        waivers.grant(
            session, SYSTEM, provider, round_=round_, rule="QD-B12a", segment=SEGMENTS[2],
            reason="共线生产",
        )  # fmt: skip
        found = session.scalars(
            select(Provider)
            .where(Provider.id == provider.id)
            .options(selectinload(Provider.organisation))
        ).one()
        ids = round_.id, found.id
    wrong, right = (
        races.admit(database, ids[0], Candidate(ids[1], "product", segment))
        for segment in (SEGMENTS[3], SEGMENTS[2])
    )
    assert (wrong, right) == ("max_distinct_segments", DONE)
    database.engine.dispose()
