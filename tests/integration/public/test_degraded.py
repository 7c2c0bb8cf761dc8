"""The search engine is gone: lists and pages still answer, and say so (E20, embedded engine)."""

import shutil
from pathlib import Path

import pytest

from marketplace import clock
from marketplace.indexing.upkeep import rebuild_index
from search import Document, tie_value
from tests.support.market import open_market
from tests.support.pages import Page, find, text

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUERIES = (
    "", "segment=home_appliance", "type=product", "district=370202", "district=outside",
    "segment=home_appliance&type=integrator",
    "segment=home_appliance&segment=auto_parts&type=product",
    "segment=rail_equipment&district=370202&district=370212", "size=micro", "size=small%25",
    "size=micro&size=medium&segment=home_appliance",
)  # fmt: skip
NOTICE = "搜索暂时不可用"


def lists(client) -> dict[str, tuple[int, list[str]]]:
    """Total and cards of each list under each condition."""
    found = {}
    for path in ("/providers", "/products", "/cases"):
        for query in QUERIES:
            page = Page(client.get(f"{path}?{query}"))
            assert page.status == 200
            found[f"{path}?{query}"] = (
                page.total,
                [text(card) for card in page.all("article", "card-result")],
            )
    return found


def remove_index(app) -> None:
    app.extensions["search"].close()
    shutil.rmtree(Path(app.extensions["settings"].search_url.removeprefix("tantivy://")))


def test_lists_show_the_same_things_in_the_same_order(app, client):
    open_market(app, 30)
    before = lists(client)
    micro, everything = (before[f"/products?{query}"][0] for query in ("size=micro", ""))
    assert 0 < micro < everything
    assert before["/products?size=small%25"][0] == 0
    remove_index(app)
    assert lists(client) == before


def test_the_page_says_so_and_offers_what_still_works(app, client):
    open_market(app, 12)
    remove_index(app)
    page = Page(client.get("/providers?q=排产&segment=home_appliance&scene=planning"))
    assert NOTICE in page.main
    assert text(page.one("p", id="result-sentence")).endswith("家：家用电器")
    boxes = find(page.one("form", id="filters"), "input", type="checkbox")
    names = {box.get("name") for box in boxes}
    assert names == {"segment", "type", "district"}
    types = {box.get("value") for box in boxes if box.get("name") == "type"}
    assert types == {"integrator", "product", "chain_leader"}  # the vocabulary has more
    assert page.all("span", "facet-count") == []
    assert page.all("div", "sort") == []
    boxes = find(
        Page(client.get("/products?size=micro")).one("form", id="filters"), "input", name="size"
    )
    assert [(box.get("value"), box.get("checked") is not None) for box in boxes] == [
        ("micro", True), ("small", False), ("medium", False), ("large", False),
    ]  # fmt: skip
    assert [text(pill) for pill in page.all("a", "pill")] == [
        "关键词“排产”", "细分行业家用电器", "业务场景计划排程",
    ]  # fmt: skip


def test_paging_goes_on_in_the_neutral_order(app, client):
    open_market(app, 30)
    remove_index(app)
    seen = []
    for number in (1, 2):
        page = Page(client.get(f"/providers?page={number}"))
        for head in page.all("h2", "card-name"):
            seen += [link.get("href", "").rpartition("/")[2] for link in find(head, "a")]
    day = clock.today()
    assert len(seen) == len(set(seen)) == 33
    assert seen == sorted(seen, key=lambda number: tie_value(f"provider:{number}", day))


def test_all_other_pages_stay(app, client):
    market = open_market(app, 12)
    remove_index(app)
    paths = ["/", "/pool", "/providers/1", "/products/1", "/cases/1", "/compare?id=1&id=2",
             f"/providers/{market.ids['exited']}", "/sitemap.xml"]  # fmt: skip
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    home = Page(client.get("/"))
    assert home.all("ul", "stats") == []
    assert len(home.all("table", "mini-board")) == 1
    assert all(find(door, "span", "door-title") for door in home.all("a", "door"))
    assert [door for door in home.all("a", "door") if find(door, "span", "door-count")] == []


def test_it_comes_back_by_itself(app, client, database):
    open_market(app, 6)
    remove_index(app)
    assert NOTICE in client.get("/providers").text
    rebuild_index(app.extensions["search"], database)
    page = Page(client.get("/providers?q=排产"))
    assert NOTICE not in page.main
    assert page.all("span", "facet-count")


@pytest.mark.parametrize("damage", ["CURRENT", "meta.json"])
def test_a_damaged_index_is_no_error_either(app, client, damage):
    open_market(app, 4)
    folder = Path(app.extensions["settings"].search_url.removeprefix("tantivy://"))
    app.extensions["search"].close()
    broken = list(folder.rglob(damage))
    assert broken
    for path in broken:
        path.write_bytes(b"\x00 not what it was")
    page = Page(client.get("/providers"))
    assert (page.status, NOTICE in page.main) == (200, True)


def test_cards_of_another_release_are_no_error_either(app, client, database):
    open_market(app, 2)
    old = Document("provider:1", 10**9, "旧卡片", card={"name": "旧卡片"})
    app.extensions["search"].engine.apply([old])
    page = Page(client.get("/providers"))
    assert (page.status, NOTICE in page.main) == (200, True)
    assert client.get("/").status_code == 200
    rebuild_index(app.extensions["search"], database)
    assert NOTICE not in client.get("/providers").text
