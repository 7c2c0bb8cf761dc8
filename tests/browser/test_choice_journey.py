"""J1 S4–S7 as the enterprise, the provider and the district do it: asked, answered, chosen, filed.

On a desk with scripts and on a phone without.
"""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from marketplace.models import Organisation
from tests.browser.demo import Demo
from tests.browser.looks import problems
from tests.support import sample_files

pytestmark = [
    pytest.mark.browser, pytest.mark.xdist_group("choice"), pytest.mark.timeout(240),
]  # fmt: skip
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 375, "height": 700}, "java_script_enabled": False}
FOUND = "/providers?segment=home_appliance&type=product&q=MES"
TITLE = "注塑车间 MES 报价"
CONTRACT = {
    "title": "注塑车间 MES", "contract_no": "HT-1", "common_modules": "生产执行",
    "custom_modules": "模具管理", "list_price_cny": "50", "pilot_price_cny": "40",
    "contract_price_cny": "38.5", "signed_on": "2026-03-02", "starts_on": "2026-03-10",
    "ends_on": "2026-09-10", "milestones": "系统上线，2026-06-30",
}  # fmt: skip
NO_PDF = "不是 PDF"
LETTER = {"name": "需求.pdf", "mimeType": "application/pdf"}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone-without-scripts"])
def test_j1_from_the_question_to_the_contract_on_file(written_demo: Demo, browser: Browser, size):
    client, owner, district = (
        written_demo.sign_in(browser, who, **size).pages[0]
        for who in ("enterprise", "owner", "district")
    )
    provider, other = _two(client, 0 if size is DESK else 1)
    _keep(client, other)
    _ask(client, provider, other)
    _answer(owner, client)
    _choose(client, provider)
    _file(owner, client, district, _code(written_demo))
    for page in (client, owner, district):
        page.context.close()


def _two(page: Page, place: int) -> tuple[str, str]:
    """The provider that the demo's owner works for, and another of the same list."""
    page.goto("/providers?q=澜图")
    provider = _id(page)
    page.goto(FOUND)
    assert page.locator("#result-sentence").get_attribute("aria-live") == "polite"
    count = page.locator("#result-sentence").inner_text()
    page.reload()
    assert page.locator("#result-sentence").inner_text() == count
    return provider, _id(page, place)


def _id(page: Page, place: int = 0) -> str:
    address = page.locator("article h2 a").nth(place).get_attribute("href") or ""
    return address.rpartition("/")[2]


def _keep(page: Page, provider: str) -> None:
    """S4: kept, and still there on the page of what is kept."""
    page.goto(f"/providers/{provider}")
    page.get_by_role("button", name=re.compile("^收藏")).first.click()
    expect(page.get_by_role("button", name=re.compile("^已收藏")).first).to_be_visible()
    page.goto("/me/favourites")
    expect(page.locator(f"main a[href='/providers/{provider}']").first).to_be_visible()


def _ask(page: Page, provider: str, other: str) -> None:
    """S5: two asked at once; what is wrong is said at its field, and nothing typed is lost."""
    page.goto(f"/compare?id={provider}&id={other}")
    page.get_by_role("link", name="咨询", exact=True).click()
    page.wait_for_url("**/me/inquiries/new?*")
    page.wait_for_load_state("networkidle")
    page.get_by_role("textbox", name="标题").fill(TITLE)
    sham = {"name": "需求.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00 program"}
    page.locator("input[type=file]").set_input_files(sham)
    if scripts(page):  # sent as soon as it is chosen
        expect(page.locator("main")).to_contain_text(NO_PDF)
        assert problems(page) == []
    page.get_by_role("button", name="发出咨询").click()
    if not scripts(page):
        expect(page.locator("main")).to_contain_text(NO_PDF)
    expect(page.get_by_role("textbox", name="标题")).to_have_value(TITLE)
    page.get_by_role("textbox", name="内容").fill("三台注塑机，想了解价格和工期。")
    page.locator("input[type=file]").set_input_files({**LETTER, "buffer": sample_files.pdf()})
    page.get_by_role("button", name="发出咨询").click()
    expect(page.locator("h1")).to_have_text(TITLE)
    expect(page.locator("#parties li")).to_have_count(2)


def scripts(page: Page) -> bool:
    """Whether they run in this window."""
    return page.locator("html.has-js").count() == 1


def _answer(owner: Page, client: Page) -> None:
    """S6: the provider sees this enquiry with its clock, answers; the enterprise is told."""
    owner.goto("/p/inquiries")
    owner.get_by_role("link", name=TITLE).first.click()
    expect(owner.locator("main")).to_contain_text(re.compile(r"请在 .+ 24:00前答复"))
    owner.get_by_role("textbox").first.fill("约 30 万元，三个月。")
    owner.get_by_role("button", name="答复").click()
    expect(owner.locator("#thread")).to_contain_text("约 30 万元")
    client.goto("/inbox")
    expect(client.locator("main")).to_contain_text(TITLE)
    client.goto("/me/inquiries")
    client.get_by_role("link", name=TITLE).first.click()
    expect(client.locator("#parties li", has_text="已答复")).to_have_count(1)
    expect(client.locator("#parties li")).to_have_count(2)


def _choose(page: Page, provider: str) -> None:
    """S7: results locked with their hash, a reason for each that is not chosen, one chosen."""
    page.goto(FOUND)
    page.get_by_role("link", name="保存搜索").click()
    page.get_by_role("button", name="保存").click()
    page.goto("/me/selections/new")
    page.get_by_role("radio").first.check()
    page.get_by_label("名称").fill("注塑 MES 选型")
    page.get_by_role("button", name="建立档案").click()
    page.get_by_role("button", name="锁定结果").click()
    expect(page.locator("#grounds")).to_contain_text(re.compile("[0-9a-f]{64}"))
    page.locator(f"input[type=radio][value='{provider}']").check()
    page.get_by_label("选定的理由").fill("价格合适，答复及时")
    page.get_by_role("button", name="选定这一家").click()
    expect(page.locator(".error-summary")).to_contain_text("等6家")
    for field in page.locator(".kept-item input[name^=reason_]").all():
        if field.get_attribute("name") != f"reason_{provider}":
            field.fill("价格较高")
    page.get_by_role("button", name="选定这一家").click()
    expect(page.locator("#chosen")).to_contain_text("青岛澜图智造科技有限公司")
    page.get_by_role("button", name="转合同").click()


def _file(owner: Page, client: Page, district: Page, code: str) -> None:
    """The provider drafts, the enterprise confirms, the district takes it on file."""
    owner.goto("/p/projects/new", wait_until="networkidle")
    owner.locator("#f-membership_id").select_option(index=2)
    for name, value in {**CONTRACT, "enterprise_uscc": code}.items():
        owner.locator(f"[name={name}]").fill(value)
    scan = {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": sample_files.pdf()}
    owner.locator("input[type=file]").last.set_input_files(scan)
    if scripts(owner):
        expect(owner.locator("[data-upload-said]").last).to_have_text("上传完成")
    owner.get_by_role("button", name="保存", exact=True).click()
    expect(owner.locator("h1")).to_contain_text(CONTRACT["title"])
    for page, place, step in (
        (owner, "p", "提交企业确认"), (client, "me", "确认合同"), (district, "work", "同意备案"),
    ):  # fmt: skip
        page.goto(f"/{place}/projects")
        page.get_by_role("link", name=CONTRACT["title"]).first.click()
        page.get_by_role("link", name=step).click()
        page.get_by_role("button", name=f"确认{step}").click()
        expect(page.locator("h1")).to_contain_text(CONTRACT["title"])
        expect(page.get_by_role("link", name=step)).to_have_count(0)
    expect(district.locator("main")).to_contain_text("实施中")


def _code(written_demo: Demo) -> str:
    """The credit code of the demo's enterprise."""
    with written_demo.app.extensions["database"].reading() as session:
        query = select(Organisation.uscc).where(Organisation.name == "青岛砺锵精锻齿轮有限公司")
        return session.scalars(query).one()
