"""The pool board, programme pages, the pre-check and pages about the site in Chromium."""

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from werkzeug.serving import make_server

from marketplace import clock, create_app
from marketplace.migrate import upgrade
from marketplace.phases import Role, StandingPhase
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.services.upkeep import seeding
from marketplace.settings import Settings
from marketplace.web.sessions import COOKIE
from tests import factories
from tests.browser.looks import listen, problems, sideways
from tests.support.server import free_port

pytestmark = pytest.mark.browser

CHECK = "/programme/precheck"
CHAIN = {"type": "chain_leader", "segment": "rail_equipment"}
ANSWERS = {**CHAIN, "check": "1", "main_revenue_cny": "8亿", "tax_compliant": "true"}
PUBLIC = (
    "/pool", "/programme", "/programme/zz-2021", CHECK, f"{CHECK}?{urlencode(CHAIN)}",
    f"{CHECK}?{urlencode(ANSWERS)}", "/contact", "/privacy", "/accessibility", "/ordering",
    "/sitemap",
)  # fmt: skip
STAFF = ("/work/programmes", "/work/programmes/1")
REFUSED = f"{CHECK}?{urlencode({**ANSWERS, 'main_revenue_cny': 'viel', 'local_cases': 'x'})}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of the application with a round and members, and the session of an officer."""
    folder: Path = tmp_path_factory.mktemp("site")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    app = create_app(
        Settings.from_env({"MARKETPLACE_DATA": str(folder), "BASE_URL": address, "PORT": str(port)})
    )
    database = app.extensions["database"]
    upgrade(database.engine)
    with database.unit_of_work() as session:
        seeding.seed_vocabulary(session)
        round_ = factories.make_round(session)
        for phase in StandingPhase:
            left = phase is StandingPhase.EXITED
            factories.make_membership(
                session, round_, factories.make_provider(session), phase=phase,
                exited_on=clock.today() if left else None,
                public_reason="复核不合格" if left else "",
            )  # fmt: skip
        user = factories.make_user(session)
        grant = factories.make_grant(session, user, Role.CITY_OFFICER)
        token = sessions.open_session(session, user, [grant], Device("127.0.0.1", "test")).token
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield address, token
    server.shutdown()
    thread.join()
    server.server_close()
    database.engine.dispose()


def open_context(browser: Browser, site: tuple[str, str], **more: object) -> BrowserContext:
    return browser.new_context(base_url=site[0], locale="zh-CN", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("care", ["0", "1"])
@pytest.mark.parametrize("path", (*PUBLIC, *STAFF))
def test_pages_are_accessible_at_every_width(
    browser: Browser, site: tuple[str, str], path: str, care: str
):
    with open_context(browser, site) as context:
        context.add_cookies([{"name": "care", "value": care, "url": site[0]}])
        if path in STAFF:
            secure = site[0].replace("http:", "https:")
            context.add_cookies([{"name": COOKIE, "value": site[1], "url": secure, "secure": True}])
        page = context.new_page()
        messages = listen(page)
        found = {}
        for width in (1280, 375):
            page.set_viewport_size({"width": width, "height": 900})
            answer = page.goto(path)
            assert answer
            assert (answer.status, page.url) == (200, site[0] + path.replace("8亿", "8%E4%BA%BF"))
            found[width] = problems(page)
        page.set_viewport_size({"width": 320, "height": 900})
        assert (found, sideways(page), messages) == ({1280: [], 375: []}, [], [])


def test_the_pre_check_works_without_scripts(browser: Browser, site: tuple[str, str]):
    with open_context(browser, site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/programme")
        page.get_by_role("link", name="条件预审", exact=True).click()
        page.get_by_role("radio", name="“链主”企业型服务商").check()
        page.get_by_role("radio", name="轨道交通设备制造").check()
        page.get_by_role("button", name="下一步").click()
        page.get_by_label("上一年度主营业务收入").fill("80000")
        page.get_by_label("产业链上下游协作配套的试点企业数").fill("12")
        page.get_by_role("group", name="是否依法纳税").get_by_label("是", exact=True).check()
        page.get_by_role("button", name="查看结果").click()
        expect(page.locator("#QD-C3")).to_contain_text("可申请说明")
        expect(page.locator("#QD-C3")).to_contain_text("8亿元")
        expect(page.locator("#QD-C2 .tag-ok")).to_have_text("满足")
        page.get_by_role("link", name="修改答案").click()
        expect(page.get_by_label("上一年度主营业务收入")).to_have_value("80000")


def test_a_refused_answer_is_read_first(browser: Browser, site: tuple[str, str]):
    with open_context(browser, site) as context:
        page = context.new_page()
        page.goto(REFUSED)
        expect(page.locator("[data-error-summary]")).to_be_focused()
        page.locator("[data-error-summary] a").first.click()
        assert problems(page) == []


def test_the_result_prints_with_every_rule_and_without_menus(
    browser: Browser, site: tuple[str, str]
):
    with open_context(browser, site) as context:
        page = context.new_page()
        page.goto(f"{CHECK}?{urlencode(ANSWERS)}")
        page.emulate_media(media="print")
        rules = factories.programmes()["qd-2024"].rules_for(CHAIN["type"])
        assert page.locator(".verdict:visible").count() == len(rules)
        assert page.locator(".topnav:visible, .btn:visible").count() == 0
