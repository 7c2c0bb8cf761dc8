"""The public pages in Chromium: for everybody, at every width, with keys only, without scripts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.keys import compare_three, press_until, sentence
from tests.browser.looks import listen, problems, sideways
from tests.support.counts import count
from tests.support.market import Market, standing
from tests.support.threads import serving

pytestmark = pytest.mark.browser

WIDTHS = (1280, 375)
NARROWEST = 320
SHEET = re.compile(rb"/Type /Page\b.*?/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", re.DOTALL)


@pytest.fixture(scope="module")
def market(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    app, found = standing(tmp_path_factory.mktemp("market"), sqlite_template)
    with serving(app) as address:
        yield found, address


@pytest.fixture
def ids(market) -> Market:
    return market[0]


@pytest.fixture
def page(browser: Browser, market) -> Iterator[Page]:
    with browser.new_context(base_url=market[1], locale="zh-CN") as context:
        yield context.new_page()


@pytest.fixture
def plain(browser: Browser, market) -> Iterator[Page]:
    """A browser without scripts."""
    with browser.new_context(base_url=market[1], java_script_enabled=False) as context:
        yield context.new_page()


PAGES = {
    "home": "/",
    "results": "/providers?q=排产",
    "filtered": "/products?segment=auto_parts&price=10to20&sort=price",
    "cases": "/cases?year=2025",
    "empty": "/providers?q=焊接机器人&segment=rail_equipment",
    "beyond": "/providers?page=9",
    "provider": "/providers/1",
    "warned": "/providers/{rectifying}",
    "suspended": "/providers/{suspended}",
    "exited": "/providers/{exited}",
    "product": "/products/1",
    "case": "/cases/1",
    "anonymous": "/cases/{anonymous_case}",
    "compare": "/compare?id=1&id=2&id=4",
    "difference": "/compare?id=1&id=2&diff=1",
    "mixed": "/compare?id=1&id=3",
    "one": "/compare?id=1",
    "products": "/products/compare?id=1&id=13",
    "refused": "/providers?sort=x",
    "missing": "/providers/99999",
}


@pytest.mark.parametrize("care", ["0", "1"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_for_everybody(page: Page, ids: Market, name: str, care: str):
    messages = listen(page)
    page.context.add_cookies([{"name": "care", "value": care, "url": "http://127.0.0.1"}])
    path = PAGES[name].format(**ids.ids)
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path)
        # Contrast takes as long as all the rest: a short run measures each edition at one width.
        usual = (care == "0") == (width == WIDTHS[0])
        found[width] = problems(page, contrast=count(test=usual, soak=True))
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    said = [text for text in messages if "Failed to load resource" not in text]
    assert (found, sideways(page), said) == ({width: [] for width in WIDTHS}, [], [])


def test_j1_with_keys_only(page: Page):
    """Search, narrow down, tick three, compare, only differences: no mouse."""
    page.goto("/")
    press_until(page, "input[type=search]")
    page.keyboard.type("操作视频")
    page.keyboard.press("Enter")
    page.wait_for_url("**/providers?q=*")
    press_until(page, "input[name=segment][value=home_appliance]")
    page.keyboard.press("Space")
    expect(sentence(page)).to_contain_text("家用电器")
    press_until(page, "input[name=type][value=product]")
    page.keyboard.press("Space")
    expect(sentence(page)).to_contain_text("小快轻准")
    compare_three(page)
    assert problems(page) == []


def test_j1_without_scripts(plain: Page):
    plain.goto("/")
    plain.get_by_role("searchbox").fill("操作视频")
    plain.get_by_role("button", name="搜索").click()
    plain.locator("input[name=segment][value=home_appliance]").check()
    plain.locator("input[name=type][value=product]").check()
    plain.get_by_role("button", name="应用筛选").click()
    expect(sentence(plain)).to_contain_text("家用电器 · 小快轻准 · 含“操作视频”")
    assert "q=" in plain.url and "segment=home_appliance" in plain.url
    for box in plain.locator("[data-compare]").all()[:3]:
        box.check()
    plain.get_by_role("button", name="去对比").click()
    expect(plain.locator("thead th[scope=col]")).to_have_count(4)
    plain.get_by_role("link", name="只看差异").click()
    expect(plain.get_by_text("只列出不同的项目")).to_be_visible()
    plain.get_by_role("link", name=re.compile("^移出")).first.click()
    expect(plain.locator("thead th[scope=col]")).to_have_count(3)
    with plain.expect_download() as download:
        plain.get_by_role("link", name="导出 Excel").click()
    assert download.value.suggested_filename == "服务商对比.xlsx"


def test_facets_change_the_list_in_place_and_back_undoes_it(page: Page):
    messages = listen(page)
    page.goto("/providers?q=操作视频")
    before = sentence(page).inner_text()
    page.evaluate("window.same = true")
    box = page.locator("#filters input[name=segment][value=auto_parts]")
    number = int(
        box.locator("xpath=ancestor::label").locator(".facet-count").inner_text().split()[0]
    )
    box.check()
    expect(sentence(page)).to_have_text(f"找到 {number} 家：汽车零部件 · 含“操作视频”")
    expect(box).to_be_focused()
    assert "segment=auto_parts" in page.url
    assert page.evaluate("window.same")
    # The search box keeps what was chosen in between.
    hidden = page.locator(".search-box input[type=hidden]")
    assert hidden.evaluate_all("all => all.map((e) => [e.name, e.value])") == [
        ["segment", "auto_parts"]
    ]
    page.go_back()
    expect(sentence(page)).to_have_text(before)
    assert messages == []


def test_a_fifth_tick_is_refused_in_words(page: Page):
    page.goto("/providers?type=product")
    boxes = page.locator("[data-compare]")
    for number in range(5):
        boxes.nth(number).click()
    expect(page.get_by_role("status")).to_have_text("最多对比4家")
    expect(page.locator("[data-compare]:checked")).to_have_count(4)
    page.get_by_role("button", name="去对比").click()
    expect(page.locator("thead th[scope=col]")).to_have_count(5)


def test_a_firm_of_two_types_stands_beside_either(page: Page, ids: Market):
    page.goto("/providers?q=双栖智造")
    page.locator(f"[data-compare][value='{ids.ids['two']}']").click()
    for kind, other in (("product", True), ("integrator", True), ("chain_leader", False)):
        page.goto(f"/providers?type={kind}")
        box = page.locator(f"[data-compare]:not([value='{ids.ids['two']}'])").first
        box.click()
        assert box.is_checked() is other
        if other:
            box.click()
    expect(page.get_by_role("status")).to_have_text("只能对比同一类型，请先移出其他类型")


def test_a_provider_s_page_joins_the_comparison(page: Page):
    page.goto("/providers/1")
    page.get_by_role("checkbox", name="加入对比").check()
    page.goto("/providers/2")
    page.get_by_role("checkbox", name="加入对比").check()
    page.get_by_role("button", name="去对比").click()
    page.wait_for_url("**/compare?id=1&id=2")


@pytest.mark.parametrize("path", ["/compare?id=1&id=2&id=4&id=6", "/products/compare?id=1&id=13"])
def test_a_comparison_prints_on_one_sheet_across(page: Page, path: str):
    page.goto(path)
    pdf = page.pdf(prefer_css_page_size=True)
    sizes = [(round(float(width)), round(float(height))) for width, height in SHEET.findall(pdf)]
    assert sizes == [(842, 595)]


@pytest.mark.parametrize("path", ["/providers/1", "/cases/1", "/products/1"])
def test_details_print_upright(page: Page, path: str):
    page.goto(path)
    sizes = set(SHEET.findall(page.pdf(prefer_css_page_size=True)))
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {(595, 842)}
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="主导航")).to_be_hidden()
    expect(page.get_by_text("加入对比").first).to_be_hidden()


def test_pages_are_light(page: Page):
    """Cold, without pictures: at most 100 KB in at most 12 requests."""
    sizes: list[tuple[str, int]] = []
    page.on(
        "requestfinished",
        lambda request: sizes.append((request.url, request.sizes()["responseBodySize"])),
    )
    page.goto("/providers", wait_until="networkidle")
    assert len(sizes) <= 12
    assert sum(size for _, size in sizes) <= 100_000
    scripts = sum(size for url, size in sizes if "/js/" in url)
    assert scripts <= 15_000
