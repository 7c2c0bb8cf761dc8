"""J1, S1-S3: an SME searches, narrows down, compares and sees only the differences.

Everything here is links and forms: no scripts are needed, and all of the state is in the address.
"""

import io
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest
from python_calamine import CalamineWorkbook

from tests.support.pages import Page, find, text

QUERY = {"q": "操作视频", "segment": "home_appliance", "type": "product"}


@pytest.fixture
def results(visitor):
    return Page(visitor.get(f"/providers?{urlencode(QUERY)}"))


def cards(page: Page):
    return page.all("article", "card-result")


def ids(page: Page) -> list[str]:
    return [box.get("value", "") for box in page.all("input", data_compare="provider")]


def test_s1_the_search_is_in_the_address_and_answers_the_same_again(results, visitor):
    again = Page(visitor.get(f"/providers?{urlencode(QUERY)}"))
    assert results.total == again.total == len(cards(results)) > 2
    assert ids(results) == ids(again)
    form = results.one("form", id="filters")
    assert (form.get("method"), form.get("action")) == ("get", "/providers")
    chosen = {
        box.get("name"): box.get("value")
        for box in find(form, "input")
        if box.get("checked") is not None
    }
    hidden = {box.get("name"): box.get("value") for box in find(form, "input", type="hidden")}
    assert {**hidden, **chosen} == QUERY


def test_s1_the_count_is_announced_and_says_what_was_asked(results):
    sentence = results.one("p", id="result-sentence")
    assert sentence.get("aria-live") == "polite"
    total = results.total
    assert text(sentence) == f"找到 {total} 家：家用电器 · 小快轻准 · 含“操作视频”"


def test_s1_every_card_tells_type_standing_and_day(results):
    for card in cards(results):
        (standing,) = [tag for tag in find(card, "span", "tag") if find(tag, "svg")]
        assert text(standing) in ("在池", "在池（警告）", "在池（警告，限期整改）")
        assert [text(tag) for tag in find(card, "span", "tag-type")]
        assert "更新 20" in text(card)


def test_s1_who_is_out_of_the_pool_never_appears(visitor, market):
    numbers = [
        number
        for page in (1, 2)
        for number in ids(Page(visitor.get(f"/providers?segment=home_appliance&page={page}")))
    ]
    gone = {str(market.ids[name]) for name in ("suspended", "exited", "hidden")}
    there = {str(market.ids[name]) for name in ("warned", "rectifying", "two")}
    assert gone.isdisjoint(numbers)
    assert there <= set(numbers)


def test_s1_pills_take_conditions_away_one_by_one(results, visitor):
    pills = {text(pill): pill.get("href") for pill in results.all("a", "pill")}
    assert list(pills) == ["关键词“操作视频”", "细分行业家用电器", "服务商类型小快轻准"]
    without = Page(visitor.get(pills["细分行业家用电器"]))
    assert without.total > results.total
    assert parse_qs(urlsplit(pills["细分行业家用电器"]).query) == {
        "q": ["操作视频"], "type": ["product"],
    }  # fmt: skip
    (everything,) = results.all("a", "pill-clear")
    assert everything.get("href") == "/providers"


def test_a_provider_is_found_and_opened_in_three_clicks(visitor):
    home = Page(visitor.get("/"))
    door = next(a for a in home.all("a", "door") if "家用电器" in text(a))
    page = Page(visitor.get(door.get("href")))
    option = next(box for box in page.all("input", name="type") if box.get("value") == "integrator")
    page = Page(visitor.get(f"{door.get('href')}&type={option.get('value')}"))
    link = page.all("h2", "card-name")[0].find("a")
    name = text(link)
    assert text(Page(visitor.get(link.get("href"))).one("h1")).startswith(name)


@pytest.fixture
def chosen(results) -> str:
    """The compare bar's form with three boxes ticked, as a browser without scripts sends it."""
    bar = results.one("form", id="compare-provider")
    assert (bar.get("method"), bar.get("action")) == ("get", "/compare")
    boxes = results.all("input", form="compare-provider")[:3]
    return f"/compare?{urlencode([('id', box.get('value')) for box in boxes])}"


def table(page: Page) -> list[list[str]]:
    """Rows of the comparison as a reader has them: heading first."""
    rows = []
    for row in find(page.one("table", "compare-table"), "tr"):
        cells = [cell for cell in row if cell.tag in ("th", "td")]
        rows.append([text(cell) for cell in cells])
    return rows


def test_s2_three_stand_side_by_side_with_row_headings(visitor, chosen, results):
    page = Page(visitor.get(chosen))
    heads = page.one("table", "compare-table").find("thead")
    assert heads is not None
    names = [text(find(cell, "a")[0]) for cell in find(heads, "th")[1:]]
    assert names == [text(card.find(".//h2/a")) for card in cards(results)[:3]]
    body = page.all("th", scope="row")
    assert [text(cell) for cell in body[:3]] == ["服务商类型", "细分行业", "资源池状态"]
    assert all(len(row) == 4 for row in table(page)[1:] if len(row) > 1)


def test_s3_only_differences_hides_what_is_equal(visitor, chosen):
    page = Page(visitor.get(chosen))
    (link,) = [a for a in page.all("a", "btn") if text(a) == "只看差异"]
    different = Page(visitor.get(link.get("href")))
    rows = {row[0]: row[1:] for row in table(page)[1:] if len(row) > 1}
    left = {row[0]: row[1:] for row in table(different)[1:] if len(row) > 1}
    assert left == {name: values for name, values in rows.items() if len(set(values)) > 1}
    assert "入池日期" in rows
    assert "入池日期" not in left
    equal = len(rows) - len(left)
    assert f"另有 {equal} 项相同" in different.main
    (back,) = [a for a in different.all("a", "btn") if text(a) == "显示全部"]
    assert back.get("href") == chosen


@pytest.mark.parametrize("suffix", ["", "&diff=1"])
def test_the_workbook_has_the_cells_of_the_page(visitor, chosen, suffix):
    page = Page(visitor.get(chosen + suffix))
    (link,) = [a for a in page.all("a", "btn") if text(a) == "导出 Excel"]
    answer = visitor.get(link.get("href"))
    assert unquote(answer.headers["Content-Disposition"]) == (
        "attachment; filename=\"download.xlsx\"; filename*=UTF-8''服务商对比.xlsx"
    )
    assert answer.headers["Content-Disposition"].isascii()
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    (name,) = book.sheet_names
    sheet = [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
    heads = [
        find(cell, "a") for cell in find(page.one("table", "compare-table"), "th", scope="col")
    ]
    assert sheet[0] == ["项目", *(text(links[0]) for links in heads[1:])]
    shown = [row + [""] * (4 - len(row)) for row in table(page)[1:]]
    assert sheet[1:] == shown


def test_opening_and_comparing_takes_five_clicks(visitor):
    """Segment, three ticks, compare."""
    page = Page(visitor.get("/providers?segment=auto_parts"))
    boxes = [box for box in page.all("input", data_compare="provider")
             if "product" in box.get("data-compare-type", "")][:3]  # fmt: skip
    answer = visitor.get(f"/compare?{urlencode([('id', box.get('value')) for box in boxes])}")
    assert len(find(Page(answer).one("table", "compare-table"), "th", scope="col")) == 4
