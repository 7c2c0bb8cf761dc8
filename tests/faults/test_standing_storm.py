"""Removals, restorations by appeal and replacements at once: live ≤ cap at every commit."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from marketplace.db import Database, make_engine
from marketplace.errors import Conflict
from marketplace.models import (
    Appeal,
    Candidacy,
    Membership,
    Proceeding,
    Provider,
    Quota,
    Replacement,
)
from marketplace.permissions import Actor
from marketplace.phases import LIVE_PHASES, ProceedingKind, ReplacementPhase, Role
from marketplace.services.proceedings import appeals, appeals_deciding, proceedings, replacements
from marketplace.workflow import LOADING
from tests import factories
from tests.faults import races
from tests.support.counts import count
from tests.support.world_proceedings import WHY, actor_of, world

CAP, LISTED, RESERVE = 4, 4, 12
THREADS = count(test=4, soak=16)
TOTAL = count(test=48, soak=1000)
CHECKS = {"eligibility": "符合", "credit_report": "2026-01-01"}


@dataclass(frozen=True)
class Cast:
    """Who acts; the judge never decided before."""

    quota: int
    leader: Actor
    officer: Actor
    judge: Actor

    def owner(self, provider: Provider) -> Actor:
        return Actor(
            role=Role.PROVIDER_OWNER, user_id=self.officer.user_id, name="负责人",
            organisation_id=provider.organisation_id,
        )  # fmt: skip


def prepare(database: Database) -> Cast:
    """A full cell of a programme whose removals have no steps, and a reserve list."""
    pinned = factories.programmes()[factories.QINGDAO]
    assert pinned.procedures is not None
    removal = replace(
        pinned.procedures.removal, steps=(), bureaus=(), hearing_working_days=None, opens_with="",
    )  # fmt: skip
    programme = replace(
        # Another text has another hash: a process parses each hash once.
        pinned, procedures=replace(pinned.procedures, removal=removal), file_sha256="5" * 64,
    )  # fmt: skip
    with database.unit_of_work() as session:
        made = world(session, programme)
        for _ in range(LISTED - 1):
            factories.make_membership(session, made.round, factories.make_provider(session))
        quota = factories.quota_of(session, made.round, "product", "home_appliance")
        quota.cap, quota.minimum = CAP, 0
        for score in range(RESERVE):
            factories.make_candidacy(
                session, made.round, factories.make_provider(session), score=60 + score
            )
        judge = actor_of(session, Role.COSIGNER)
        return Cast(quota.id, made.leader, made.officer, judge)


def remove(session: Session, cast: Cast, pick: random.Random) -> str:
    ids = session.scalars(
        select(Membership.id).where(
            Membership.quota_id == cast.quota, Membership.phase.in_(LIVE_PHASES)
        )
    ).all()
    if not ids:
        return "nobody"
    row = session.get_one(Membership, pick.choice(ids), options=LOADING[Membership])
    case = proceedings.open(session, cast.leader, row, ProceedingKind.REMOVAL, "X01", WHY)
    proceedings.act(session, cast.leader, case, "announce", why=WHY)
    return "removed"


def restore(session: Session, cast: Cast, pick: random.Random) -> str:
    waiting = session.scalars(select(Appeal.id).where(Appeal.phase == "quota")).all()
    if waiting and pick.random() < 0.5:
        row = appeals.get(session, cast.leader, pick.choice(waiting))
        appeals_deciding.restore(session, cast.leader, row, why=WHY, expected_version=None)
        return "restored"
    known = select(Appeal.subject_id)
    ids = session.scalars(
        select(Proceeding.id).where(Proceeding.phase == "closed", Proceeding.id.not_in(known))
    ).all()
    if not ids:
        return "nobody"
    case = proceedings.get(session, cast.leader, pick.choice(ids))
    appeal = appeals.file(session, cast.owner(case.provider), "proceedings", case.id, text="有误")
    appeals_deciding.name_panel(
        session, cast.leader, appeal, [cast.judge.user_id or 0], reason="组成"
    )
    decided = appeals_deciding.decide(session, cast.judge, appeal, upheld=True, why=WHY)
    return "restored" if decided.restored_id else "waits"


def fill(session: Session, cast: Cast, pick: random.Random) -> str:
    rows = session.execute(
        select(Replacement.id, Replacement.phase).where(
            Replacement.phase != ReplacementPhase.CLOSED
        )
    ).all()
    if not rows:
        return "nobody"
    id_, phase = pick.choice(rows)
    row = replacements.get(session, cast.officer, id_)
    if phase == ReplacementPhase.NOTICE:
        replacements.list_chosen(
            session, cast.officer, row, document_no="测试1号", reason="公示无异议"
        )
        return "filled"
    first = replacements.suggested(session, row)
    if first is None:
        return "nobody"
    replacements.choose(
        session, cast.officer, row, first.candidacy.id, checks=CHECKS, reason="得分第一"
    )
    return "chosen"


STEPS = (remove, remove, restore, restore, fill, fill, fill)


def counted(session: Session, quota_id: int) -> tuple[int, int, int, int]:
    """(cap, used, held, live) in one statement, so of one moment."""
    live = select(func.count(Membership.id)).where(
        Membership.quota_id == quota_id, Membership.phase.in_(LIVE_PHASES)
    )
    found = session.execute(
        select(Quota.cap, Quota.used, Quota.held, live.scalar_subquery()).where(
            Quota.id == quota_id
        )
    ).one()
    return found.cap, found.used, found.held, found[3]


@pytest.mark.timeout(900)
def test_live_never_exceeds_the_cap_in_a_storm(database_url: str) -> None:
    database = Database(make_engine(database_url, pool_size=THREADS))
    cast = prepare(database)
    seen: list[tuple[int, int, int, int]] = []

    def once(number: int) -> str:
        pick = random.Random(number)
        step = pick.choice(STEPS)
        try:
            answer = database.run(lambda session: step(session, cast, pick))
        except Conflict as refused:
            answer = refused.code
        except OperationalError:
            answer = "busy"  # sixteen writers on one file: who waited too long is told so
        with database.reading() as session:
            seen.append(counted(session, cast.quota))
        return answer

    outcome = races.threads(THREADS, list(range(TOTAL)), once)
    database.engine.dispose()
    assert len(seen) == TOTAL
    assert [
        row for row in seen if row[3] > row[0] or row[1] != row[3] or row[1] + row[2] > row[0]
    ] == []
    answers = outcome.answers
    assert answers["removed"] and answers["restored"] and answers["filled"], answers
    assert answers["busy"] <= TOTAL / 20, answers
    # A lost race is told, by a word of its own; nothing else comes out.
    assert set(answers) <= {
        "removed", "restored", "waits", "chosen", "filled", "nobody", "quota_full",
        "proceeding_open", "wrong_state", "stale_version", "not_first", "appeal_refused",
        "guard_refused", "findings", "busy",
    }, answers  # fmt: skip


@pytest.mark.timeout(600)
def test_the_same_storm_of_a_plain_program_goes_over_the_cap(database_url: str) -> None:
    """The control: exits and returns that count and then insert, without CHECK or begin event."""
    engine = races.plain_engine(database_url, check=False)
    database = Database(make_engine(database_url))
    cast = prepare(database)
    with database.reading() as session:
        wishes = [
            races.Candidate(id_, "product", "home_appliance")
            for id_ in session.scalars(select(Candidacy.provider_id))
        ]
        round_id = session.scalars(select(Quota.round_id).where(Quota.id == cast.quota)).one()
    most, lock = Counter[str](), threading.Lock()

    def once(number: int) -> str:
        if number % 2:
            with Session(engine) as session:
                ids = session.scalars(
                    select(Membership.id).where(Membership.phase.in_(LIVE_PHASES)).limit(1)
                ).all()
                session.execute(
                    update(Membership)
                    .where(Membership.id.in_(ids))
                    .values(phase="exited", state="removed", exited_on=date(2026, 3, 2))
                    .execution_options(synchronize_session=False)
                )
                session.commit()
        else:
            races.unprotected(engine, round_id, wishes[number // 2 % len(wishes)])
        with database.reading() as session:
            live = counted(session, cast.quota)[3]
        with lock:
            most["live"] = max(most["live"], live)
        return "done"

    for _ in range(count(test=6, soak=20)):
        races.threads(8, list(range(24)), once)
        if most["live"] > CAP:
            break
    engine.dispose()
    database.engine.dispose()
    assert most["live"] > CAP


@pytest.mark.timeout(300)
def test_of_two_officers_one_wins_and_the_other_is_told(database_url: str) -> None:
    """Opening twice, then removing and keeping at once: one effect, and a word for the loser."""
    database = Database(make_engine(database_url))
    cast = prepare(database)
    with database.reading() as session:
        ids = session.scalars(
            select(Membership.id).where(Membership.quota_id == cast.quota).order_by(Membership.id)
        ).all()

    def opened(membership: int) -> str:
        def work(session: Session) -> str:
            row = session.get_one(Membership, membership, options=LOADING[Membership])
            proceedings.open(session, cast.leader, row, ProceedingKind.REMOVAL, "X01", WHY)
            return "opened"

        return told(database, work)

    def closed(action: str, case: int) -> str:
        def work(session: Session) -> str:
            row = proceedings.get(session, cast.leader, case)
            proceedings.act(session, cast.leader, row, action, why=WHY)
            return action

        return told(database, work)

    for membership in ids[: count(test=3, soak=4)]:
        twice = races.threads(2, [membership] * 2, opened)
        assert twice.answers == {"opened": 1, "proceeding_open": 1}
        with database.reading() as session:
            case = session.scalars(
                select(Proceeding.id).where(Proceeding.membership_id == membership)
            ).one()
        both = races.threads(2, ["announce", "dismiss"], lambda action, at=case: closed(action, at))
        (winner,) = set(both.answers) & {"announce", "dismiss"}
        assert both.answers == {winner: 1, "wrong_state": 1}
        with database.reading() as session:
            live = session.get_one(Membership, membership).phase in LIVE_PHASES
            _, used, _, counted_live = counted(session, cast.quota)
        assert (live, used) == (winner == "dismiss", counted_live)
    database.engine.dispose()


def told(database: Database, work: Callable[[Session], str]) -> str:
    """What came of it, or the word by which it was refused."""
    try:
        return database.run(work)
    except Conflict as refused:
        return refused.code
