"""Guided selector and description of needs in Chromium: keys only, without scripts, every width."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import listen, problems, sideways
from tests.support.market import standing
from tests.support.threads import serving

pytestmark = pytest.mark.browser

PAGES = {
    "question": "/guide?segment=auto_parts&step=2",
    "result": "/guide?segment=home_appliance&pain=schedule&budget=20to50&size=small&step=result",
    "nothing": "/guide?segment=home_appliance&size=large&step=result",
    "need": "/need",
    "understood": "/need?offer=aps&offer=mes&offer=wms&c=aps&c=mes&said=排产&said=插单",
    "unticked": "/need?offer=aps",
}


@pytest.fixture(scope="module")
def address(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    app, _ = standing(tmp_path_factory.mktemp("market"), sqlite_template)
    with serving(app) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(base_url=address, locale="zh-CN") as context:
        yield context.new_page()


@pytest.mark.parametrize("care", ["0", "1"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_for_everybody(page: Page, name: str, care: str):
    messages = listen(page)
    page.context.add_cookies([{"name": "care", "value": care, "url": "http://127.0.0.1"}])
    found = {}
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(PAGES[name])
        found[width] = problems(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert (found, sideways(page), messages) == ({1280: [], 375: []}, [], [])


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_home_page_through_five_questions(browser: Browser, address: str, scripts: bool):
    """With scripts by keys only, without them by clicks; back keeps what was chosen."""
    with browser.new_context(base_url=address, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_role("link", name="5步选型向导").press("Enter")
        for answer in ("家用电器及配件制造", "排产靠经验", "20–50万元", "小型"):
            box = page.get_by_label(answer)
            box.press("Space") if scripts else box.check()
            page.get_by_role("button", name="下一步").press("Enter")
        page.get_by_role("button", name="上一步").press("Enter")
        expect(page.get_by_label("小型")).to_be_checked()
        page.get_by_role("button", name="直接看结果").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("选型结果")
        expect(page.locator(".card-result").first).to_contain_text("规模 小型（符合）")
        page.get_by_role("link", name=re.compile("修改 ?预算")).press("Enter")
        expect(page.get_by_label("20–50万元")).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_complaint_by_keys(browser: Browser, address: str, scripts: bool):
    """Written, understood, corrected by a tick; the text is in no address."""
    with browser.new_context(base_url=address, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto("/need")
        box = page.get_by_label("您遇到了什么难处")
        box.fill("订单多了排产全靠人脑，插单就乱")
        page.get_by_role("button", name="看看需要什么").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("您可能需要")
        assert "人脑" not in page.url
        tick = page.get_by_role("checkbox", name="APS 高级计划与排程")
        expect(tick).to_be_checked()
        tick.press("Space")
        page.get_by_role("button", name="更新结果").press("Enter")
        expect(page.get_by_role("checkbox", name="APS 高级计划与排程")).not_to_be_checked()
        expect(page.locator("#for-aps")).to_have_count(0)
