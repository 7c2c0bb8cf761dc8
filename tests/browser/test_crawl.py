"""Every page as every person: links that work, words that people understand, nothing inline.

S03: Chromium visits the pages, the policy is never violated. S81: no number of a person is shown.
A short run opens each kind of page once in Chromium, and measures the contrast on every public page
and on each third of the others, which are made of the same components; `make soak` opens all pages
of all people and leaves nothing out.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from marketplace.web.access import PUBLIC, access_of
from tests.browser import looks
from tests.browser.crawling import Answer, Reader, odd_texts
from tests.browser.demo import PEOPLE, VISITOR, Demo
from tests.support.counts import count
from tests.support.routes import safe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("crawl"),  # one demo and one walk of each person serve all tests
    pytest.mark.timeout(count(test=400, soak=7200)),
]

DESKTOP, TABLET, PHONE, SMALL = 1280, 768, 375, 320
HEIGHT = 900

# Offered by the state of the one case or project that a short run opens.
OF_A_STATE = {
    "auth.edit_access_request",
    "me.edit_demand", "me.project_extra", "me.project_step", "p.edit_case",
    "p.edit_new_product", "p.edit_project", "p.new_product_logo",
    "p.project_extra", "p.project_step", "work.project_extra", "work.project_step",
    "me.complaint_step", "p.complaint_step", "p.edit_report", "work.activity_step",
    "work.award_step", "work.check_step", "work.complaint_contact", "work.complaint_step",
    "work.edit_activity", "work.report_step",
    "me.choose_for_project", "work.credit_step", "work.new_replacement",
    "me.hand_overs", "p.appeal", "p.appeal_letter", "p.new_appeal", "p.proceeding",
    "p.proceeding_letter", "p.proceeding_step", "p.withdraw_appeal", "work.appeal_letter",
    "work.appeal_step", "work.new_proceeding", "work.proceeding_step", "work.replacement_step",
    "work.settle_project", "work.edit_notice", "work.objection_letter", "work.proceeding_letter",
}  # fmt: skip

SHOW_CODES = ("/admin/search", "/admin/vocabulary")  # for those who look after codes and folders

NOT_LINKED = {
    "admin.webhook": "the demo calls nobody: it has no address",
    "admin.webhook_delivery": "the demo calls nobody: it has no address",
    "admin.webhook_edit": "the demo calls nobody: it has no address",
    "admin.webhook_new": "the demo calls nobody: no origin is allowed",
    "health.live": "for the monitor",
    "health.ready": "for the monitor",
    "auth.finish_registration": "comes by mail",
    "auth.open_invitation": "comes by mail",
    "auth.open_link": "comes by mail",
    "auth.code": "second step of signing in, for accounts with a second factor",
    "auth.setup": "second step of signing in, outside the demo",
    "auth.confirm": "comes before sensitive actions only",
    "auth.factor": "accounts of the demo need no second factor",
    "consents.picture": "behind a link that comes by mail",
    "consents.show": "comes by mail",
    "drafts.compare": "after a clash of two windows",
    "drafts.sent": "asked for by scripts",
    "drafts.token": "asked for by scripts",
    "files.bundle": "asked for by a form",
    "files.page": "a picture in a page",
    "files.picture": "a picture in a page",
    "held.show": "comes after signing in again",
    "inbox.message": "answer to a form: that it was read is noted",
    "imports.job": "answer to a form",
    "public.badge_json": "for programs of other sites",
    "public.badge_svg": "a picture for other sites",
    "public.certificate_code": "a picture in a page",
    "public.cases_file": "answer to a form",
    "public.complaint_state": "behind a receipt code",
    "public.objection_decision": "behind a receipt code",
    "public.objection_state": "behind a receipt code",
    "public.products_file": "answer to a form",
    "public.providers_file": "answer to a form",
    "public.suggest": "asked for while somebody types",
    "imports.report_file": "answer to a form",
    "work.amendment": "linked when a file says something new; those of the demo do not",
    "work.batch_report": "answer to a form",
    "work.bulk_report": "answer to a form",
    "work.gallery": "for people who write templates",
    "work.stored_file": "the demo has no uploaded files",
}


@pytest.mark.parametrize("person", PEOPLE)
def test_links_lead_somewhere_and_texts_are_for_people(demo: Demo, person: str):
    walk = demo.walk(person)
    odd, inline = [], []
    for page in walk.pages:
        reader = Reader(page.html)
        if not page.path.startswith(SHOW_CODES):
            odd += [f"{page.path}: {text}" for text in odd_texts(reader.text)]
        inline += [f"{page.path}: {attribute}" for attribute in reader.inline]
    # A step that cannot be taken now answers 409 and says why.
    assert [line for line in walk.dead if not line.endswith(": 409")] == []
    assert odd == []
    assert inline == []


def test_every_page_is_linked(demo: Demo):
    found = set().union(*(demo.walk(person).endpoints for person in PEOPLE))
    known = {rule.endpoint for rule in safe(demo.app)}
    # A short run opens one membership of each kind; the actions it offers depend on its state.
    actions = {name for name in known if name.startswith("work.act_")}
    assert actions & found
    assert sorted(known - found - actions - OF_A_STATE) == sorted(NOT_LINKED)
    assert found - known == set()


def test_s03_public_pages(demo: Demo, browser: Browser):
    assert list(_problems(demo, browser, [DESKTOP, PHONE, SMALL], public=True)) == []


def test_s03_staff_pages(demo: Demo, browser: Browser):
    assert list(_problems(demo, browser, [DESKTOP, TABLET], public=False)) == []


def _problems(demo: Demo, browser: Browser, widths: list[int], *, public: bool) -> Iterator[str]:
    """What is wrong with pages of all people as Chromium shows them at these widths."""
    seen: set[str] = set()
    opened = 0
    for person in PEOPLE:
        chosen = [
            page
            for page in demo.walk(person).pages
            if _is_public(demo, page) == public and _new(page, seen)
        ]
        if chosen:
            context = demo.sign_in(browser, person)
            window = context.new_page()  # a new one for each page would start a process each
            messages = looks.listen(window)
            for page in chosen:
                contrast = public or opened % count(test=3, soak=1) == 0
                opened += 1
                yield from _look(window, messages, page.path, widths, person, contrast=contrast)
            context.close()
        if count(test=False, soak=True):
            seen.clear()


def _is_public(demo: Demo, page: Answer) -> bool:
    with demo.app.app_context():
        return access_of(page.endpoint) == PUBLIC


def _new(page: Answer, seen: set[str]) -> bool:
    """Whether the page is the first of its kind; a long run takes them all."""
    first = page.endpoint not in seen
    seen.add(page.endpoint)
    return count(test=first, soak=True)


def _look(
    page: Page, messages: list[str], path: str, widths: list[int], who: str = VISITOR,
    *, contrast: bool = True,
) -> Iterator[str]:  # fmt: skip
    """Open a page, make the window narrower and narrower, say what is wrong; ``messages`` is what
    the window has said.

    A short run looks for all problems at the first width, and whether the page fits at the others.
    """
    messages.clear()
    page.set_viewport_size({"width": widths[0], "height": HEIGHT})
    page.goto(path)
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        whole = width == widths[0] or count(test=False, soak=width != SMALL)
        found = looks.problems(page, contrast=contrast) if whole else looks.sideways(page)
        yield from (f"{who} {path} at {width}: {problem}" for problem in found)
    yield from (f"{who} {path}: {text}" for text in messages if "status of 4" not in text)


def _opened(context: BrowserContext, path: str, who: str = VISITOR) -> list[str]:
    """What is wrong with one page at every width."""
    window = context.new_page()
    return list(_look(window, looks.listen(window), path, [DESKTOP, PHONE, SMALL], who=who))


@pytest.mark.parametrize("path", ["/", "/providers", "/providers?q=没有人做的事情", "/cases"])
def test_care_edition(demo: Demo, browser: Browser, path: str):
    context = demo.sign_in(browser, VISITOR)
    context.pages[0].goto(f"/display?care=1&font=2&to={path}")
    assert context.pages[0].locator("html").get_attribute("data-care") == "1"
    assert _opened(context, path) == []
    context.close()


@pytest.mark.parametrize(
    ("person", "path", "status", "words"),
    [
        (VISITOR, "/no-such-page", 404, "没有找到"),
        (VISITOR, "/providers/999999", 404, "没有"),
        (VISITOR, "/products?page=0", 422, "页"),
        ("enterprise", "/work", 403, "权限"),
    ],
)
def test_error_pages(demo: Demo, browser: Browser, person: str, path: str, status: int, words: str):
    context = demo.sign_in(browser, person)
    response = context.pages[0].goto(path)
    assert response is not None
    assert response.status == status
    assert words in context.pages[0].locator("main").inner_text()
    assert _opened(context, path, person) == []
    context.close()


def test_refused_form(demo: Demo, browser: Browser):
    """An empty form comes back with a summary of its mistakes, and is as accessible as before."""
    context = demo.sign_in(browser, "admin")
    page = context.pages[0]
    messages = looks.listen(page)
    page.goto("/admin/organisations/new")
    page.locator("main form").last.evaluate("form => { form.noValidate = true }")
    with page.expect_navigation() as navigation:
        page.locator("main form").last.locator("button").last.click()
    assert navigation.value.status == 422
    summary = page.locator(".error-summary")
    assert summary.locator("a").count() > 0
    assert looks.problems(page) == []
    assert [text for text in messages if "status of 4" not in text] == []
    context.close()
