"""J5 in Chromium: published over the Spring Festival, objected to by keys alone, upheld, listed."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser, BrowserContext, Page, expect

from marketplace import create_app
from marketplace.phases import Role
from marketplace.services.upkeep import seeding
from marketplace.settings import Settings
from tests import factories
from tests.browser.looks import problems
from tests.integration.notices.conftest import PUBLISHED, make_decided, seed_calendar
from tests.support.threads import serving

pytestmark = pytest.mark.browser
OFFICER = "officer@test.example"
WINDOW = "公示期 2024年2月9日至2024年2月21日 24:00（5个工作日）"


@dataclass
class Site:
    """The application at ``base``, and windows of people in it."""

    base: str
    browser: Browser

    def visitor(self) -> BrowserContext:
        """Somebody without an account, and without scripts."""
        return self.browser.new_context(base_url=self.base, java_script_enabled=False)

    def officer(self) -> Page:
        """An officer who signed in just now."""
        page = self.browser.new_context(base_url=self.base, locale="zh-CN").new_page()
        page.goto("/login")
        page.get_by_label("邮箱").fill(OFFICER)
        page.get_by_label("口令", exact=True).fill(factories.PASSWORD)
        page.get_by_role("main").get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", name="工作台")).to_be_visible()
        return page


@pytest.fixture
def site(browser: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    shutil.copy(sqlite_template, tmp_path / "pool.db")
    app = create_app(Settings.from_env({
        "MARKETPLACE_MODE": "demo", "MARKETPLACE_DATA": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/pool.db", "SEARCH_URL": f"tantivy://{tmp_path}/index",
        "STORAGE_URL": f"file://{tmp_path}/files", "MAIL_URL": f"file://{tmp_path}/mail",
        "BASE_URL": "http://localhost",
    }))  # fmt: skip
    with app.extensions["database"].unit_of_work() as session:
        seeding.seed_vocabulary(session)
        seed_calendar(session)
        make_decided(session, factories.make_round(session), 2)
        user = factories.make_user(session, login=OFFICER, password=factories.PASSWORD)
        factories.make_grant(session, user, Role.CITY_OFFICER)
    with serving(app) as base:
        yield Site(base, browser)


def object_by_keys(page: Page) -> str:
    """Fill the form in with Tab and arrows; answers the address of the receipt."""
    page.goto("/notices/1/objection")
    page.focus("select[name=entry_id]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("案例没有验收，合同金额与实际不符。")
    typed = {"name": "王建国", "phone": "0532-00000000"}
    while (focused := page.locator(":focus")).get_attribute("type") != "submit":
        name = focused.get_attribute("name") or ""
        if name == "how":
            page.keyboard.press("Space")
        if name in typed:
            page.keyboard.type(typed[name])
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("异议已提交")).to_be_visible()
    return page.url.partition("?")[0]


def test_j5(site: Site) -> None:
    with time_machine.travel(PUBLISHED, tick=True) as clock:
        officer = site.officer()
        officer.goto("/work/notices/new")
        officer.get_by_label("文号").fill("青民发字〔2024〕3号")
        officer.get_by_role("button", name="保存草稿").click()
        officer.get_by_role("button", name="发布公示").click()
        expect(officer.get_by_text("已发布，公示期2024年2月9日至")).to_be_visible()
        assert problems(officer) == []
        with site.visitor() as context:
            page = context.new_page()
            page.goto("/notices")
            page.get_by_role("link", name="关于拟入池数字化转型服务商名单的公示").click()
            expect(page.get_by_text(WINDOW)).to_be_visible()
            page.get_by_text("怎么算的").first.click()
            days = page.get_by_role("table", name="逐日计算").locator("tbody tr")
            expect(days.filter(has_text="个工作日")).to_have_count(5)
            expect(days.filter(has_text="2024-02-18")).to_contain_text("第2个工作日")
            for address in ("/notices.rss", "/sitemap.xml"):
                assert "/notices/1<" in page.request.get(address).text(), address
            officer.goto("/work/notices/1")
            expect(officer.locator("#finish button")).to_be_disabled()
            clock.shift(3 * 24 * 3600)
            receipt = object_by_keys(page)
            officer = site.officer()
            officer.goto("/work/objections")
            officer.get_by_role("link", name="青岛测试").first.click()
            assert problems(officer) == []
            officer.get_by_role("button", name="受理", exact=True).click()
            officer.get_by_label("理由").fill("案例没有验收。")
            officer.get_by_label("文号").fill("青民发字〔2024〕4号")
            officer.get_by_role("button", name="异议成立").click()
            expect(officer.get_by_text("已办理：异议成立。")).to_be_visible()
            page.goto(receipt)
            expect(page.get_by_role("heading", name="处理决定")).to_be_visible()
            page.goto("/notices/1")
            expect(page.get_by_text("异议经核查成立")).to_be_visible()
        clock.move_to("2024-02-22 00:00:01+08:00")
        officer = site.officer()
        officer.goto("/work/notices/1")
        officer.get_by_label("公布结果的文号").fill("青民发字〔2024〕5号")
        officer.get_by_role("button", name="发布名单").click()
        expect(officer.get_by_text("已办结1项。")).to_be_visible()
        assert problems(officer) == []
