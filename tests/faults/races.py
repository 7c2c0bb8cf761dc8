"""Many admissions at once, with the protections and without them.

``admit`` goes through the service; ``unprotected`` does what a plain program would: count,
compare, insert. Both run on the same migrated tables with the same rows.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.db import Database, make_engine
from marketplace.errors import Conflict
from marketplace.models import Membership, Organisation, Provider, Quota, Round
from marketplace.permissions import SYSTEM
from marketplace.phases import LIVE_PHASES
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Admission
from tests import factories
from tests.support import warm

LISTED_ON = date(2024, 3, 1)
TYPES = ("integrator", "product", "chain_leader")
SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")
CELLS = tuple((type_, segment) for segment in SEGMENTS for type_ in TYPES)
FULL = "quota_full"
DONE = "admitted"


@dataclass(frozen=True)
class Candidate:
    """One wish: this provider into that cell."""

    provider: int
    type: str
    segment: str


@dataclass(frozen=True)
class Outcome:
    """What a race came to. ``answers`` counts results, ``waits`` are seconds per attempt."""

    answers: Counter[str]
    waits: list[float]

    @property
    def p99(self) -> float:
        """Seconds that 99 of 100 attempts stayed below."""
        return sorted(self.waits)[int(len(self.waits) * 0.99)] if self.waits else 0.0


def prepare(url: str, candidates: int, cells: Sequence[tuple[str, str]]) -> tuple[int, list[Any]]:
    """A round and ``candidates`` providers that want into ``cells`` in turn: (round, wishes)."""
    database = Database(make_engine(url))
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        rows = [
            {
                "uscc": factories.uscc(),
                "name": f"青岛并发{number}企业",
                "kind": "provider",
                "registered_city": "青岛市",
                "district": "370202",
            }
            for number in range(candidates)
        ]
        ids = session.scalars(insert(Organisation).returning(Organisation.id), rows).all()
        providers = session.scalars(
            insert(Provider).returning(Provider.id), [{"organisation_id": id_} for id_ in ids]
        ).all()
        wishes = [Candidate(id_, *cells[i % len(cells)]) for i, id_ in enumerate(providers)]
        found = round_.id, wishes
    database.engine.dispose()
    return found


def admit(database: Database, round_id: int, wish: Candidate) -> str:
    """One admission as the application does it: its own transaction, repeated when asked to."""

    def work(session: Session) -> None:
        round_ = session.get_one(Round, round_id)
        provider = session.get_one(
            Provider, wish.provider, options=[selectinload(Provider.organisation)]
        )
        entry = Admission(
            round=round_, provider=provider, type=wish.type, segment=wish.segment,
            listed_on=LISTED_ON,
        )  # fmt: skip
        memberships.admit(session, SYSTEM, entry)

    try:
        database.run(work)
    except Conflict as error:
        return error.code
    return DONE


def count_then_insert(session: Session, round_id: int, wish: Candidate) -> str:
    """What a plain program does; it also books the place, so that the CHECK could object."""
    quota = next(
        q
        for q in session.scalars(select(Quota).where(Quota.round_id == round_id))
        if (q.dims["type"], q.dims["segment"]) == (wish.type, wish.segment)
    )
    taken = session.scalar(
        select(func.count()).where(
            Membership.quota_id == quota.id, Membership.phase.in_(LIVE_PHASES)
        )
    )
    if quota.cap is not None and (taken or 0) >= quota.cap:
        return FULL
    time.sleep(0.002)  # the rest of the request
    row = {
        "provider_id": wish.provider, "round_id": round_id, "quota_id": quota.id,
        "type": wish.type, "segment": wish.segment, "state": "listed", "phase": "listed",
        "state_since": clock.now(), "listed_on": LISTED_ON, "chain_mode": "", "reason_code": "",
        "public_reason": "", "document_no": "", "version": 1,
    }  # fmt: skip
    session.execute(insert(Membership).values(row))
    session.execute(text("UPDATE quotas SET used = used + 1 WHERE id = :id"), {"id": quota.id})
    return DONE


def plain_engine(url: str, *, check: bool) -> Engine:
    """An engine as SQLAlchemy makes it: no begin event, the driver's own transactions.

    ``check`` False also takes the CHECK of the quotas away.
    """
    sqlite = url.startswith("sqlite")
    arguments = {"check_same_thread": False, "timeout": 30} if sqlite else {}
    engine = create_engine(url, connect_args=arguments, pool_size=20, max_overflow=20)
    if not check:
        _drop_check(engine)
    return engine


def begin_event_only(url: str) -> Engine:
    """The application's engine on SQLite, its begin event as it is, the CHECK ignored."""
    engine = make_engine(url)
    _drop_check(engine)
    return engine


def _drop_check(engine: Engine) -> None:
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE quotas DROP CONSTRAINT ck_quotas_within_cap"))
        return

    @event.listens_for(engine, "connect")
    def ignore(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA ignore_check_constraints=ON")


def unprotected(engine: Engine, round_id: int, wish: Candidate) -> str:
    """Count, compare, insert and commit on this engine."""
    for _ in range(50):
        with Session(engine) as session:
            try:
                answer = count_then_insert(session, round_id, wish)
                session.commit()
            except IntegrityError:
                return "constraint"
            except OperationalError:
                continue  # busy: a plain program tries again as well
            return answer
    return "busy"


def threads(number: int, wishes: Sequence[Any], attempt: Callable[[Any], str]) -> Outcome:
    """``attempt`` every wish from ``number`` threads that start together."""
    barrier = threading.Barrier(number)
    waits: list[float] = []

    def work(share: Sequence[Any]) -> list[str]:
        barrier.wait()
        found = []
        for wish in share:
            begun = time.monotonic()
            found.append(attempt(wish))
            waits.append(time.monotonic() - begun)
        return found

    with ThreadPoolExecutor(number) as pool:
        shares = [wishes[i::number] for i in range(number)]
        answers = Counter(answer for part in pool.map(work, shares) for answer in part)
    return Outcome(answers, waits)


def _process(url: str, round_id: int, wishes: list[Candidate]) -> tuple[list[str], list[float]]:
    database = Database(make_engine(url))
    answers, waits = [], []
    for wish in wishes:
        begun = time.monotonic()
        answers.append(admit(database, round_id, wish))
        waits.append(time.monotonic() - begun)
    database.engine.dispose()
    return answers, waits


def process_pool(number: int) -> ProcessPoolExecutor:
    """Processes of their own: they share nothing but the code that was read."""
    return ProcessPoolExecutor(number, mp_context=warm.context())


def processes(
    pool: ProcessPoolExecutor, number: int, url: str, round_id: int, wishes: list[Candidate]
) -> Outcome:
    """Admit every wish from ``number`` processes."""
    shares = [wishes[i::number] for i in range(number)]
    futures = [pool.submit(_process, url, round_id, share) for share in shares]
    results = [future.result() for future in futures]
    answers = Counter(answer for part, _ in results for answer in part)
    return Outcome(answers, [wait for _, part in results for wait in part])


def standing(url: str, round_id: int) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Per cell: cap, used as booked, live memberships as counted."""
    database = Database(make_engine(url))
    with database.reading() as session:
        live = dict(
            session.execute(
                select(Membership.quota_id, func.count())
                .where(Membership.round_id == round_id, Membership.phase.in_(LIVE_PHASES))
                .group_by(Membership.quota_id)
            ).all()
        )
        quotas = session.scalars(select(Quota).where(Quota.round_id == round_id)).all()
        found = {
            (q.dims["type"], q.dims["segment"]): (q.cap or 0, q.used, live.get(q.id, 0))
            for q in quotas
        }
    database.engine.dispose()
    return found
