"""导出: a results page as an Excel file, with what was asked and nothing but text and numbers."""

import io
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from python_calamine import CalamineWorkbook

from marketplace import clock
from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import Organisation, Provider
from search import tie_value
from tests import factories
from tests.integration.public.test_degraded import remove_index
from tests.support.market import SECRET, SEGMENTS, open_market
from tests.support.pages import Page, find

FILES = ("/providers.xlsx", "/products.xlsx", "/cases.xlsx")
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def book(answer) -> tuple[list[str], list[list[object]], dict[str, str]]:
    """Head, rows, and the facts of the second sheet."""
    assert answer.status_code == 200
    found = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    first, second = (found.get_sheet_by_name(name).to_python() for name in found.sheet_names)
    return first[0], first[1:], {str(row[0]): str(row[1]) for row in second[1:]}


def form(page: Page) -> str:
    """The address that the button 导出 Excel of a page sends."""
    (found,) = [form for form in page.all("form") if form.get("action", "").endswith(".xlsx")]
    assert found.get("method") == "get"
    pairs = [f"{box.get('name')}={box.get('value')}" for box in find(found, "input")]
    return f"{found.get('action')}?{'&'.join(pairs)}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/providers?q=排产&segment=auto_parts&segment=general_parts", "provider"),
        ("/products?q=看板&sort=price&price=10to20", "product"),
        ("/products?segment=auto_parts&page=1", "product"),
    ],
)
def test_the_file_has_the_hits_of_the_page_in_its_order(visitor, path, kind):
    page = Page(visitor.get(path))
    shown = [box.get("value") for box in page.all("input", data_compare=kind)]
    _, rows, facts = book(visitor.get(form(page)))
    assert 0 < page.total <= 20
    assert [str(row[-1]).rpartition("/")[2] for row in rows] == shown
    assert facts["结果"].split()[0] == str(page.total)
    assert facts["条件"] == "".join(page.one("p", id="result-sentence").itertext()).split("：")[1]
    again = urlsplit(facts["网址"])
    assert Page(visitor.get(f"{again.path}?{again.query}")).total == page.total


def test_the_file_says_what_it_is(visitor):
    with time_machine.travel("2026-11-23T02:03:00Z", tick=False):
        answer = visitor.get("/products.xlsx?sort=price&segment=auto_parts&page=7")
    assert (
        "filename*=UTF-8''%E4%BA%A7%E5%93%8120261123.xlsx" in answer.headers["Content-Disposition"]
    )
    head, rows, facts = book(answer)
    assert head[:4] == ["产品", "版本", "类别", "服务商"]
    prices = [row[6] for row in rows]
    assert prices == sorted(prices)
    assert facts == {
        "条件": "汽车零部件",
        "排序": "价格从低到高",
        "结果": f"{len(rows)} 个",
        "本表": f"{len(rows)} 行",
        "时间": "2026-11-23 10:03",
        "网址": "http://localhost/products?segment=auto_parts&sort=price",
    }


@pytest.mark.parametrize("path", FILES)
def test_s45_the_file_has_no_one_who_is_not_public(visitor, path):
    _, rows, _ = book(visitor.get(path))
    assert len(rows) > 30
    assert SECRET not in str(rows)


@pytest.mark.parametrize("path", FILES)
def test_an_empty_search_gives_an_empty_list(visitor, path):
    page = Page(visitor.get(f"{path.removesuffix('.xlsx')}?q=焊接机器人"))
    assert [form for form in page.all("form") if form.get("action") == path] == []
    _, rows, facts = book(visitor.get(f"{path}?q=焊接机器人"))
    assert (rows, facts["结果"].split()[0], facts["条件"]) == ([], "0", "含“焊接机器人”")


@pytest.mark.parametrize("path", FILES)
def test_s53_what_the_address_may_not_say_is_refused(visitor, path):
    assert visitor.get(f"{path}?sort=grade").status_code == 422


@on_sqlite
def test_s60_what_looks_like_a_formula_or_a_link_is_text(app, client, database):
    market = open_market(app, 2)
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, market.providers[0])
        firm = session.get_one(Organisation, provider.organisation_id)
        firm.name = '=HYPERLINK("http://x.example","a")'
        factories.make_product(
            session, provider, name="@SUM(A1)", release="+1", price_unit="-2",
            segments=list(SEGMENTS),
        )  # fmt: skip
    rebuild_index(app.extensions["search"], database)
    answer = client.get("/products.xlsx")
    _, rows, _ = book(answer)
    row = next(row for row in rows if row[0] == "@SUM(A1)")
    assert (row[1], row[3], row[8]) == ("+1", '=HYPERLINK("http://x.example","a")', "-2")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        sheets = [name for name in archive.namelist() if "worksheets" in name]
        assert [name for name in sheets if b"<f>" in archive.read(name)] == []
        assert [name for name in archive.namelist() if "hyperlink" in name.lower()] == []


@on_sqlite
def test_a_long_list_is_whole_over_all_pages(app, client, database):
    """In the order of the day, without gaps and without anything twice."""
    market = open_market(app, 1)
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, market.providers[0])
        for _ in range(230):
            factories.make_product(session, provider, segments=list(SEGMENTS))
    rebuild_index(app.extensions["search"], database)
    _, rows, facts = book(client.get("/products.xlsx"))
    ids = [str(row[-1]).rpartition("/")[2] for row in rows]
    assert ids == sorted(ids, key=lambda number: tie_value(f"product:{number}", clock.today()))
    assert 230 < len(set(ids)) == len(rows) == Page(client.get("/products")).total
    assert facts["本表"] == f"{len(rows)} 行"


def test_more_than_the_most_is_cut_and_told(visitor, monkeypatch):
    monkeypatch.setattr("marketplace.web.public.exports.MOST_ROWS", 20)
    _, rows, facts = book(visitor.get("/products.xlsx"))
    assert len(rows) == 20
    assert facts["本表"] == "20 行（最多 20 行）"
    assert int(facts["结果"].split()[0]) > 20


@on_sqlite
def test_without_the_engine_the_file_says_which_conditions_hold(app, client):
    open_market(app, 12)
    before = book(client.get("/providers.xlsx?segment=home_appliance"))
    remove_index(app)
    after = book(client.get("/providers.xlsx?segment=home_appliance&q=排产&scene=planning"))
    assert sorted(map(str, after[1])) == sorted(map(str, before[1]))
    assert after[2]["条件"] == "家用电器"
    assert after[2]["注意"].startswith("搜索暂时不可用")


@on_sqlite
def test_a_visitor_exports_thirty_times_in_ten_minutes(app, client):
    open_market(app, 1)
    codes = [client.get("/cases.xlsx").status_code for _ in range(31)]
    assert codes == [200] * 30 + [429]


def test_the_button_sends_what_the_page_shows(visitor):
    page = Page(visitor.get("/products?q=看板&literal=1&sort=price&segment=auto_parts&page=1"))
    assert parse_qs(urlsplit(form(page)).query) == {
        "q": ["看板"], "literal": ["1"], "segment": ["auto_parts"], "sort": ["price"],
    }  # fmt: skip
