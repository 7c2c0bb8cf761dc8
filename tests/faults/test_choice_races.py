"""A provider chosen in the second of its suspension, on both engines, with a control."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import or_, select

from marketplace import clock
from marketplace.db import Database
from marketplace.history import record
from marketplace.models import Event, Membership, Selection
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import ChoicePhase, OrganisationKind, Role
from marketplace.services.choosing import saved_searches, selection_rules, selections
from marketplace.services.choosing.saved_searches import Wanted
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from tests import factories
from tests.support.counts import count
from tests.support.together import together

ROUNDS = count(test=10, soak=400)


@dataclass(frozen=True)
class Case:
    """Ids of one race."""

    selection: int
    membership: int
    provider: int
    actor: Actor


def prepare(database: Database, number: int) -> list[Case]:
    cases = []
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        quota = factories.quota_of(session, round_, "product", "home_appliance")
        quota.cap = number + 20
        firm = factories.make_organisation(session, kind=OrganisationKind.ENTERPRISE.value)
        user = factories.make_user(session)
        session.flush()
        actor = Actor(role=Role.ENTERPRISE, user_id=user.id, organisation_id=firm.id)
        wanted = Wanted("provider", [], {"q": "", "literal": False, "filters": {}}, "全部")
        search = saved_searches.save(session, actor, wanted, {}, name="全部", alert=False)
        for _ in range(number):
            provider = factories.make_provider(session)
            place = factories.make_membership(session, round_, provider)
            session.flush()
            row = selections.start(session, actor, search, title="选型")
            selections.lock(session, actor, row, [provider.id])
            cases.append(Case(row.id, place.id, provider.id, actor))
    return cases


def suspend(database: Database, case: Case, hold: float = 0, begun=None) -> str:
    def work(session) -> None:
        membership = session.get_one(Membership, case.membership)
        decision = Decision(why={"reason": "发现重大问题"})
        memberships.act(session, SYSTEM, membership, "suspend", decision)
        if begun is not None:
            begun.set()
        time.sleep(hold)

    database.run(work)
    return "suspended"


def choose(database: Database, case: Case) -> str:
    def work(session) -> None:
        row = selections.get(session, case.actor, case.selection)
        selections.choose(session, case.actor, row, case.provider, reason="价格合适")

    database.run(work)
    return "chosen"


def choose_as_a_page_would(database: Database, case: Case, meanwhile: Callable[[], str]) -> str:
    with database.reading() as session:
        if selection_rules.why_not(session, case.provider):
            return "guard_refused"
    meanwhile()  # the form is on the screen

    def work(session) -> None:
        row = session.get_one(Selection, case.selection)
        row.state = row.phase = ChoicePhase.CHOSEN.value
        row.state_since, row.chosen_provider_id = clock.now(), case.provider
        session.flush()
        record(session, case.actor, "choose", row)

    database.run(work)
    return "chosen"


def late(database: Database, cases: list[Case]) -> int:
    """Choices made after the suspension of who was chosen."""
    found = 0
    with database.reading() as session:
        for case in cases:
            selection = (Event.subject_type == "selections") & (Event.subject_id == case.selection)
            place = (Event.subject_type == "memberships") & (Event.subject_id == case.membership)
            rows = session.execute(select(Event.action, Event.id).where(or_(selection, place)))
            when = dict(rows.all())
            found += when.get("choose", 0) > when["suspend"]
    return found


@pytest.mark.timeout(300)
def test_nobody_is_chosen_after_the_suspension(database: Database) -> None:
    cases = prepare(database, ROUNDS)
    answers = Counter(
        together(lambda c=case: suspend(database, c), lambda c=case: choose(database, c))
        for case in cases
    )
    assert late(database, cases) == 0
    assert set(answers) <= {("suspended", "chosen"), ("suspended", "guard_refused")}


@pytest.mark.timeout(300)
def test_a_page_that_asks_first_lets_choices_through(database: Database) -> None:
    cases = prepare(database, 4)
    for case in cases:
        choose_as_a_page_would(database, case, partial(suspend, database, case))
    assert late(database, cases) == len(cases)


def test_a_suspension_under_way_holds_the_choice_back(database: Database) -> None:
    (case,) = prepare(database, 1)
    begun = threading.Event()

    def meanwhile() -> str:
        assert begun.wait(5)
        return choose(database, case)

    found = together(lambda: suspend(database, case, 0.3, begun), meanwhile)
    assert found == ("suspended", "guard_refused")
