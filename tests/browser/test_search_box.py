"""Suggestions below the search field in Chromium: an ARIA combobox for keys, fingers and input
methods; without scripts, or without the server's answer, a plain search.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.looks import listen, problems, sideways
from tests.support.market import standing
from tests.support.threads import serving

pytestmark = pytest.mark.browser

FIRM = "青岛砚途智造科技有限公司"
TERM = "制造执行系统"


@pytest.fixture(scope="module")
def market(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    app, found = standing(tmp_path_factory.mktemp("market"), sqlite_template)
    with serving(app) as address:
        yield found, address


@pytest.fixture
def page(browser: Browser, market) -> Iterator[Page]:
    with browser.new_context(base_url=market[1], locale="zh-CN", has_touch=True) as context:
        yield context.new_page()


def field(page: Page):
    return page.locator("#search-q")


def options(page: Page):
    return page.get_by_role("option")


def typed(page: Page, text: str) -> None:
    """Type into the field and wait for the list."""
    field(page).focus()
    page.keyboard.type(text)
    expect(field(page)).to_have_attribute("aria-expanded", "true")


def active(page: Page) -> str | None:
    """The text of the option that a screen reader is on."""
    id_ = field(page).get_attribute("aria-activedescendant")
    if id_ is None:
        return None
    option = page.locator(f"#{id_}")
    expect(option).to_have_attribute("aria-selected", "true")
    return option.locator(".suggestion-text").inner_text()


def said(page: Page):
    """What is announced about the list."""
    return page.locator("[data-suggest] [aria-live]")


@pytest.mark.parametrize("path", ["/", "/products?segment=auto_parts"])
def test_a_term_is_found_chosen_and_searched_with_keys_only(page: Page, path: str):
    messages = listen(page)
    page.goto(path)
    expect(field(page)).to_have_role("combobox")
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    typed(page, "zzzxxt")
    expect(options(page)).to_have_count(1)
    expect(said(page)).to_have_text("有 1 条建议")
    assert field(page).get_attribute("aria-controls") == page.get_by_role("listbox").get_attribute(
        "id"
    )
    assert active(page) is None
    page.keyboard.press("ArrowDown")
    assert active(page) == TERM
    expect(field(page)).to_be_focused()
    assert problems(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url("**q=%E5%88%B6%E9%80%A0%E6%89%A7%E8%A1%8C%E7%B3%BB%E7%BB%9F*")
    expect(page.locator("#result-sentence")).to_contain_text(f"含“{TERM}”")
    assert ("segment=auto_parts" in page.url) == ("segment" in path)
    assert messages == []


def test_a_firm_leads_to_its_page(page: Page, market):
    page.goto("/")
    typed(page, "yantu")
    page.keyboard.press("ArrowDown")
    while active(page) != FIRM:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    number = next(id_ for id_, name in market[0].names.items() if name == FIRM)
    page.wait_for_url(f"**/providers/{number}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(FIRM)


def test_the_arrows_go_round_and_the_others_do_as_in_any_field(page: Page):
    page.goto("/providers")
    typed(page, "砚途")
    count = options(page).count()
    assert count > 2
    names = page.locator(".suggestion-text").all_inner_texts()
    seen = []
    for _ in range(count + 2):
        page.keyboard.press("ArrowDown")
        seen.append(active(page))
    assert seen == [*names, None, names[0]]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert active(page) == names[-1]
    for key, place in (("Home", 0), ("End", 2)):
        page.keyboard.press("ArrowDown")
        page.keyboard.press(key)
        assert active(page) is None
        assert field(page).evaluate("e => e.selectionStart") == place
    expect(options(page)).to_have_count(count)
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field(page)).to_have_value("砚途")
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(options(page)).to_have_count(count)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(field(page)).to_have_value("")


def test_enter_without_a_choice_searches_for_what_was_typed(page: Page):
    page.goto("/")
    typed(page, "zzzx")
    page.keyboard.press("Enter")
    page.wait_for_url("**/providers?q=zzzx")
    expect(page.locator(".result-notes")).to_contain_text("“zzzx”按拼音理解为：制造执行")


def test_leaving_the_field_closes_the_list_and_chooses_nothing(page: Page):
    page.goto("/")
    typed(page, "砚途")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field(page)).to_have_value("砚途")
    expect(page.get_by_role("button", name="搜索")).to_be_focused()


@pytest.mark.parametrize("tap", [True, False])
def test_fingers_and_mice_choose(page: Page, tap: bool):
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto("/")
    typed(page, "yantu")
    firm = options(page).filter(has_text=FIRM)
    box = firm.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    firm.tap() if tap else firm.click()
    page.wait_for_url(re.compile(r"/providers/\d+$"))


@pytest.mark.parametrize(("care", "path"), [("0", "/cases?q=排产"), ("1", "/")])
def test_the_open_list_is_for_everybody_at_every_width(page: Page, care: str, path: str):
    page.context.add_cookies([{"name": "care", "value": care, "url": "http://127.0.0.1"}])
    for width in (1280, 375, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path)
        field(page).fill("")
        typed(page, "自动排产")
        page.keyboard.press("ArrowDown")
        box = page.get_by_role("listbox").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert (problems(page) if width > 320 else sideways(page)) == []


def asked(page: Page) -> list[str]:
    """Addresses of the suggestions asked for from now on."""
    found: list[str] = []

    def note(request: Request) -> None:
        if "/suggest?" in request.url:
            found.append(request.url)

    page.on("request", note)
    return found


TYPE = """(field, text) => {
  for (const letter of text) {
    field.value += letter;
    field.dispatchEvent(new InputEvent("input", {bubbles: true, data: letter}));
  }
}"""


def test_typing_fast_asks_once(page: Page):
    page.goto("/")
    requests = asked(page)
    field(page).focus()
    field(page).evaluate(TYPE, "zhizaozhixing")  # faster than any keyboard of a busy machine
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    assert len(requests) == 1


def test_typing_on_while_an_answer_comes_asks_again(page: Page):
    """The answer to the first letters arrives within the wait after the last one."""
    page.goto("/")
    field(page).focus()
    with page.expect_response("**/suggest?q=zz*"):
        page.evaluate(
            """() => {
              const send = window.fetch;
              window.fetch = (...given) => {
                setTimeout(() => {
                  const field = document.querySelector("#search-q");
                  field.value += "zxxt";
                  field.dispatchEvent(new InputEvent("input", {bubbles: true}));
                });
                window.fetch = send;
                return send(...given);
              };
            }"""
        )
        page.keyboard.type("zz")
    expect(page.locator(".suggestion-text")).to_have_text([TERM])


def test_one_letter_asks_nothing_and_one_character_does(page: Page):
    page.goto("/")
    requests = asked(page)
    field(page).focus()
    page.keyboard.type("y")
    page.wait_for_timeout(300)
    assert requests == []
    page.keyboard.press("Backspace")
    page.keyboard.type("砚")
    expect(options(page).first).to_be_visible()


def test_an_input_method_is_left_alone_until_it_is_done(page: Page):
    """Letters on the way to a character are no query, and the Enter that ends them is no search."""
    page.goto("/")
    requests = asked(page)
    field(page).focus()
    keys = page.context.new_cdp_session(page)
    for letters in ("y", "ya", "yan", "yan tu"):
        keys.send(
            "Input.imeSetComposition",
            {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)},
        )
        page.wait_for_timeout(150)
    for kind in ("rawKeyDown", "keyUp"):
        keys.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
        )
    page.wait_for_timeout(150)
    assert (requests, page.url.rstrip("/").count("/")) == ([], 2)
    expect(page.get_by_role("listbox")).to_be_hidden()
    keys.send("Input.insertText", {"text": "砚途"})
    expect(field(page)).to_have_value("砚途")
    expect(options(page).filter(has_text=FIRM)).to_be_visible()
    assert len(requests) == 1


def test_an_answer_that_comes_too_late_is_not_shown(page: Page):
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "q=yantu" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    page.route("**/suggest?*", hold)
    page.goto("/")
    field(page).focus()
    with page.expect_request("**/suggest?q=yantu*"):
        page.keyboard.type("yantu")
    while not held:  # the request is there; its handler comes next
        page.wait_for_timeout(20)
    page.keyboard.press("Control+A")
    page.keyboard.type("zzzxxt")
    expect(options(page)).to_have_count(1)
    try:
        held[0].continue_()
    except Exception as error:  # the browser gave the request up: what is wanted
        assert "abort" in str(error).lower() or "handled" in str(error).lower()
    page.wait_for_timeout(200)
    assert page.locator(".suggestion-text").all_inner_texts() == [TERM]


@pytest.mark.parametrize("answer", ["offline", "500", "nonsense"])
def test_without_an_answer_it_is_a_plain_search(page: Page, answer: str):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def fail(route: Route) -> None:
        if answer == "offline":
            route.abort()
        else:
            route.fulfill(status=500 if answer == "500" else 200, body="<p>")

    page.route("**/suggest?*", fail)
    page.goto("/")
    field(page).focus()
    page.keyboard.type("操作视频")
    page.wait_for_timeout(300)
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/providers?q=*")
    assert errors == []


def test_the_field_says_when_suggestions_are_not_to_be_had(page: Page):
    body = {"items": [], "notice": "搜索暂时不可用"}
    page.route("**/suggest?*", lambda route: route.fulfill(json=body))
    page.goto("/")
    field(page).focus()
    page.keyboard.type("排产")
    expect(said(page)).to_have_text("搜索暂时不可用")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_s55_names_are_text(page: Page):
    text = "<img src=x onerror=alert(1)><b>x</b>"
    item = {"kind": "term", "label": text, "text": text, "detail": text, "url": ""}
    body = {"items": [{**item, "parts": [[text, True]]}], "notice": ""}
    page.route("**/suggest?*", lambda route: route.fulfill(json=body))
    messages = listen(page)
    page.goto("/")
    typed(page, "排产")
    assert page.locator(".suggestions img, .suggestions b").count() == 0
    expect(page.locator(".suggestion-text")).to_have_text(text)
    assert messages == []


def test_the_field_works_on_after_the_list_was_filtered(page: Page):
    page.goto("/providers?q=操作视频")
    box = page.locator("#filters input[name=segment][value=auto_parts]")
    box.check()
    expect(page.locator("#result-sentence")).to_contain_text("汽车零部件")
    expect(field(page)).to_have_role("combobox")
    field(page).fill("")
    typed(page, "zzzxxt")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**segment=auto_parts*")
    expect(page.locator("#result-sentence")).to_contain_text(f"汽车零部件 · 含“{TERM}”")


def test_without_scripts_it_is_a_search_field(browser: Browser, market):
    with browser.new_context(base_url=market[1], java_script_enabled=False) as context:
        plain = context.new_page()
        plain.goto("/")
        box = plain.get_by_role("searchbox", name="搜索服务商、产品、案例")
        assert plain.locator("[role=combobox]").count() == 0
        expect(plain.locator("[role=listbox]")).to_be_hidden()
        box.fill("zzzx")
        plain.get_by_role("button", name="搜索").click()
        expect(plain.locator("#result-sentence")).to_contain_text("含“zzzx”")
        expect(plain.locator(".result-notes")).to_contain_text("按拼音理解为：制造执行")
        plain.goto("/providers?q=制造直行系统")
        expect(plain.locator("#result-sentence")).to_contain_text(f"含“{TERM}”")
        plain.get_by_role("link", name="仍然搜索“制造直行系统”").click()
        expect(plain.locator("#result-sentence")).to_contain_text("含“制造直行系统”")
        plain.get_by_role("link", name="恢复自动更正").click()
        expect(plain.locator("#result-sentence")).to_contain_text(f"含“{TERM}”")
