"""Two officers at once, and an objection at the very end: on both engines, with controls."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.models import (
    Candidacy,
    Event,
    Membership,
    NoticeEntry,
    Objection,
    PublicNotice,
    Quota,
)
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import OPEN_OBJECTIONS, EntryPhase, ObjectionPhase, Role, SelectionPhase
from marketplace.services.audit import receipts
from marketplace.services.calendar import database_clock
from marketplace.services.notices import (
    objections,
    objections_desk,
    public_notices,
    public_notices_finish,
    public_notices_selection,
)
from marketplace.services.notices.objections import Contact, Filing
from marketplace.services.notices.public_notices_kinds import Ending
from tests import factories
from tests.support.counts import count
from tests.support.world_notices import make_entry, make_notice, make_objection

ROUNDS = count(test=2, soak=100)
OFFICER = Actor(role=Role.CITY_OFFICER, user_id=None, name="经办人")
ENDING = Ending(document_no="青民发字〔2024〕5号")
CIPHER = Cipher(["a-key-of-the-races-over-notices-only"])
assert public_notices_selection.SELECTION == "selection"


@pytest.fixture
def database(engine) -> Iterator[Database]:
    yield Database(engine)


@pytest.fixture
def quota(database: Database) -> Quota:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        return factories.make_quota(session, round_, cap=10_000)


def ended(session: Session, quota: Quota, *, lasts: float = -1) -> tuple[PublicNotice, list[int]]:
    """A notice with two entries whose window ends in ``lasts`` seconds; ids of the entries."""
    quota = session.get_one(Quota, quota.id)
    round_ = session.get_one(public_notices.Round, quota.round_id)
    end = database_clock.now(session) + timedelta(seconds=lasts)
    notice = make_notice(session, round_, ends_at=end)
    ids = []
    for seq in (1, 2):
        provider = factories.make_provider(session)
        candidacy = factories.make_candidacy(
            session, round_, provider, phase=SelectionPhase.PUBLICITY, quota=quota
        )
        ids.append(make_entry(session, notice, candidacy, provider, seq=seq).id)
    return notice, ids


def together(*works: Callable[[], str]) -> list[str]:
    """What came of calls that start at one moment."""
    barrier = threading.Barrier(len(works))

    def started(work: Callable[[], str]) -> str:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(started, works))


def finishing(database: Database, notice: PublicNotice) -> Callable[[], str]:
    def work() -> str:
        def run(session: Session) -> int:
            found = session.get_one(PublicNotice, notice.id)
            return len(public_notices_finish.finish(session, OFFICER, found, ENDING).done)

        try:
            return str(database.run(run))
        except Conflict as conflict:
            return conflict.code

    return work


def test_a_notice_closes_once(database: Database, quota: Quota) -> None:
    for _ in range(ROUNDS):
        with database.unit_of_work() as session:
            notice, _ = ended(session, quota)
        told = together(finishing(database, notice), finishing(database, notice))
        assert sorted(told) == ["2", "wrong_state"]
    with database.reading() as session:
        members = session.scalar(select(func.count()).select_from(Membership))
        done = session.scalar(
            select(func.count()).select_from(Event).where(Event.action == "notice_finish")
        )
        row = session.get_one(Quota, quota.id)
    assert (members, done) == (2 * ROUNDS, ROUNDS)
    assert (row.used, row.held) == (2 * ROUNDS, 0)


def filing(entry_id: int) -> Filing:
    return Filing(
        entry_id=entry_id, facts="案例没有验收。", digest=receipts.make_code().digest,
        contact=Contact(name="王建国", phone="13800001234"),
    )  # fmt: skip


def file_one(database: Database, notice: PublicNotice, entry_id: int) -> None:
    given = filing(entry_id)
    database.run(lambda session: objections.file_(session, NOBODY, CIPHER, notice.id, given))


def objecting(database: Database, notice: PublicNotice, entry_id: int) -> Callable[[], str]:
    """Object again and again until it is too late."""

    def work() -> str:
        while True:
            try:
                file_one(database, notice, entry_id)
            except Conflict as conflict:
                return conflict.code

    return work


def trying(database: Database, notice: PublicNotice) -> Callable[[], str]:
    def work() -> str:
        attempt = finishing(database, notice)
        while (told := attempt()) == "notice_running":
            pass
        return told

    return work


def wrongly_done(session: Session) -> int:
    """Entries that took effect although somebody objected in time and was not answered."""
    return len(
        session.scalars(
            select(NoticeEntry.id)
            .join(Objection, Objection.entry_id == NoticeEntry.id)
            .where(NoticeEntry.phase == EntryPhase.DONE, Objection.phase.in_(OPEN_OBJECTIONS))
        ).all()
    )


def test_what_is_filed_in_time_holds_its_entry(database: Database, quota: Quota) -> None:
    for _ in range(ROUNDS):
        with database.unit_of_work() as session:
            notice, (entry_id, _) = ended(session, quota, lasts=0.5)
        file_one(database, notice, entry_id)
        told = together(objecting(database, notice, entry_id), trying(database, notice))
        assert told == ["objections_closed", "1"]
    with database.reading() as session:
        assert wrongly_done(session) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_asking_first_and_writing_afterwards_would_lose_one(
    database: Database, quota: Quota
) -> None:
    with database.unit_of_work() as session:
        notice, (entry_id, _) = ended(session, quota, lasts=30)
    with database.reading() as session:
        asked = public_notices.accepts_objections(session, session.get_one(PublicNotice, notice.id))
    assert asked
    with database.unit_of_work() as session:  # the end comes, and somebody finishes
        over = session.get_one(PublicNotice, notice.id)
        over.ends_at = database_clock.now(session)
    assert finishing(database, notice)() == "2"
    with database.unit_of_work() as session:
        entry = session.get_one(NoticeEntry, entry_id)
        entry.notice = session.get_one(PublicNotice, notice.id)
        provider = session.get_one(objections.Provider, entry.provider_id)
        make_objection(session, entry, provider)
    with database.reading() as session:
        assert wrongly_done(session) == 1


def deciding(database: Database, row: Objection, action: str) -> Callable[[], str]:
    def work() -> str:
        def run(session: Session) -> None:
            found = objections.get(session, OFFICER, row.id)
            objections_desk.step(
                session, OFFICER, found, action, why=objections.why("已核查", "5号"),
                expected_version=row.version,
            )  # fmt: skip

        try:
            database.run(run)
        except Conflict as conflict:
            return conflict.code
        return action

    return work


def test_of_two_decisions_one_counts(database: Database, quota: Quota) -> None:
    for _ in range(ROUNDS):
        with database.unit_of_work() as session:
            notice, (entry_id, _) = ended(session, quota, lasts=60)
            entry = session.get_one(NoticeEntry, entry_id)
            entry.notice = notice
            provider = session.get_one(objections.Provider, entry.provider_id)
            row = make_objection(session, entry, provider, phase=ObjectionPhase.CHECKING)
        told = together(
            deciding(database, row, "objection_uphold"), deciding(database, row, "objection_reject")
        )
        assert told.count("stale_version") == 1
        struck = "objection_uphold" in told
        with database.reading() as session:
            phase = session.get_one(NoticeEntry, entry_id).phase
            candidacy = session.get_one(
                Candidacy, session.get_one(NoticeEntry, entry_id).subject_id
            )
        assert (phase == EntryPhase.STRUCK) == struck
        assert (candidacy.phase == SelectionPhase.CLOSED) == struck


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("minutes", [5, -5])
def test_the_database_tells_the_time(database: Database, quota: Quota, minutes: int) -> None:
    """E47: an application server five minutes off opens and closes nothing by itself."""
    with database.unit_of_work() as session:
        open_, (entry_id, _) = ended(session, quota, lasts=120)
        closed, (late_id, _) = ended(session, quota, lasts=-120)
    with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
        with database.reading() as session:
            skew = database_clock.skew_seconds(session)
        assert finishing(database, open_)() == "notice_running"
        with database.unit_of_work() as session:
            objections.file_(session, NOBODY, CIPHER, open_.id, filing(entry_id))
        with pytest.raises(Conflict) as late, database.unit_of_work() as session:
            objections.file_(session, NOBODY, CIPHER, closed.id, filing(late_id))
        assert finishing(database, closed)() == "2"
    assert late.value.code == "objections_closed"
    assert round(skew / 60) == minutes
