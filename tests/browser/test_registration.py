"""An enterprise gets in, in a real browser without scripts, on a phone: address, letter, password,
request, the desk's decision, its own team."""

import re
import shutil
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Page

from marketplace import create_app, outbox
from marketplace.mail import Mailer
from marketplace.phases import Role
from marketplace.settings import Settings
from tests import factories
from tests.browser.looks import problems
from tests.factories import PASSWORD
from tests.support.threads import serving
from tests.support.world_access import DISTRICT, PHONE

pytestmark = pytest.mark.browser

LINK = re.compile(r"(/register/[\w-]+)")


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path):
    """(address, latest letter's link, the code to register): a pool with one district desk."""
    shutil.copy(sqlite_template, tmp_path / "pool.db")
    settings = Settings.from_env(
        {
            "MARKETPLACE_MODE": "demo", "MARKETPLACE_DATA": str(tmp_path / "data"),
            "DATABASE_URL": f"sqlite:///{tmp_path}/pool.db",
            "SEARCH_URL": f"tantivy://{tmp_path}/index", "STORAGE_URL": f"file://{tmp_path}/files",
            "MAIL_URL": f"file://{tmp_path}/mail", "BASE_URL": "http://127.0.0.1",
        }
    )  # fmt: skip
    app = create_app(settings)
    database = app.extensions["database"]
    with database.unit_of_work() as session:
        factories.make_term(session, "district", DISTRICT, "市南区")
        office = factories.make_organisation(session, kind="district_office", district=DISTRICT)
        user = factories.make_user(session, login="desk@test.cn", password=PASSWORD)
        factories.make_grant(session, user, Role.DISTRICT_REVIEWER, office)

    def link() -> str:
        outbox.drain(database, outbox.MAIL, Mailer(settings).handle)
        letter = max((tmp_path / "mail").glob("*.eml"))
        body = message_from_bytes(letter.read_bytes(), policy=policy.default).get_content()
        return LINK.search(body)[1]

    with serving(app) as address:
        yield address, link, factories.uscc()


def press(page: Page, name: str) -> int:
    """The status that a button's form is answered with, after redirects."""
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name=name, exact=True).click()
    return navigation.value.status


def sign_in(page: Page, login: str) -> None:
    page.get_by_label("邮箱").fill(login)
    page.get_by_label("口令").fill(PASSWORD)
    assert press(page, "登录") == 200


def test_an_enterprise_gets_in_without_scripts(site, browser):
    address, link, code = site
    context = browser.new_context(
        base_url=address, java_script_enabled=False, viewport={"width": 375, "height": 800}
    )
    page = context.new_page()
    page.goto("/login")
    page.get_by_role("link", name="注册账号").click()
    page.get_by_label("邮箱").fill("neu@test.cn")
    assert press(page, "发送注册链接") == 200
    page.goto(link())
    page.get_by_label("姓名").fill("王注册")
    page.get_by_label("新口令").fill(PASSWORD)
    assert press(page, "建立账号") == 422
    assert page.get_by_label("姓名").input_value() == "王注册"
    page.get_by_label("新口令").fill(PASSWORD)
    page.get_by_label("再输入一次").fill(PASSWORD)
    page.get_by_label("已阅读个人信息说明").check()
    assert press(page, "建立账号") == 200
    sign_in(page, "neu@test.cn")
    assert page.url == f"{address}/account/requests"
    page.get_by_role("link", name="注册企业").click()
    page.get_by_label("企业名称").fill("青岛示例注塑有限公司")
    page.get_by_label("联系电话").fill(PHONE)
    assert press(page, "提交申请") == 422
    assert page.get_by_label("企业名称").input_value() == "青岛示例注塑有限公司"
    page.get_by_label("统一社会信用代码").fill(code)
    page.get_by_label("所在区市").select_option(DISTRICT)
    assert press(page, "提交申请") == 200
    assert "待审核" in page.locator("h1").inner_text()

    desk = browser.new_context(base_url=address)
    staff = desk.new_page()
    staff.goto("/login?next=/work/requests")
    sign_in(staff, "desk@test.cn")
    staff.get_by_role("link", name="青岛示例注塑有限公司").click()
    assert problems(staff) == []
    assert press(staff, "同意开通") == 200
    assert "已开通" in staff.locator(".flash").inner_text()
    desk.close()

    page.goto("/login")  # a new role starts with a new login
    sign_in(page, "neu@test.cn")
    assert page.url == f"{address}/me"
    page.get_by_role("link", name="团队").click()
    assert "负责人" in page.locator("table").first.inner_text()
    context.close()
