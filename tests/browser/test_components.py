"""The components in Chromium: readable by everyone, usable with keys, with and without scripts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import listen, problems, sideways
from tests.browser.sample import Sample, serve

pytestmark = pytest.mark.browser

WIDTHS = (1280, 375)
NARROWEST = 320
PAGES = ("/components", "/browse", "/browse?district=莱西市", "/form", "/errors/404", "/errors/503")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sample, str]]:
    with serve(tmp_path_factory.mktemp("sample")) as sample:
        yield sample


@pytest.fixture
def page(browser: Browser, site: tuple[Sample, str]) -> Iterator[Page]:
    with browser.new_context(base_url=site[1], locale="zh-CN") as context:
        yield context.new_page()


@pytest.fixture
def plain(browser: Browser, site: tuple[Sample, str]) -> Iterator[Page]:
    """A browser without scripts."""
    with browser.new_context(base_url=site[1], java_script_enabled=False) as context:
        yield context.new_page()


@pytest.mark.parametrize("care", ["0", "1"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_are_accessible_at_every_width(page: Page, path: str, care: str):
    messages = listen(page)
    page.context.add_cookies([{"name": "care", "value": care, "url": "http://127.0.0.1"}])
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path)
        found[width] = problems(page)
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    assert (found, sideways(page), messages) == ({width: [] for width in WIDTHS}, [], [])
    expect(page.locator("html")).to_have_attribute("data-care", care)


def test_a_refused_form_is_accessible_and_read_first(page: Page):
    page.goto("/form")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.get_by_role("link", name="营业收入：请填写金额").click()
    expect(page.locator("#f-revenue")).to_be_focused()
    assert problems(page) == []


def tick(page: Page, number: int) -> None:
    page.locator(f"[data-compare][value='{number}']").click()


def ticked(page: Page) -> list[str]:
    return page.locator("[data-compare]:checked").evaluate_all("all => all.map((e) => e.value)")


def test_comparing_stops_at_four_of_one_type_and_outlives_the_page(page: Page):
    page.goto("/browse")
    bar = page.locator("[data-compare-bar]")
    expect(bar).to_be_hidden()
    for number in (1, 2, 3, 4):
        tick(page, number)
    tick(page, 5)
    expect(bar.get_by_role("status")).to_have_text("最多对比4家")
    assert ticked(page) == ["1", "2", "3", "4"]
    page.goto("/browse?page=2")
    assert ticked(page) == ["1", "2", "3", "4"]
    bar.get_by_role("button", name="移出对比：青岛示例2号信息科技有限公司").click()
    tick(page, 7)
    expect(bar.get_by_role("status")).to_have_text("只能对比同一类型，请先移出其他类型")
    assert ticked(page) == ["1", "3", "4"]
    bar.get_by_role("button", name="去对比").click()
    page.wait_for_url("**/compare?id=1&id=3&id=4")


def test_comparing_one_is_refused(page: Page):
    page.goto("/browse")
    tick(page, 1)
    page.get_by_role("button", name="去对比").click()
    expect(page.get_by_role("status")).to_have_text("至少选 2 家才能对比")


def test_comparing_works_without_scripts(plain: Page):
    plain.goto("/browse")
    tick(plain, 1)
    tick(plain, 3)
    plain.get_by_role("button", name="去对比").click()
    assert plain.url.endswith("/compare?id=1&id=3")


def test_a_facet_filters_in_place_and_back_undoes_it(page: Page):
    messages = listen(page)
    page.goto("/browse")
    page.evaluate("window.same = true")
    page.locator("#facet-year > summary").click()
    box = page.get_by_role("checkbox", name="市北区 4 条")
    box.check()
    expect(page.locator("#result-sentence")).to_have_text("找到 4 家：市北区")
    assert page.url.endswith("/browse?q=%E6%B3%A8%E5%A1%91&district=%E5%B8%82%E5%8C%97%E5%8C%BA")
    expect(box).to_be_focused()
    expect(box).to_be_checked()
    expect(page.locator("#facet-year")).to_have_attribute("open", "")
    assert page.evaluate("window.same")
    page.get_by_role("checkbox", name="市南区 4 条").check()
    expect(page.locator("#result-sentence")).to_have_text("找到 8 家：市南区 · 市北区")
    box.uncheck()
    expect(page.locator("#result-sentence")).to_have_text("找到 4 家：市南区")
    tick(page, 2)
    expect(page.locator("[data-compare-bar]")).to_be_visible()
    for before in ("市南区 · 市北区", "市北区"):
        page.go_back()
        expect(page.locator("#result-sentence")).to_contain_text(f"家：{before}")
    page.go_back()
    expect(page.locator("#result-sentence")).to_have_text("找到 8 家")
    expect(page.locator("#facet-district input:checked")).to_have_count(0)
    assert (problems(page), messages) == ([], [])


def test_a_phone_goes_on_from_the_filters_to_the_list(page: Page):
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto("/browse")
    page.get_by_text("筛选", exact=True).click()
    page.get_by_role("checkbox", name="市北区 4 条").check()
    expect(page.locator("#result-sentence")).to_have_text("找到 4 家：市北区")
    page.get_by_role("button", name="应用筛选").click()
    expect(page.get_by_role("button", name="应用筛选")).to_be_hidden()
    expect(page.locator("#result-sentence")).to_be_in_viewport()


def test_a_facet_filters_without_scripts(plain: Page):
    plain.set_viewport_size({"width": 375, "height": 800})
    plain.goto("/browse")
    plain.get_by_text("筛选", exact=True).click()
    plain.get_by_role("checkbox", name="市北区 4 条").check()
    plain.get_by_role("button", name="应用筛选").click()
    expect(plain.locator("#result-sentence")).to_have_text("找到 4 家：市北区")


def test_filters_stay_open_beside_the_results_on_wide_screens(plain: Page):
    plain.set_viewport_size({"width": 1280, "height": 800})
    plain.goto("/browse")
    expect(plain.get_by_role("checkbox", name="市北区 4 条")).to_be_visible()
    plain.set_viewport_size({"width": 375, "height": 800})
    expect(plain.get_by_role("checkbox", name="市北区 4 条")).to_be_hidden()


def test_a_long_facet_can_be_searched(page: Page):
    page.goto("/browse")
    field = page.get_by_role("searchbox", name="在区市中查找")
    field.fill("崂山")
    options = page.locator("#facet-district .facet-options > li:visible")
    expect(options).to_have_text(["崂山区4 条"])
    field.press("Enter")
    field.blur()
    assert page.url.endswith("/browse")
    field.fill("")
    expect(options).to_have_count(12)


def test_care_and_font_change_without_reload_and_are_kept(page: Page):
    page.goto("/browse")
    page.evaluate("window.same = true")
    care = page.get_by_role("button", name="关怀版")
    care.click()
    expect(page.locator("html")).to_have_attribute("data-care", "1")
    expect(care).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="字号").click()
    expect(page.locator("html")).to_have_attribute("data-font", "1")
    assert page.evaluate("window.same")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-care", "1")
    expect(page.get_by_role("button", name="字号")).to_have_text("字号较大")
    care.click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-care", "0")


TARGETS = (
    "main :is(a, button, select, summary, .facet-option, .compare-tick), header :is(a, button)"
)


def test_care_has_large_text_and_targets(plain: Page):
    plain.goto("/browse?page=3")
    plain.get_by_role("button", name="关怀版").click()
    expect(plain.locator("html")).to_have_attribute("data-care", "1")
    assert plain.url.endswith("/browse?page=3")
    small = plain.locator("main *, header *, footer *").evaluate_all(
        """all => all.filter((e) => e.checkVisibility() && !e.closest(".visually-hidden, svg")
             && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
           .map((e) => [e.className, parseFloat(getComputedStyle(e).fontSize)])
           .filter(([, size]) => size < 18)"""
    )
    assert small == []
    low = plain.locator(
        "main :is(a, button, select, summary, .facet-option, .compare-tick), header :is(a, button)"
    ).evaluate_all(
        """all => all.filter((e) => e.checkVisibility() && !e.closest("p, .crumbs"))
           .map((e) => [e.className || e.textContent.trim(), e.getBoundingClientRect().height])
           .filter(([, height]) => height > 0 && height < 44)"""
    )
    assert low == []


def test_a_dialog_asks_first_and_gives_the_focus_back(page: Page):
    page.goto("/form")
    opener = page.get_by_role("link", name="移出")
    opener.click()
    dialog = page.get_by_role("dialog", name="移出资源池")
    expect(dialog).to_be_visible()
    assert problems(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    dialog.get_by_role("button", name="关闭").click()
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/form")


def test_a_dialog_is_a_page_without_scripts(plain: Page):
    plain.goto("/form")
    plain.get_by_role("link", name="移出").click()
    assert plain.url.endswith("/form?confirm=1")


def test_a_form_is_sent_once(page: Page, site: tuple[Sample, str]):
    page.goto("/form")
    page.locator("#f-name").fill("只发一次")
    before = len(site[0].posts)
    page.locator("form.form-box").evaluate(
        "form => { form.requestSubmit(); form.requestSubmit(); form.requestSubmit(); }"
    )
    expect(page.locator("[data-error-summary]")).to_be_visible()
    assert [post["name"] for post in site[0].posts[before:]] == [["只发一次"]]


def test_rows_are_chosen_together(page: Page, site: tuple[Sample, str]):
    page.goto("/form")
    count = page.locator("[data-bulk-count]")
    page.get_by_role("button", name="处理").click()
    expect(count).to_have_text("请先勾选要处理的行")
    every = page.get_by_role("checkbox", name="全选本页")
    every.check()
    expect(count).to_have_text("已选 3 项")
    page.get_by_role("checkbox", name="选择 示例2号").uncheck()
    expect(count).to_have_text("已选 2 项")
    expect(every).to_be_checked(indeterminate=True)
    before = len(site[0].posts)
    page.get_by_role("button", name="处理").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    assert [post["ids"] for post in site[0].posts[before:]] == [["1", "3"]]


FOCUS = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const seen = top && (e.contains(top) || top.contains(e) || top.closest("label")?.contains(e));
  const ring = getComputedStyle(e).outlineStyle !== "none";
  return [e.tagName, e.className, e.textContent.trim().slice(0, 20), Boolean(seen), ring];
}"""


@pytest.mark.parametrize("width", [1280, 375])
def test_the_focus_is_always_seen(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 640})
    page.goto("/browse")
    tick(page, 1)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    stops = []
    for _ in range(120):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop[0] == "BODY":
            break
        stops.append(stop)
    assert len(stops) > 20
    assert [stop for stop in stops if not (stop[3] and stop[4])] == []


SHEET = re.compile(rb"/Type /Page\b.*?/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", re.DOTALL)


def sheets(page: Page) -> list[tuple[int, int]]:
    """Width and height in points of each sheet that the page prints on."""
    pdf = page.pdf(prefer_css_page_size=True)
    return [(round(float(width)), round(float(height))) for width, height in SHEET.findall(pdf)]


def test_a_comparison_prints_on_one_sheet_across(page: Page):
    page.goto("/compare?id=1&id=2&id=3&id=4")
    assert sheets(page) == [(842, 595)]


def test_results_print_upright_without_controls(page: Page):
    page.goto("/browse")
    assert sheets(page) == [(595, 842)] * 2
    page.emulate_media(media="print")
    for name in ("筛选", "加入对比", "登录", "关怀版"):
        expect(page.get_by_text(name).first).to_be_hidden()
