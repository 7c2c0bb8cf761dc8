"""E07 for profiles: two editors, and an approval in the second of a new version; both engines,
each with its control."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import select, update

from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.models import ChangeRequest, Organisation, Provider
from marketplace.permissions import Actor
from marketplace.phases import RequestPhase, Role
from marketplace.services.profiles import change_requests, provider_profile
from marketplace.services.profiles import change_requests_subjects as subjects
from tests import factories
from tests.support.counts import count

WRITERS, ROUNDS, PAIRS = count(test=2, soak=8), count(test=4, soak=50), count(test=4, soak=200)
CONTROLS = 30  # at most: the first that goes wrong is enough
CIPHER = Cipher(["a-key-of-these-tests-and-nothing-else"])
FIRST, SECOND = "青岛甲有限公司", "青岛乙有限公司"


@dataclass(frozen=True)
class Case:
    """One provider, its team, and the bureau."""

    provider: int
    organisation: int
    owner: Actor
    officer: Actor


def prepare(database: Database, number: int) -> list[Case]:
    cases = []
    with database.unit_of_work() as session:
        officer = Actor(role=Role.CITY_OFFICER, user_id=factories.make_user(session).id)
        for _ in range(number):
            provider = factories.make_provider(session, intro="")
            user = factories.make_user(session)
            owner = Actor(
                role=Role.PROVIDER_OWNER, user_id=user.id,
                organisation_id=provider.organisation_id,
            )  # fmt: skip
            cases.append(Case(provider.id, provider.organisation_id, owner, officer))
    return cases


def opened(database: Database, case: Case) -> tuple[dict, int]:
    """The form as its page shows it."""
    with database.reading() as session:
        provider = provider_profile.own(session, case.owner)
        present = change_requests.open_of(session, provider)
        values = provider_profile.current(provider, CIPHER) | change_requests.proposed(present)
        return values, subjects.form_version(session, provider)


def save(database: Database, case: Case, values: dict, version: int) -> str:
    def work(session) -> None:
        provider = provider_profile.own(session, case.owner)
        provider_profile.edit(
            session, case.owner, CIPHER, provider, values, expected_version=version, note="改名"
        )

    try:
        database.run(work)
    except Conflict as refused:
        return refused.code
    return "saved"


def save_unchecked(database: Database, case: Case, values: dict, version: int) -> str:
    statement = update(Provider.__table__).where(Provider.id == case.provider)
    database.run(lambda session: session.execute(statement.values(intro=values["intro"])))
    return "saved"


def marks(database: Database, case: Case, writing: Callable[..., str]) -> tuple[set[str], set[str]]:
    """What was acknowledged to writers that append to one text, and what stands in the end."""
    barrier = threading.Barrier(WRITERS)

    def write(writer: int) -> list[str]:
        kept = []
        for number in range(ROUNDS):
            mark = f"{writer}.{number}"
            if number == 0:
                barrier.wait()
            while True:
                values, version = opened(database, case)
                time.sleep(0.003)  # the form is on the screen
                values["intro"] = f"{values['intro']} {mark}".strip()
                if writing(database, case, values, version) == "saved":
                    kept.append(mark)
                    break
        return kept

    with ThreadPoolExecutor(WRITERS) as pool:
        acknowledged = {mark for part in pool.map(write, range(WRITERS)) for mark in part}
    return acknowledged, set(opened(database, case)[0]["intro"].split())


@pytest.mark.timeout(300)
def test_no_acknowledged_edit_of_a_profile_is_lost(database: Database) -> None:
    checked, *unchecked = prepare(database, 1 + CONTROLS)
    acknowledged, stands = marks(database, checked, save)
    assert len(acknowledged) == WRITERS * ROUNDS
    assert stands == acknowledged
    # The control: without the version edits are lost, sooner or later.
    results = (marks(database, case, save_unchecked) for case in unchecked)
    assert any(stands < acknowledged for acknowledged, stands in results)


def asked(database: Database, case: Case) -> int:
    values, version = opened(database, case)
    assert save(database, case, {**values, "name": FIRST}, version) == "saved"
    with database.reading() as session:
        query = select(ChangeRequest.id).where(ChangeRequest.provider_id == case.provider)
        return session.scalars(query).one()


def approve(database: Database, case: Case, request_id: int) -> str:
    def work(session) -> None:
        request = change_requests.get(session, case.officer, request_id)
        change_requests.step(session, case.officer, request, "change_approve", expected_version=1)

    try:
        database.run(work)
    except Conflict as refused:
        return refused.code
    return "approved"


def approve_as_a_page_would(database: Database, case: Case, request_id: int) -> str:
    with database.reading() as session:
        if session.get_one(ChangeRequest, request_id).phase != RequestPhase.PENDING:
            return "wrong_state"
    time.sleep(0.1)  # the page is on the screen

    def work(session) -> None:
        request = session.get_one(ChangeRequest, request_id)
        firm = session.get_one(Organisation, case.organisation)
        firm.name = request.fields["name"][1]

    database.run(work)
    return "approved"


def race(database: Database, case: Case, approving: Callable[..., str]) -> tuple[str, str, bool]:
    """Answers to the officer and to the provider, and whether a replaced text became public."""
    request_id = asked(database, case)
    values, version = opened(database, case)
    barrier = threading.Barrier(2)

    def officer() -> str:
        barrier.wait()
        return approving(database, case, request_id)

    def provider() -> str:
        barrier.wait()
        return save(database, case, {**values, "name": SECOND}, version)

    with ThreadPoolExecutor(2) as pool:
        answers = pool.submit(officer), pool.submit(provider)
        said, saved = (answer.result() for answer in answers)
    with database.reading() as session:
        replaced = session.get_one(ChangeRequest, request_id).phase == RequestPhase.REPLACED
        public = session.get_one(Organisation, case.organisation).name
    return said, saved, replaced and public == FIRST


@pytest.mark.timeout(300)
def test_a_replaced_version_never_becomes_public(database: Database) -> None:
    cases = prepare(database, PAIRS + CONTROLS)
    results = Counter(race(database, case, approve) for case in cases[:PAIRS])
    # Whoever came second was told so.
    assert set(results) <= {
        ("approved", "stale_version", False), ("wrong_state", "saved", False),
        ("stale_version", "saved", False),
    }  # fmt: skip
    control = (race(database, case, approve_as_a_page_would) for case in cases[PAIRS:])
    assert any(wrong for _, _, wrong in control)
