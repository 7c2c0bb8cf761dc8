"""Lists and threads ask the database as often for 40 rows as for 4."""

from datetime import timedelta

import pytest

from marketplace import clock
from marketplace.models import Demand, DemandAnswer, Inquiry, InquiryMessage, InquiryParty
from marketplace.phases import Role
from tests import factories
from tests.support.statements import asked

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LIST, DETAIL = 6, 10


def rows(session, firm, user, providers, first, last):
    """Enquiries with long threads, demands with many answers."""
    now = clock.now()
    for number in range(first, last):
        inquiry = Inquiry(organisation_id=firm, title=f"问{number}", text="问", created_by=user)
        demand = Demand(
            organisation_id=firm, title=f"求{number}", text="求", segment="home_appliance",
            process_links=[], until=clock.today() + timedelta(days=9),
            closes_at=now + timedelta(days=9), state="published", phase="published",
            state_since=now, published_at=now, created_by=user,
        )  # fmt: skip
        session.add_all([inquiry, demand])
        session.flush()
        party = InquiryParty(
            inquiry_id=inquiry.id, provider_id=providers[0], state="overdue", phase="overdue",
            state_since=now, sent_at=now - timedelta(days=9), last_at=now, reply_by=now,
        )  # fmt: skip
        answer = DemandAnswer(
            demand_id=1, provider_id=providers[number], text="答", state="sent", phase="sent",
            state_since=now, created_by=user,
        )  # fmt: skip
        session.add_all([party, answer])
        session.add(InquiryMessage(party_id=1, side="provider", author_id=user, text="答"))
        session.flush()


def test_as_many_queries_for_forty_rows_as_for_four(login_as, database):
    with database.unit_of_work() as session:
        firm = factories.make_organisation(session, kind="enterprise")
        providers = [factories.make_provider(session) for _ in range(40)]
        home, ids = providers[0].organisation, [item.id for item in providers]
        user = factories.make_user(session).id
    me = login_as(Role.ENTERPRISE, organisation=firm)
    one, staff = login_as(Role.PROVIDER_OWNER, organisation=home), login_as(Role.CITY_OFFICER)
    pages = {
        "/me/inquiries": (me, LIST), "/me/demands": (me, LIST), "/p/inquiries": (one, LIST + 1),
        "/p/demands": (one, LIST), "/p/demands?kind=own": (one, LIST), "/demands": (me, LIST),
        "/work/inquiries": (staff, LIST), "/work/demands": (staff, LIST),
        "/me/inquiries/1": (me, DETAIL), "/me/inquiries/threads/1": (me, DETAIL),
        "/p/inquiries/1": (one, DETAIL), "/p/demands/1": (one, DETAIL),
        "/me/demands/1": (me, DETAIL), "/demands/1": (me, DETAIL),
        "/work/inquiries/1": (staff, DETAIL), "/work/demands/1": (staff, DETAIL),
        "/me/inquiries/new?item=provider:1&item=provider:2": (me, DETAIL + 2),
    }  # fmt: skip
    results = []
    for first, last in ((0, 4), (4, 40)):
        with database.unit_of_work() as session:
            rows(session, firm.id, user, ids, first, last)
        results.append({path: asked(client, path) for path, (client, _) in pages.items()})
    assert results[0] == results[1]
    assert {path: results[0][path] for path in pages if results[0][path] > pages[path][1]} == {}
