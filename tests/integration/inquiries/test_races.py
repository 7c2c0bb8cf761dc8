"""An enquiry in the second of a suspension, the last free place of a user, one invitation: on both
engines, each with its control."""

from collections import Counter
from functools import partial

import pytest
from sqlalchemy import func, or_, select

from marketplace import clock
from marketplace.db import Database
from marketplace.history import record
from marketplace.models import Demand, Event, Inquiry, InquiryParty, Membership
from marketplace.permissions import SYSTEM
from marketplace.services.demands import demands_answers
from marketplace.services.inquiries import inquiries, inquiry_rules
from marketplace.services.inquiries.inquiries import Question
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from tests import factories
from tests.support import world_inquiries as world
from tests.support.counts import count
from tests.support.together import together

ROUNDS = count(test=2, soak=100)
AT_ONCE = 4


@pytest.fixture
def database(engine) -> Database:
    return Database(engine)


def prepare(database: Database):
    """Somebody who asks; for each round a provider, and its place in the pool."""
    with database.unit_of_work() as session:
        world.calendar(session)
        round_ = factories.make_round(session)
        firm = world.enterprise(session)
        cases = []
        for _ in range(ROUNDS):
            side = world.asked(session, round_)
            place = session.scalars(
                select(Membership.id).where(Membership.provider_id == side.provider.id)
            ).one()
            cases.append((side.provider.id, place))
    return firm, cases


def suspend(database: Database, place: int) -> str:
    def work(session) -> None:
        decision = Decision(why={"reason": "发现重大问题"})
        memberships.act(session, SYSTEM, session.get_one(Membership, place), "suspend", decision)

    database.run(work)
    return "suspended"


def send(database: Database, firm, provider: int) -> str:
    question = Question("询价", "请报价", [provider])
    database.run(lambda session: inquiries.send(session, firm.actor, question))
    return "sent"


def send_as_a_page_would(database: Database, firm, provider: int, meanwhile) -> str:
    """Asks first, writes later: what the service must not do."""
    with database.reading() as session:
        if inquiry_rules.refusals(session, [provider])[provider]:
            return "not_taking"
    meanwhile()  # the form is on the screen

    def work(session) -> None:
        now = clock.now()
        inquiry = Inquiry(
            organisation_id=firm.organisation.id, title="询价", text="请报价",
            created_by=firm.actor.user_id,
        )  # fmt: skip
        session.add(inquiry)
        session.flush()
        row = InquiryParty(
            inquiry_id=inquiry.id, provider_id=provider, state="waiting", phase="waiting",
            state_since=now, sent_at=now, last_at=now, reply_by=clock.end_of_day(clock.today()),
        )  # fmt: skip
        session.add(row)
        session.flush()
        record(session, firm.actor, "inquiry_send", row)

    database.run(work)
    return "sent"


def late(database: Database, cases) -> int:
    """Enquiries that were sent after the suspension of who was asked."""
    found = 0
    with database.reading() as session:
        for provider, place in cases:
            rows = select(InquiryParty.id).where(InquiryParty.provider_id == provider)
            asked = (Event.subject_type == "inquiry_parties") & Event.subject_id.in_(rows)
            stood = (Event.subject_type == "memberships") & (Event.subject_id == place)
            events = session.execute(select(Event.action, Event.id).where(or_(asked, stood)))
            when = dict(events.all())
            found += when.get("inquiry_send", 0) > when["suspend"]
    return found


@pytest.mark.timeout(300)
def test_nobody_is_asked_after_the_suspension(database: Database) -> None:
    firm, cases = prepare(database)
    answers = Counter(
        together(lambda c=c: suspend(database, c[1]), lambda c=c: send(database, firm, c[0]))
        for c in cases
    )
    assert late(database, cases) == 0
    assert set(answers) <= {("suspended", "sent"), ("suspended", "not_taking")}


@pytest.mark.timeout(300)
def test_a_page_that_asks_first_lets_enquiries_through(database: Database) -> None:
    firm, cases = prepare(database)
    for provider, place in cases:
        send_as_a_page_would(database, firm, provider, partial(suspend, database, place))
    assert late(database, cases) == len(cases)


@pytest.mark.timeout(300)
def test_the_last_free_place_is_taken_once(database: Database, monkeypatch) -> None:
    firm, cases = prepare(database)
    provider = cases[0][0]
    one_left = inquiry_rules.rules().__class__(**{**inquiry_rules.rules().__dict__, "most_open": 1})
    monkeypatch.setattr(inquiries, "rules", lambda: one_left)
    found = together(*[lambda: send(database, firm, provider)] * AT_ONCE)
    assert Counter(found) == {"sent": 1, "too_many": AT_ONCE - 1}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Inquiry)) == 1


@pytest.mark.timeout(300)
def test_a_provider_is_invited_once(database: Database) -> None:
    firm, cases = prepare(database)
    provider = cases[0][0]
    with database.unit_of_work() as session:
        number = world.demand(session, firm).id

    def invite() -> str:
        def work(session) -> None:
            row = session.get_one(Demand, number)
            demands_answers.invite(session, firm.actor, row, provider)

        database.run(work)
        return "invited now"

    found = together(*[invite] * AT_ONCE)
    assert Counter(found) == {"invited now": 1, "invited": AT_ONCE - 1}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InquiryParty)) == 1
