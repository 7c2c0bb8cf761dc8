"""A contract confirmed in the second of a suspension; builder and evaluator named at once.

Both sides start together from threads of their own, on both engines. The controls do what a
program does that asks on the page and writes afterwards.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.db import Database
from marketplace.history import record
from marketplace.models import Event, Membership, Organisation, Project
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import ProjectPhase, Role, StandingPhase
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.projects import acceptances, filings, projects
from tests import factories
from tests.support.counts import count
from tests.support.together import together

ROUNDS = count(test=12, soak=400)


@dataclass(frozen=True)
class Case:
    """Ids of one race."""

    project: int
    membership: int
    client: Actor
    enterprise: int
    provider_uscc: str
    rival: int
    """Another project of the enterprise, already under way."""


def prepare(database: Database, number: int) -> list[Case]:
    cases = []
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        quota = factories.quota_of(session, round_, "product", "home_appliance")
        quota.cap = 10 * number + 20
        for _ in range(number):
            provider, other = (factories.make_provider(session) for _ in range(2))
            place, second = (factories.make_membership(session, round_, p)
                             for p in (provider, other))  # fmt: skip
            enterprise = factories.make_organisation(session, kind="enterprise")
            user = factories.make_user(session)
            client = Actor(role=Role.ENTERPRISE, user_id=user.id, organisation_id=enterprise.id)
            project = factories.make_project(
                session, place, enterprise, phase=ProjectPhase.CONFIRMING
            )
            rival = factories.make_project(session, second, enterprise)
            cases.append(
                Case(
                    project.id, place.id, client, enterprise.id, provider.organisation.uscc,
                    rival.id,
                )
            )  # fmt: skip
    return cases


def suspend(database: Database, case: Case) -> str:
    def work(session) -> None:
        membership = session.get_one(Membership, case.membership)
        decision = Decision(why={"reason": "发现重大问题"})
        memberships.act(session, SYSTEM, membership, "suspend", decision)

    database.run(work)
    return "suspended"


def confirm(database: Database, case: Case) -> str:
    def work(session) -> None:
        project = projects.get(session, case.client, case.project)
        projects.act(session, case.client, project, project, "confirm")

    database.run(work)
    return "confirmed"


def confirm_as_a_page_would(
    database: Database, case: Case, meanwhile: Callable[[], str] = str
) -> str:
    with database.reading() as session:
        if filings.unfit(session, case.membership):
            return "guard_refused"
    meanwhile()  # the form is on the screen

    def work(session) -> None:
        project = session.get_one(Project, case.project)
        project.state = project.phase = ProjectPhase.FILING.value
        project.state_since = clock.now()
        session.flush()
        record(session, case.client, "confirm", project)

    database.run(work)
    return "confirmed"


def late(database: Database, cases: list[Case]) -> int:
    """Contracts confirmed after their provider was suspended."""
    found = 0
    with database.reading() as session:
        for case in cases:
            when = {
                event.action: event.id
                for event in session.scalars(
                    select(Event).where(
                        ((Event.subject_type == "projects") & (Event.subject_id == case.project))
                        | (
                            (Event.subject_type == "memberships")
                            & (Event.subject_id == case.membership)
                        )
                    )
                )
            }
            found += when.get("confirm", 0) > when["suspend"]
    return found


@pytest.mark.timeout(300)
def test_no_contract_is_confirmed_after_the_suspension(database: Database) -> None:
    cases = prepare(database, ROUNDS)
    answers = Counter(
        together(lambda c=case: suspend(database, c), lambda c=case: confirm(database, c))
        for case in cases
    )
    assert late(database, cases) == 0
    assert set(answers) <= {("suspended", "confirmed"), ("suspended", "guard_refused")}
    with database.reading() as session:
        for case in cases:
            assert session.get_one(Membership, case.membership).phase == StandingPhase.SUSPENDED


@pytest.mark.timeout(300)
def test_a_page_that_asks_first_lets_contracts_through(database: Database) -> None:
    cases = prepare(database, 4)
    for case in cases:
        confirm_as_a_page_would(database, case, partial(suspend, database, case))
    assert late(database, cases) == len(cases)


def test_a_suspension_under_way_holds_the_contract_back(database: Database) -> None:
    """Whatever the timing: begun first, the suspension is seen although it is not over yet."""
    (case,) = prepare(database, 1)
    begun = threading.Event()

    def slowly() -> str:
        with database.unit_of_work() as session:
            membership = session.get_one(Membership, case.membership)
            decision = Decision(why={"reason": "发现重大问题"})
            memberships.act(session, SYSTEM, membership, "suspend", decision)
            begun.set()
            time.sleep(0.3)
        return "suspended"

    def meanwhile() -> str:
        assert begun.wait(5)
        return confirm(database, case)

    assert together(slowly, meanwhile) == ("suspended", "guard_refused")


def name_evaluator(database: Database, case: Case) -> str:
    def work(session) -> None:
        rival = projects.get(session, case.client, case.rival)
        acceptances.evaluator(session, case.client, rival, case.provider_uscc)

    database.run(work)
    return "named"


def name_as_a_page_would(database: Database, case: Case, meanwhile: Callable[[], str]) -> str:
    with database.reading() as session:
        rival = session.get_one(Project, case.rival)
        owner = session.scalars(
            select(Organisation).where(Organisation.uscc == case.provider_uscc)
        ).one()
        taken = session.get_one(Project, case.project).phase == ProjectPhase.FILING
        ids = rival.id, owner.id
    if taken:
        return "roles_separate"
    meanwhile()

    def work(session) -> None:
        session.get_one(Project, ids[0]).evaluator_id = ids[1]

    database.run(work)
    return "named"


def both_roles(database: Database, cases: list[Case]) -> int:
    """Enterprises whose builder is their evaluator as well."""
    with database.reading() as session:
        return sum(
            session.get_one(Project, case.project).phase == ProjectPhase.FILING
            and session.get_one(Project, case.rival).evaluator_id is not None
            for case in cases
        )


def returned(database: Database, cases: list[Case]) -> None:
    """Back to a phase in which the provider does not count as builder yet."""
    with database.unit_of_work() as session:
        for case in cases:
            project = session.get_one(Project, case.project)
            project.state = project.phase = ProjectPhase.RETURNED.value


def submit(database: Database, case: Case, provider: Actor) -> str:
    def work(session) -> None:
        project = projects.get(session, provider, case.project)
        factories.make_milestone(session, project)
        scan(session, provider, project)
        projects.act(session, provider, project, project, "submit")

    database.run(work)
    return "submitted"


def scan(session, actor: Actor, project: Project) -> None:
    from tests.integration.projects.conftest import put_file

    put_file(session, actor, project, filings.SCAN)


@pytest.mark.timeout(300)
def test_nobody_becomes_builder_and_evaluator_at_once(database: Database) -> None:
    cases = prepare(database, ROUNDS)
    returned(database, cases)
    answers: Counter[tuple[str, ...]] = Counter()
    for case in cases:
        with database.reading() as session:
            project = session.get_one(Project, case.project)
            owner = session.scalars(
                select(Organisation.id).where(Organisation.uscc == case.provider_uscc)
            ).one()
            assert project.phase == ProjectPhase.RETURNED
        with database.unit_of_work() as session:
            user = factories.make_user(session).id
        provider = Actor(role=Role.PROVIDER_OWNER, user_id=user, organisation_id=owner)
        answers[
            together(
                lambda c=case, p=provider: submit(database, c, p),
                lambda c=case: name_evaluator(database, c),
            )
        ] += 1
    assert sum(answers.values()) == ROUNDS
    assert set(answers) <= {("submitted", "roles_separate"), ("guard_refused", "named")}, answers


@pytest.mark.timeout(300)
def test_a_page_that_asks_first_lets_both_roles_through(database: Database) -> None:
    cases = prepare(database, 4)
    for case in cases:
        name_as_a_page_would(database, case, partial(confirm_as_a_page_would, database, case))
    assert both_roles(database, cases) == len(cases)
