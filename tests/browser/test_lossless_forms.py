"""Forms in a real browser: files with progress, typing saved, nothing lost on the way."""

import shutil
import time
from pathlib import Path

import pytest
from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select

from marketplace import create_app
from marketplace.db import current_session
from marketplace.models import FormDraft, Provider
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.services.files import files
from marketplace.settings import Settings
from marketplace.web import drafts, uploads
from marketplace.web.access import current_actor, signed_in
from marketplace.web.sessions import COOKIE
from tests import factories
from tests.browser.looks import problems
from tests.support import sample_files
from tests.support.threads import serving
from tests.support.timing import SLACK, until

pytestmark = pytest.mark.browser
SAVED = "[data-draft-said]"


def a_form() -> Blueprint:
    blueprint = Blueprint("a_form", __name__, template_folder="pages")

    @blueprint.get("/a-form/<int:id_>")
    @signed_in
    def shown(id_: int):
        session = current_session()
        provider = session.get_one(Provider, id_)
        draft = drafts.of(f"story:{id_}", base_version=provider.version)
        values = draft.values or {"story": provider.intro}
        field = uploads.show(session, "quota_document", provider)
        return render_template("lossless.html", draft=draft, values=values, field=field)

    @blueprint.post("/a-form/<int:id_>")
    @signed_in
    def sent(id_: int):
        held = uploads.posted("quota_document")
        session = current_session()
        provider = session.get_one(Provider, id_)
        provider.intro = request.form["story"]
        held.attach(session, current_actor(), provider)
        drafts.done(f"story:{id_}")
        return redirect("/", 303)

    return blueprint


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path):
    """(address, application, id of a provider, its owner)."""
    shutil.copy(sqlite_template, tmp_path / "pool.db")
    settings = Settings.from_env(
        {
            "MARKETPLACE_MODE": "test", "MARKETPLACE_DATA": str(tmp_path / "data"),
            "DATABASE_URL": f"sqlite:///{tmp_path}/pool.db",
            "SEARCH_URL": f"tantivy://{tmp_path}/index", "STORAGE_URL": f"file://{tmp_path}/files",
            "MAIL_URL": f"file://{tmp_path}/mail", "BASE_URL": "http://127.0.0.1",
        }
    )  # fmt: skip
    app = create_app(settings)
    app.register_blueprint(a_form())
    database = app.extensions["database"]
    with database.unit_of_work() as session:
        provider = factories.make_provider(session)
        owner = factories.make_user(session)
        factories.make_grant(session, owner, Role.PROVIDER_OWNER, provider.organisation)
    with serving(app) as address:
        yield address, database, provider.id, owner


def sign_in(context, address, database, owner) -> None:
    with database.unit_of_work() as session:
        grants = sessions.live_grants(session, owner.id)
        token = sessions.open_session(session, owner, grants, Device("127.0.0.1", "test")).token
    context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": token,
                "url": address.replace("http:", "https:"),
                "secure": True,
            }
        ]
    )


@pytest.fixture
def open_form(site, browser):
    """``open_form(context=None)``: the form in a new page of a signed-in context."""
    address, database, provider_id, owner = site
    made = []

    def make(context=None, width=1280):
        if context is None:
            context = browser.new_context(viewport={"width": width, "height": 900})
            made.append(context)
            sign_in(context, address, database, owner)
        page = context.new_page()
        page.goto(f"{address}/a-form/{provider_id}")
        return page

    yield make
    for context in made:
        context.close()


def wait_for(page, text: str) -> None:
    page.locator(SAVED, has_text=text).wait_for(timeout=10_000)


def test_typing_is_saved_within_two_seconds_of_leaving_a_field(site, open_form):
    page = open_form()
    started = time.monotonic()
    page.fill("#f-story", "换模时间由95分钟降到38分钟")
    page.locator("#f-story").blur()
    wait_for(page, "已自动保存")
    assert time.monotonic() - started < 2 * SLACK
    fresh = open_form()  # another browser: what the server has
    assert fresh.input_value("#f-story") == "换模时间由95分钟降到38分钟"
    assert problems(fresh) == []


def test_offline_text_waits_in_the_browser_and_goes_when_it_is_back(site, open_form):
    page = open_form()
    context = page.context
    context.set_offline(True)
    page.fill("#f-story", "没有网络时写的")
    wait_for(page, "没有保存")
    context.set_offline(False)
    wait_for(page, "已自动保存")
    # And a browser that is killed meanwhile still has it when it comes back.
    context.set_offline(True)
    page.fill("#f-story", "又断了")
    wait_for(page, "没有保存")
    page.close(run_before_unload=False)
    context.set_offline(False)
    again = open_form(context)
    wait_for(again, "已自动保存")
    assert again.input_value("#f-story") == "又断了"
    assert open_form().input_value("#f-story") == "又断了"


def copies(page) -> list[str]:
    """What the browser itself keeps of forms."""
    return page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('draft:'))")


def test_a_form_that_was_sent_comes_back_as_it_is_now(site, open_form):
    """Sent before it was saved on the way: the browser's copy must not return over newer text."""
    _, database, provider_id, _ = site
    page = open_form()
    page.fill("#f-story", "马上提交")
    page.click("main button[type=submit]")
    page.wait_for_url("**/")
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, provider_id)
        assert provider.intro == "马上提交"
        provider.intro = "同事后来改的"
    until(lambda: copies(page) == [])
    again = open_form(page.context)
    again.wait_for_timeout(500)
    assert again.input_value("#f-story") == "同事后来改的"
    with database.reading() as session:
        assert session.scalars(select(FormDraft)).all() == []


def test_sending_without_a_network_loses_nothing(site, open_form):
    page = open_form()
    page.context.set_offline(True)
    page.fill("#f-story", "断网时提交的")
    page.click("main button[type=submit]")
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    again = open_form(page.context)
    wait_for(again, "已自动保存")
    assert again.input_value("#f-story") == "断网时提交的"
    assert copies(again) == []


def test_typing_on_in_a_form_that_was_sent_loses_nothing(site, open_form):
    """Sent in the meantime, in a copy of the tab: what is typed here waits for the form as it is
    now."""
    page = open_form()
    page.evaluate(
        """() => fetch(location.href, {method: "POST", redirect: "manual",
          body: new FormData(document.querySelector("form[data-draft]"))})"""
    )
    page.fill("#f-story", "提交以后又想到的")
    wait_for(page, "已经提交过")
    with page.expect_popup() as opened:
        page.click(f"{SAVED} a")
    wait_for(opened.value, "已自动保存")
    assert opened.value.input_value("#f-story") == "提交以后又想到的"
    page.wait_for_timeout(600)  # the old window, left a moment ago, keeps no copy of its own
    assert copies(opened.value) == []


def test_two_windows_clash_and_both_stay(site, open_form):
    first = open_form()
    second = open_form(first.context)
    first.fill("#f-story", "甲窗写的")
    wait_for(first, "已自动保存")
    second.fill("#f-story", "乙窗写的")
    wait_for(second, "两份都已保留")
    with second.context.expect_page() as opened:
        second.click(f"{SAVED} a")
    compare = opened.value
    compare.wait_for_load_state()
    text = compare.inner_text("main")
    assert "甲窗写的" in text
    assert "乙窗写的" in text
    assert problems(compare) == []


def test_a_lost_session_costs_nothing(site, open_form):
    address, database, _, owner = site
    page = open_form()
    with database.unit_of_work() as session:
        sessions.end_all(session, owner.id, "expired")
    page.fill("#f-story", "登录过期后写的")
    wait_for(page, "登录已失效")
    sign_in(page.context, address, database, owner)  # in another tab
    page.fill("#f-story", "登录过期后写的，又写")
    wait_for(page, "已自动保存")
    assert open_form().input_value("#f-story") == "登录过期后写的，又写"


def test_a_file_goes_up_at_once_and_is_sent_with_the_form(site, open_form, tmp_path):
    _, database, provider_id, _ = site
    page = open_form(width=375)
    good = {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": sample_files.jpeg()}
    page.set_input_files("#f-quota_document", good)
    page.locator("[data-upload-item]", has_text="现场.jpg").wait_for()
    page.locator("[data-upload-said]", has_text="上传完成").wait_for()
    bad = {"name": "坏.pdf", "mimeType": "application/pdf", "buffer": b"MZ no pdf"}
    page.set_input_files("#f-quota_document", bad)
    page.locator("[data-upload-said]", has_text="文件内容不是 PDF").wait_for()
    assert problems(page) == []
    page.fill("#f-story", "交了")
    page.click("main button[type=submit]")
    page.wait_for_url("**/")
    with database.reading() as session:
        provider = session.get_one(Provider, provider_id)
        assert [row.name for row in files.of(session, provider)] == ["现场.jpg"]
        assert session.scalars(select(FormDraft)).all() == []
