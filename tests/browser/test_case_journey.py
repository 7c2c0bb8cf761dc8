"""J7 in Chromium: a case written, agreed to by its client, checked, found in the hall, taken back.

On a desk with scripts and on a phone without.
"""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.browser.demo import Demo
from tests.browser.looks import problems
from tests.browser.test_choice_journey import DESK, PHONE, scripts
from tests.support import sample_files
from tests.support.timing import until

pytestmark = [
    pytest.mark.browser, pytest.mark.xdist_group("choice"), pytest.mark.timeout(240),
]  # fmt: skip
CLIENTS = {1280: "青岛测试塑胶有限公司", 375: "青岛试样锻压有限公司"}
"""One for each run: two cases of one client in one year are flagged as a project claimed twice."""
CASE = {
    "start_on": "2025-03-01", "finish_on": "2025-08-01", "investment": "38.5",
    "background": "做家电注塑件。", "pains": "换模时间长。", "solution": "上线生产执行系统。",
    "m1_metric": "换模时间", "m1_before": "95", "m1_after": "38", "m1_unit": "分钟",
    "m1_period": "2024年对比2025年",
}  # fmt: skip
CHOICES = {"segment": "home_appliance", "client_size": "small", "district": "370212"}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone-without-scripts"])
def test_j7_from_the_draft_to_the_hall_and_out_again(written_demo: Demo, browser: Browser, size):
    width = size["viewport"]["width"]
    title, code = f"注塑车间生产执行改造 {width}", factories.uscc(4_400_000 + width)
    owner, officer, visitor = (
        written_demo.sign_in(browser, who, **size).pages[0]
        for who in ("owner", "officer", "visitor")
    )
    before = _shown(owner)
    _write(owner, title, CLIENTS[width], code)
    link = _ask(owner, written_demo, width)
    _agree(visitor, link, title, code)
    _publish(officer, title)
    case = _find(visitor, title, code)
    assert _shown(owner) == before + 1
    _take_back(visitor, link, case, code)
    assert _shown(owner) == before
    for page in (owner, officer, visitor):
        page.context.close()


def _shown(page: Page) -> int:
    """Cases of the provider that count in this segment: n of "n/3"."""
    page.goto("/p/cases")
    text = page.locator("main").inner_text()
    found = re.search(r"家用电器[^：]*：(\d+)/3", text)
    assert found is not None, text
    return int(found[1])


def _write(page: Page, title: str, client: str, code: str) -> None:
    page.goto("/p/cases/new", wait_until="networkidle")
    page.locator("#f-title").fill(title)
    for name, value in {**CASE, "client_name": client, "client_uscc": code}.items():
        page.locator(f"[name={name}]").fill(value)
    for name, value in CHOICES.items():
        page.locator(f"select[name={name}]").select_option(value)
    page.locator("input[name=process_links][value=manufacturing]").check()
    letter = {"name": "授权书.pdf", "mimeType": "application/pdf", "buffer": sample_files.pdf()}
    page.locator("input[type=file]").last.set_input_files(letter)
    if scripts(page):
        expect(page.get_by_text("授权书.pdf")).to_be_visible()
        assert problems(page) == []
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("h1")).to_contain_text(title)


def _ask(page: Page, written_demo: Demo, width: int) -> str:
    """Without the client nothing goes to the bureau: it gets a link by mail."""
    assert page.get_by_role("button", name="提交").count() == 0
    address = f"boss{width}@client.example"
    page.locator("#f-email").fill(address)
    page.get_by_role("button", name="发送授权链接").click()
    expect(page.get_by_role("heading", name="企业授权", exact=True)).to_be_visible()
    return _mailed(written_demo, address)


def _mailed(written_demo: Demo, address: str) -> str:
    """The path of the link that the client gets."""
    folder: Path = written_demo.app.extensions["settings"].data_dir / "mail"
    mails = list[EmailMessage]()

    def came() -> list[EmailMessage]:
        for file in folder.glob("*.eml"):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            if address in str(message["To"]):
                mails.append(message)
        return mails

    until(came)
    body = mails[0].get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://[^/\s]+(/consents/[\w-]+)", body.get_content())
    assert found is not None
    return found[1]


def _agree(page: Page, link: str, title: str, code: str) -> None:
    page.goto(link)
    expect(page.locator("h1")).to_contain_text(title)
    page.locator("input[name=agrees][value=yes]").check()
    for name, value in {"uscc": code, "signer": "王经理", "signer_post": "总经理"}.items():
        page.locator(f"#f-{name}").fill(value)
    page.get_by_role("button", name="提交答复").click()
    expect(page.locator("main")).to_contain_text("同意展示")


def _publish(page: Page, title: str) -> None:
    page.goto("/work/cases")
    page.get_by_role("link", name=title).click()
    page.get_by_role("button", name=re.compile("通过|公开")).first.click()
    expect(page.locator("main")).to_contain_text("已公开")


def _find(page: Page, title: str, code: str) -> str:
    """In the hall by segment, link and size; its page; on to the provider and its enquiry."""
    page.goto("/cases?segment=home_appliance&process=manufacturing&size=small&q=生产执行改造")
    until(lambda: page.reload() and page.get_by_role("link", name=title).count())
    page.get_by_role("link", name=title).first.click()
    for text in ("38.50 万元", "换模时间", "分钟", "2024年对比2025年"):
        expect(page.locator("main")).to_contain_text(text)
    assert '"@type": "Article"' in page.content()
    assert code not in page.content()
    case = page.url
    page.get_by_role("link", name="青岛澜图智造科技有限公司").first.click()
    expect(page.get_by_role("link", name=re.compile("^咨询")).first).to_be_visible()
    return case


def _take_back(page: Page, link: str, case: str, code: str) -> None:
    """The client takes its consent back: the page stays and says so (410)."""
    page.goto(link)
    page.locator("#f-uscc").fill(code)
    page.locator("#f-reason").fill("设备已经更换")
    page.get_by_role("button", name="撤回授权").click()
    expect(page.locator("main")).to_contain_text("案例已停止公开")
    page.goto(case)
    answer = page.reload()  # asks again: public pages may be a minute old
    assert answer is not None
    assert answer.status == 410
    expect(page.locator("main")).to_contain_text("撤回")
