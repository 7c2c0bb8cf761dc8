"""RSS of lists and searches: valid, absolute, newest first, and only what is in the pool (F-V9)."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from sqlalchemy import update

from marketplace import clock
from marketplace.history import Why
from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import Membership, Product, Provider, Round
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.profiles import catalogue
from marketplace.worker import Worker
from marketplace.worker_jobs import jobs
from marketplace.workflow import locked
from tests import factories
from tests.integration.public.test_degraded import remove_index
from tests.support.market import SECRET, SEGMENTS, open_market
from tests.support.pages import Page

FEEDS = ("/providers.rss", "/products.rss", "/cases.rss")
BASE = "http://localhost"
SELF = "{http://www.w3.org/2005/Atom}link"
OFFICER = Actor(role=Role.CITY_OFFICER, user_id=1, name="测试经办")
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def channel(answer) -> ElementTree.Element:
    assert (answer.status_code, answer.mimetype) == (200, "application/rss+xml")
    root = ElementTree.fromstring(answer.data)  # noqa: S314  our own answer
    assert (root.tag, root.get("version"), [child.tag for child in root]) == (
        "rss", "2.0", ["channel"],
    )  # fmt: skip
    return root[0]


def items(answer) -> list[dict[str, str]]:
    found = channel(answer).findall("item")
    return [{child.tag: child.text or "" for child in item} for item in found]


def paths(answer) -> list[str]:
    return [item["link"].removeprefix(BASE) for item in items(answer)]


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_complete_and_its_addresses_are_absolute(visitor, path):
    answer = visitor.get(path)
    head = {child.tag: child.text for child in channel(answer) if child.tag != "item"}
    assert head.keys() == {
        "title", "link", "description", "language", "ttl", SELF, "lastBuildDate",
    }  # fmt: skip
    assert head["link"] == BASE + path.removesuffix(".rss")
    own = channel(answer).find(SELF)
    assert own is not None
    assert own.attrib == {"href": BASE + path, "rel": "self", "type": "application/rss+xml"}
    found = items(answer)
    assert len(found) > 30
    for item in found:
        assert item.keys() == {"title", "link", "guid", "pubDate", "description"}
        assert all(item.values())
        assert item["guid"] == item["link"]
        assert item["link"].startswith(BASE + path.removesuffix(".rss") + "/")
        assert visitor.get(item["link"].removeprefix(BASE)).status_code == 200
    dates = [parsedate_to_datetime(item["pubDate"]) for item in found]
    assert dates == sorted(dates, reverse=True)
    assert parsedate_to_datetime(head["lastBuildDate"]) == dates[0]


@pytest.mark.parametrize(
    "query", ["q=排产", "segment=auto_parts&type=product", "q=看板&price=10to20&price=under10"]
)
def test_a_feed_holds_what_its_page_shows(visitor, query):
    page = Page(visitor.get(f"/products?{query}"))
    pairs = {f"/products/{box.get('value')}" for box in page.all("input", data_compare="product")}
    feed = visitor.get(f"/products.rss?{query}&sort=price&page=7")
    assert 0 < page.total <= 20
    assert set(paths(feed)) == pairs
    link = urlsplit(channel(feed).findtext("link", ""))
    assert (link.path, parse_qs(link.query)) == ("/products", parse_qs(query))
    title = channel(feed).findtext("title", "")
    assert title.endswith(text_after_colon(page))


def text_after_colon(page: Page) -> str:
    sentence = "".join(page.one("p", id="result-sentence").itertext())
    return sentence.partition("：")[2].strip()


def test_pages_name_their_feed_for_readers_and_for_people(visitor):
    page = Page(visitor.get("/products?q=看板&sort=price&segment=auto_parts"))
    (link,) = page.all("link", rel="alternate", type="application/rss+xml")
    address = link.get("href", "")
    assert parse_qs(urlsplit(address).query) == {"q": ["看板"], "segment": ["auto_parts"]}
    assert urlsplit(address).path == "/products.rss"
    visible = [
        a.get("href") for a in page.all("a") if a.get("href", "").startswith("/products.rss")
    ]
    assert visible == [address]
    assert len(paths(visitor.get(address))) == page.total


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_kept_by_its_tag_and_not_by_a_date(visitor, path):
    """Leaving the pool makes nothing newer, so "not modified since" would keep it for ever."""
    answer = visitor.get(path)
    assert answer.headers["Cache-Control"].startswith("public, max-age=60")
    assert "Last-Modified" not in answer.headers
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    assert visitor.get(path, headers={"If-Modified-Since": later}).status_code == 200
    again = visitor.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    packed = visitor.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("query", ["sort=name", "page=0", f"segment={'a' * 201}"])
@pytest.mark.parametrize("path", FEEDS)
def test_s53_what_the_address_may_not_say_is_refused(visitor, path, query):
    assert visitor.get(f"{path}?{query}").status_code == 422


@pytest.mark.parametrize("path", FEEDS)
def test_s45_nothing_else_is_told(visitor, market, path):
    found = visitor.get(path).get_data(as_text=True) + visitor.get(f"{path}?q={SECRET}").text
    assert SECRET not in found.replace(f"含“{SECRET}”", "")
    gone = {f"/providers/{market.ids[name]}" for name in ("suspended", "exited", "hidden")}
    assert gone.isdisjoint(paths(visitor.get(path)))


@on_sqlite
def test_a_feed_has_the_latest_fifty(app, client):
    open_market(app, 30)
    assert len(paths(client.get("/products.rss"))) == 50
    assert Page(client.get("/products")).total > 50


@on_sqlite
def test_a_listing_comes_first_although_the_profile_is_old(app, client, database):
    market = open_market(app, 4)
    with database.unit_of_work() as session:
        old = clock.now() - timedelta(days=400)
        firm = factories.make_organisation(session, name="青岛久候科技有限公司")
        provider = factories.make_provider(session, firm)
        product = factories.make_product(
            session, provider, name="久候排产", segments=["auto_parts"]
        )
        case = factories.make_case(session, provider, title="久候案例")
        for row in (firm, provider, product, case):
            row.created_at = row.updated_at = old
        numbers = provider.id, product.id, case.id
        round_ = session.get_one(Round, market.round_id)
        place = factories.make_membership(session, round_, provider, segment="auto_parts")
        session.flush()
        place.created_at = listed = (clock.now() + timedelta(minutes=5)).replace(microsecond=0)
    rebuild_index(app.extensions["search"], database)
    for path, number in zip(FEEDS, numbers, strict=True):
        first = items(client.get(path))[0]
        assert first["link"] == f"{BASE}{path.removesuffix('.rss')}/{number}"
        assert parsedate_to_datetime(first["pubDate"]) == listed
    remove_index(app)
    for path, number in zip(FEEDS, numbers, strict=True):
        first = items(client.get(path))[0]
        assert first["link"] == f"{BASE}{path.removesuffix('.rss')}/{number}"
        assert parsedate_to_datetime(first["pubDate"]) == listed


@on_sqlite
def test_who_leaves_the_pool_leaves_the_feeds_within_seconds(app, client, database, settings):
    market = open_market(app, 4)
    leaving = market.ids["warned"]
    worker = Worker(database, jobs(settings, database))
    with database.reading() as session:
        (provider,) = catalogue.load(session, [leaving])
        place = provider.memberships[0].id
        numbers = {
            "/providers.rss": [leaving],
            "/products.rss": [item.id for item in provider.products],
            "/cases.rss": [item.id for item in provider.cases],
        }
    there = {
        path: {f"{path.removesuffix('.rss')}/{number}" for number in found}
        for path, found in numbers.items()
    }
    tags = {path: client.get(path).headers["ETag"] for path in FEEDS}
    assert {path: there[path] <= set(paths(client.get(path))) for path in FEEDS} == dict.fromkeys(
        FEEDS, True
    )
    started = clock.now()
    with database.unit_of_work() as session:
        subject = locked(session, Membership, place)
        memberships.act(
            session, OFFICER, subject, "suspend", Decision(why=Why(reason="整改逾期未完成"))
        )
    worker.drain()
    for path in FEEDS:
        answer = client.get(path, headers={"If-None-Match": tags[path]})
        assert there[path].isdisjoint(paths(answer)), path
    assert clock.now() - started < timedelta(seconds=5)


@on_sqlite
def test_what_xml_cannot_hold_is_left_out_and_the_rest_escaped(app, client, database):
    market = open_market(app, 2)
    name = "<b>&\"'排产\x0b\x1f\ufffe]]>😀"
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, market.providers[0])
        product = factories.make_product(session, provider, name=name, segments=list(SEGMENTS))
        session.execute(update(Product).where(Product.id == product.id).values(summary=name))
    rebuild_index(app.extensions["search"], database)
    titles = [item["title"] for item in items(client.get("/products.rss"))]
    assert any(title.startswith("<b>&\"'排产]]>😀") for title in titles)


@on_sqlite
def test_without_the_engine_the_database_gives_what_it_can(app, client):
    """E22: a search it cannot answer gives no item, says why, and is kept by nobody."""
    open_market(app, 12)
    queries = ("", "?segment=home_appliance&type=product", "?district=370202")
    before = {
        f"{path}{query}": sorted(paths(client.get(f"{path}{query}")))
        for path in FEEDS
        for query in queries
    }
    assert all(before.values())
    remove_index(app)
    after = {address: sorted(paths(client.get(address))) for address in before}
    assert after == before
    for query in ("?q=排产", "?scene=planning"):
        answer = client.get(f"/providers.rss{query}")
        assert items(answer) == []
        assert channel(answer).findtext("description", "").startswith("搜索暂时不可用")
        assert answer.headers["Cache-Control"] == "no-store"
