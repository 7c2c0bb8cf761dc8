"""Results pages: counts that hold after the click, ways out of empty pages, order, refusals."""

from datetime import date, timedelta
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import time_machine

from search import tie_value
from tests.support.pages import Page, find, text

LISTS = ("/providers", "/products", "/cases")
STARTS = (
    "/providers",
    "/providers?segment=home_appliance",
    "/providers?segment=home_appliance&type=product&type=integrator",
    "/providers?q=排产&type=product",
    "/products",
    "/products?q=看板&segment=auto_parts&price=10to20",
    "/cases",
    "/cases?year=2025&q=换型",
)


def with_only(address: str, name: str, value: str) -> str:
    """The address with ``value`` as the one choice of facet ``name``."""
    parts = urlsplit(address)
    rest = [(key, each) for key, each in parse_qsl(parts.query) if key != name]
    return f"{parts.path}?{urlencode([*rest, (name, value)])}"


def options(page: Page) -> list[tuple[str, str, int]]:
    """(facet, value, count) of every option shown."""
    found = []
    for label in page.all("label", "facet-option"):
        (box,) = find(label, "input")
        (count,) = find(label, "span", "facet-count")
        found.append((box.get("name", ""), box.get("value", ""), int(text(count).split()[0])))
    return found


@pytest.mark.parametrize("start", STARTS)
def test_every_count_is_what_the_click_gives(visitor, start):
    page = Page(visitor.get(start))
    offered = options(page)
    assert len(offered) > 10
    given = {
        (name, value): Page(visitor.get(with_only(start, name, value))).total
        for name, value, _ in offered
    }
    assert given == {(name, value): count for name, value, count in offered}


def test_choices_of_one_facet_add_up_and_facets_narrow(visitor):
    def total(query: str) -> int:
        return Page(visitor.get(f"/providers?{query}")).total

    one, other = total("district=370202"), total("district=370203")
    assert total("district=370202&district=370203") == one + other > max(one, other)
    assert total("district=370202&segment=rail_equipment") < one


def drops(page: Page) -> dict[str, tuple[int, str]]:
    """What the help for an empty page offers: (hits promised, address) by text."""
    found = {}
    for link in find(page.one("div", "zero-help"), "a"):
        label, _, count = text(link).rpartition("得 ")
        found[label.strip()] = int(count.split()[0]), link.get("href", "")
    return found


def test_an_empty_page_names_the_condition_to_drop_and_what_that_gives(visitor):
    page = Page(visitor.get("/providers?segment=rail_equipment&type=chain_leader&district=370202"))
    assert page.total == 0
    offers = drops(page)
    assert list(offers) == ["去掉“区市：市南区”", "去掉“服务商类型：链主型”"]
    for promised, url in offers.values():
        assert Page(visitor.get(url)).total == promised > 0


def test_an_empty_page_offers_to_drop_the_words(visitor):
    page = Page(visitor.get("/providers?q=焊接机器人&segment=rail_equipment"))
    ((label, (promised, url)),) = drops(page).items()
    assert label == "去掉“关键词：焊接机器人”"
    assert url == "/providers?segment=rail_equipment"
    assert Page(visitor.get(url)).total == promised > 0


def test_an_empty_page_without_conditions_says_what_else_to_try(visitor):
    page = Page(visitor.get("/cases?q=焊接机器人"))
    assert page.total == 0
    assert page.all("div", "zero-help") == []
    assert "换一个更常用的说法，或者少用几个词。" in page.main


def test_an_empty_page_leads_to_the_other_kinds_that_have_the_words(visitor):
    page = Page(visitor.get("/providers?q=Modbus&segment=auto_parts"))
    assert page.total == 0
    offers = [a for a in find(page.one("div", "empty-actions"), "a") if "中有" in text(a)]
    assert [text(a).split("中有")[0] for a in offers] == ["产品"]
    count = int(text(offers[0]).split()[1])
    assert Page(visitor.get(offers[0].get("href", ""))).total == count > 0


def test_words_are_counted_among_all_kinds(visitor):
    page = Page(visitor.get("/providers?q=排产"))
    tabs = {text(a).split()[0]: a for a in find(page.one("nav", "tabs"), "a")}
    assert list(tabs) == ["服务商", "产品", "案例"]
    for name, tab in tabs.items():
        (count,) = find(tab, "span", "tab-count")
        assert Page(visitor.get(tab.get("href", ""))).total == int(text(count)), name
    assert tabs["服务商"].get("aria-current") == "page"


def ids(page: Page, kind: str) -> list[str]:
    links = [
        link.get("href", "") for head in page.all("h2", "card-name") for link in find(head, "a")
    ]
    return [link.split("/")[2] for link in links if link.startswith(f"/{kind}/")]


@pytest.mark.parametrize(("path", "kind"), [("/providers", "provider"), ("/products", "product")])
def test_without_words_the_order_is_the_published_one_and_changes_daily(visitor, path, kind):
    def order(day: date) -> list[str]:
        with time_machine.travel(f"{day}T04:00:00Z", tick=False):
            pages = Page(visitor.get(path))
            number, found = 1, []
            while found_here := ids(pages, path[1:]):
                found += found_here
                number += 1
                pages = Page(visitor.get(f"{path}?page={number}"))
            return found

    monday = date(2026, 11, 23)
    orders = {day: order(day) for day in (monday, monday + timedelta(1), monday + timedelta(7))}
    for day, found in orders.items():
        assert found == sorted(found, key=lambda number: tie_value(f"{kind}:{number}", day))
    first, second, week_later = orders.values()
    assert first == week_later
    assert first != second
    assert sorted(first) == sorted(second)


def test_paging_over_midnight_goes_on_with_the_order_it_began_with(visitor):
    with time_machine.travel("2026-11-23T15:59:50Z", tick=False):  # 23:59:50 in Beijing
        first = Page(visitor.get("/products"))
        (onwards,) = first.all("a", rel="next")
    with time_machine.travel("2026-11-23T16:00:10Z", tick=False):
        second = Page(visitor.get(onwards.get("href", "")))
        today = Page(visitor.get("/products?page=2"))
    seen = ids(first, "products") + ids(second, "products")
    assert len(seen) == len(set(seen)) == 40
    assert ids(today, "products") != ids(second, "products")


def test_the_day_of_an_old_link_is_not_taken(visitor):
    old = Page(visitor.get("/products?day=2020-01-01&page=1"))
    assert ids(old, "products") == ids(Page(visitor.get("/products")), "products")


def test_products_sort_by_price(visitor):
    page = Page(visitor.get("/products?sort=price"))
    prices = [
        float(text(price).split()[0])
        for price in page.all("strong")
        if text(price).endswith("万元")
    ]
    assert len(prices) == 20
    assert prices == sorted(prices)


def test_a_page_beyond_the_last_leads_back(visitor):
    page = Page(visitor.get("/providers?page=9&segment=auto_parts"))
    assert page.status == 200
    assert "没有第 9 页 一共 1 页。" in page.main
    links = [a for a in page.all("a", "btn") if text(a) == "回到第 1 页"]
    assert Page(visitor.get(links[0].get("href", ""))).total == page.total > 0


@pytest.mark.parametrize(
    "query",
    [
        "sort=name", "sort=grade", "page=0", "page=-1", "page=1.5", "page=9999999", "page=501",
        "page=１", "page=x", f"page={2**63}", f"segment={'a' * 201}",
        "&".join(f"segment={number}" for number in range(51)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", LISTS)
def test_s53_s62_what_the_address_may_not_say_is_refused(visitor, path, query):
    page = Page(visitor.get(f"{path}?{query}"))
    assert page.status == 422
    assert "网址中的查询条件有误" in page.main


@pytest.mark.parametrize("path", LISTS)
def test_s65_repeated_parameters_follow_one_rule(visitor, path):
    """Filters are alternatives; of any other parameter the first one counts."""
    page = Page(visitor.get(f"{path}?q=排产&q=xyz&page=1&page=x&sort=updated&sort=zzz"))
    assert page.status == 200
    assert page.one("input", type="search", name="q").get("value") == "排产"


@pytest.mark.parametrize(
    "words", ["%", "_", "%%%", "排产%", "_排_产_", "__", "\\", "'", '"', "*", "?"]
)
@pytest.mark.parametrize("path", LISTS)
def test_s50_signs_of_patterns_mean_nothing(visitor, path, words):
    plain = words.strip("%_\\'\"*?")
    expected = Page(visitor.get(path, query_string={"q": plain})).total if plain else 0
    assert Page(visitor.get(path, query_string={"q": words})).total == expected


HOSTILE = (
    "*:*", "_exists_:secret", "/(a+)+/", "a*b*c*", "((((", "a~9", "title:智造", "AND OR NOT",
    "\x00", "\ud800".encode("utf-8", "surrogatepass"), "智" * 3000, "智", "智造", "　",
    "\u202e智造", "1 OR 1=1", "'; DROP TABLE providers; --", "${7*7}", "{{7*7}}",
    "<script>alert(1)</script>",
)  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("path", LISTS)
def test_s52_s54_odd_words_are_just_words(visitor, path, words):
    page = Page(visitor.get(path, query_string={"q": words}))
    assert page.status == 200
    assert "49" not in page.one("p", id="result-sentence").itertext()
    assert page.all("script", src="") == []
    assert [s for s in page.all("script") if s.get("src") is None] == []


def test_an_unknown_value_finds_nothing_and_shows_as_it_stands(visitor):
    page = Page(visitor.get("/providers?segment=%3Cb%3Ex"))
    assert page.total == 0
    assert text(page.one("a", "pill")) == "细分行业<b>x"


def test_a_provider_s_own_products_and_cases(visitor, market):
    provider = market.providers[0]
    name = market.names[provider]
    for path in ("/products", "/cases"):
        page = Page(visitor.get(f"{path}?provider={provider}"))
        assert page.total == 2
        assert text(page.one("a", "pill")) == f"服务商{name}"
        assert all(name in text(card) for card in page.all("article", "card-result"))


def test_a_round_can_be_asked_for(visitor):
    page = Page(visitor.get("/providers?round=qd-first&segment=auto_parts"))
    assert page.total == Page(visitor.get("/providers?segment=auto_parts")).total
    assert "批次第一批" in [text(pill) for pill in page.all("a", "pill")]
    assert Page(visitor.get("/providers?round=qd-second")).total == 0


def test_hits_are_marked(visitor):
    page = Page(visitor.get("/providers?q=自动排产"))
    assert {text(mark) for mark in page.all("mark")} == {"自动排产"}
    for card in page.all("article", "card-result"):
        assert find(card, "mark"), text(card)


def test_links_keep_the_words_and_the_order_while_filtering(visitor):
    page = Page(visitor.get("/products?q=看板&sort=price&segment=auto_parts"))
    form = page.one("form", id="filters")
    hidden = [(box.get("name"), box.get("value")) for box in find(form, "input", type="hidden")]
    assert hidden == [("q", "看板"), ("sort", "price")]
    search = page.one("form", "search-box")
    kept = [(box.get("name"), box.get("value")) for box in find(search, "input", type="hidden")]
    assert kept == [("segment", "auto_parts"), ("sort", "price")]
    (neutral,) = [a for a in page.all("a") if text(a) == "相关度"]
    assert parse_qs(urlsplit(neutral.get("href", "")).query) == {
        "q": ["看板"], "segment": ["auto_parts"],
    }  # fmt: skip
