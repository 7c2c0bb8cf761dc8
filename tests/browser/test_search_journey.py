"""J1 S1–S3 as an SME does it: letters typed, a suggestion taken, three compared. With keys only,
and without scripts; on a desk and on a phone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.keys import compare_three, press_until, sentence
from tests.browser.looks import problems
from tests.support.market import standing
from tests.support.threads import serving

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 375, "height": 700}
TERM = "自动排产"


@pytest.fixture(scope="module")
def address(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app, _ = standing(tmp_path_factory.mktemp("market"), sqlite_template)
    with serving(app) as found:
        yield found


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_j1_from_letters_to_a_comparison_with_keys_only(browser: Browser, address: str, size):
    with browser.new_context(base_url=address, locale="zh-CN", viewport=size) as context:
        page = context.new_page()
        page.goto("/")
        press_until(page, "#search-q")
        page.keyboard.type("zidongpai")
        option = page.get_by_role("option", name=TERM).first
        expect(option).to_be_visible()
        assert problems(page) == []
        while option.get_attribute("aria-selected") != "true":
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/providers?q=*")
        before = total(page)
        if size is PHONE:
            press_until(page, ".filters-toggle")
            page.keyboard.press("Enter")
        press_until(page, "input[name=type][value=product]")
        page.keyboard.press("Space")
        expect(sentence(page)).to_contain_text(f"小快轻准 · 含“{TERM}”")
        assert 3 <= total(page) < before
        assert "q=" in page.url and "type=product" in page.url
        assert problems(page) == []
        compare_three(page)
        assert problems(page) == []


def total(page: Page) -> int:
    return int(sentence(page).locator("strong").inner_text())


def test_j1_from_letters_to_a_comparison_without_scripts_on_a_phone(browser: Browser, address: str):
    options = {"java_script_enabled": False, "locale": "zh-CN", "viewport": PHONE}
    with browser.new_context(base_url=address, **options) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("searchbox", name="搜索服务商、产品、案例").fill("zidongpaichan")
        page.get_by_role("button", name="搜索").click()
        expect(page.locator(".result-notes")).to_contain_text(f"按拼音理解为：{TERM}")
        page.locator(".filters-toggle").click()
        page.locator("input[name=type][value=product]").check()
        page.get_by_role("button", name="应用筛选").click()
        expect(sentence(page)).to_contain_text("小快轻准 · 含“zidongpaichan”")
        for box in page.locator("[data-compare]").all()[:3]:
            box.check()
        page.get_by_role("button", name="去对比").click()
        expect(page.locator("thead th[scope=col]")).to_have_count(4)
        page.get_by_role("link", name="只看差异").click()
        expect(page.get_by_text("只列出不同的项目")).to_be_visible()
