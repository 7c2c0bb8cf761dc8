"""J6: the board, the lists and the search count the same things."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.history import Why
from marketplace.models import Membership, Provider, Round
from marketplace.permissions import Actor
from marketplace.phases import PUBLIC_PHASES, Role
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.worker import Worker
from marketplace.worker_jobs import jobs
from marketplace.workflow import locked
from tests import factories
from tests.support.market import SEGMENTS, open_market
from tests.support.pages import Page, find, text

TYPES = ("integrator", "product", "chain_leader")
OFFICER = Actor(role=Role.CITY_OFFICER, user_id=1, name="测试经办")


def in_database(session) -> dict[tuple[str, str], int]:
    """Places of visible providers in public phases, by type and segment."""
    rows = session.execute(
        select(Membership.type, Membership.segment, func.count())
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Membership.phase.in_(PUBLIC_PHASES), Provider.hidden_at.is_(None))
        .group_by(Membership.type, Membership.segment)
    )
    counts = dict.fromkeys(((type_, segment) for type_ in TYPES for segment in SEGMENTS), 0)
    return counts | {(type_, segment): count for type_, segment, count in rows}


def in_lists(visitor) -> dict[tuple[str, str], int]:
    """What the results page counts for each cell."""
    return {
        (type_, segment): Page(visitor.get(f"/providers?type={type_}&segment={segment}")).total
        for type_ in TYPES
        for segment in SEGMENTS
    }


def linked(page: Page, table: str) -> dict[tuple[str, str], tuple[int, str]]:
    """Numbers on a board that link to a cell's list: (number, address) by type and segment."""
    found = {}
    for link in find(page.one("table", table), "a"):
        query = parse_qs(urlsplit(link.get("href", "")).query)
        if {"type", "segment"} <= query.keys():
            number = re.match(r"\d+", text(link))
            assert number is not None
            cell = query["type"][0], query["segment"][0]
            found[cell] = int(number.group()), link.get("href", "")
    return found


def test_the_boards_show_what_the_lists_count(site, visitor):
    with site.extensions["database"].reading() as session:
        expected = in_database(session)
    boards = {
        path: linked(Page(visitor.get(path)), table)
        for path, table in (("/", "mini-board"), ("/pool", "board"))
    }
    assert in_lists(visitor) == expected
    for path, cells in boards.items():
        assert {cell: number for cell, (number, _) in cells.items()} == expected, path
        behind = {cell: Page(visitor.get(url)).total for cell, (_, url) in cells.items()}
        assert behind == expected, path


def test_a_firm_in_two_cells_counts_in_these_only(site, visitor, market):
    two = str(market.ids["two"])
    there = {
        (type_, segment)
        for type_ in TYPES
        for segment in SEGMENTS
        for box in Page(visitor.get(f"/providers?type={type_}&segment={segment}")).all(
            "input", data_compare="provider"
        )
        if box.get("value") == two
    }
    assert there == {("integrator", "rail_equipment"), ("product", "home_appliance")}


def test_the_home_page_counts_firms_as_the_lists_do(visitor):
    home = Page(visitor.get("/"))
    for door in home.all("a", "door"):
        count = find(door, "span", "door-count")
        if count:
            number = int(text(count[0]).partition(" ")[0])
            assert Page(visitor.get(door.get("href", ""))).total == number
    links = [link for item in home.all("li", "stat") for link in find(item, "a")]
    totals = {text(link): link.get("href", "") for link in links}
    del totals[next(label for label, url in totals.items() if url == "/pool")]
    counted = {label: Page(visitor.get(url)).total for label, url in totals.items()}
    assert {label: int(label.split()[0]) for label in counted} == counted
    assert len(counted) == 3


@pytest.fixture
def worker(app, settings, database):
    return Worker(database, jobs(settings, database))


def states(client, provider_id: int) -> tuple[bool, int, int]:
    """Whether search finds the provider, its cell on the board, its cell's list."""
    name = Page(client.get(f"/providers/{provider_id}")).one("h1")
    word = text(name).partition("有限公司")[0]
    hits = Page(client.get("/providers", query_string={"q": word}))
    found = any(a.get("href") == f"/providers/{provider_id}" for a in hits.all("a"))
    board = linked(Page(client.get("/pool")), "board")["product", "home_appliance"][0]
    listed = Page(client.get("/providers?type=product&segment=home_appliance")).total
    return found, board, listed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_listing_suspending_and_restoring_move_all_of_them_together(app, database, client, worker):
    market = open_market(app, 6)
    provider_id = market.providers[2]
    place = "/providers?type=product&segment=home_appliance"
    before = Page(client.get(place)).total
    with database.unit_of_work() as session:
        round_ = session.get_one(Round, market.round_id)
        provider = session.get_one(Provider, provider_id)
        member = factories.make_membership(session, round_, provider)
    worker.drain()
    assert states(client, provider_id) == (True, before + 1, before + 1)
    for action, there in (("suspend", 0), ("restore", 1)):
        with database.unit_of_work() as session:
            subject = locked(session, Membership, member.id)
            why = Decision(why=Why(reason="季度检查"))
            memberships.act(session, OFFICER, subject, action, why)
        started = clock.now()
        worker.drain()
        number = before + there
        # Its other place keeps it in search.
        assert states(client, provider_id) == (True, number, number)
        assert clock.now() - started < timedelta(seconds=5)
