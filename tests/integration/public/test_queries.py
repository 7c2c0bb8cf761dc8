"""B10: the number of queries of a page does not depend on how much it shows."""

import pytest

from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import Provider
from tests import factories
from tests.support.market import more, open_market
from tests.support.pages import Page
from tests.support.statements import asked

LIST, DETAIL = 6, 10


@pytest.fixture(autouse=True)
def words_stay(monkeypatch):
    """A page and its search read the words again at two moments: each may fall into one visit."""
    monkeypatch.setattr("marketplace.services.searching.vocabulary.HOLD_SECONDS", 3600.0)


LISTS = ("/", "/providers", "/products", "/cases", "/providers?q=排产&segment=auto_parts")
COMPARES = {5: "/compare?id=1&id=2", 50: "/compare?id=1&id=2&id=4&id=6"}


def test_lists_cost_the_same_for_five_and_fifty(app, client, database):
    open_market(app, 5)
    few = {path: asked(client, path) for path in LISTS}
    assert Page(client.get("/providers")).total < 10
    more(app, 5, 50)
    many = {path: asked(client, path) for path in LISTS}
    assert Page(client.get("/providers")).total > 50
    assert many == few
    assert {path: count for path, count in many.items() if count > LIST} == {}


def test_details_cost_the_same_for_five_and_fifty(app, client, database):
    market = open_market(app, 12)
    number = market.providers[0]
    paths = (
        f"/providers/{number}",
        "/products/1",
        "/cases/1",
        f"/providers/{market.ids['exited']}",
    )
    few = {path: asked(client, path) for path in paths}
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, number)
        for _ in range(48):
            factories.make_product(session, provider, segments=["auto_parts"])
            factories.make_case(session, provider, segment="auto_parts")
            factories.make_person(session, provider)
    rebuild_index(app.extensions["search"], database)
    many = {path: asked(client, path) for path in paths}
    assert "案例 50" in Page(client.get(f"/providers/{number}")).main
    assert many == few
    assert {path: count for path, count in many.items() if count > DETAIL} == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_comparing_four_costs_what_comparing_two_costs(app, client):
    open_market(app, 8)
    costs = {asked(client, path) for path in COMPARES.values()}
    assert len(costs) == 1
    assert max(costs) <= DETAIL


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_search_reads_no_row(app, client):
    """Cards come from the index: a results page needs no query of its own."""
    open_market(app, 8)
    assert asked(client, "/products?q=排产") == 0
