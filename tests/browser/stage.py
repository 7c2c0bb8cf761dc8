"""An application of this process, windows of people who signed in, and a clock set by hand."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from marketplace import create_app
from marketplace.db import Database
from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import Organisation, PublicNotice, RoleGrant, User
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.settings import Settings
from marketplace.web.sessions import COOKIE
from marketplace.worker import Worker
from marketplace.worker_jobs import jobs
from tests import factories
from tests.support import sample_files
from tests.support.threads import serving
from tests.support.world_proceedings import Time

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 700}, "java_script_enabled": False}
PAPER = {"name": "材料.pdf", "mimeType": "application/pdf", "buffer": sample_files.pdf()}


@dataclass
class Stage:
    """The application at ``base``. Windows stay open until the end of the test."""

    base: str
    app: Flask
    browser: Browser
    time: Time

    @property
    def database(self) -> Database:
        found: Database = self.app.extensions["database"]
        return found

    def window(self, who: Actor | None = None, size: dict[str, Any] = DESK) -> Page:
        """A window of somebody who holds his role already; of a visitor without ``who``."""
        context = self.browser.new_context(base_url=self.base, locale="zh-CN", **size)
        if who is not None:
            home = self.base.replace("http:", "https:")
            cookie = {"name": COOKIE, "value": self._token(who), "url": home, "secure": True}
            context.add_cookies([cookie])  # type: ignore[list-item]
        return context.new_page()

    def _token(self, who: Actor) -> str:
        with self.database.unit_of_work() as session:
            user = session.get_one(User, who.user_id)
            grants = session.scalars(select(RoleGrant).where(RoleGrant.user_id == user.id)).all()
            opened = sessions.open_session(session, user, list(grants), Device("127.0.0.1", "test"))
            return opened.token

    def somebody(self, role: Role, organisation_id: int | None) -> Actor:
        """Somebody new in an office or a firm."""
        with self.database.unit_of_work() as session:
            home = session.get_one(Organisation, organisation_id) if organisation_id else None
            user = factories.make_user(session)
            grant = factories.make_grant(session, user, role, home)
            return Actor(
                role=role, user_id=user.id, name=user.name, organisation_id=grant.organisation_id,
                district=home.district if home else None,
            )  # fmt: skip

    def drain(self) -> None:
        """What the worker does with the outbox: mail goes out, search follows."""
        settings = self.app.extensions["settings"]
        Worker(self.database, jobs(settings, self.database)).drain()

    def notice(self) -> PublicNotice:
        """The newest notice."""
        with self.database.reading() as session:
            query = select(PublicNotice).order_by(PublicNotice.id.desc()).limit(1)
            return session.scalars(query).one()

    def close(self) -> None:
        for context in self.browser.contexts:
            context.close()


@contextmanager
def staged(browser: Browser, template: Path, folder: Path, time: Time) -> Iterator[Stage]:
    """An empty application over a migrated database of its own."""
    shutil.copy(template, folder / "pool.db")
    app = create_app(Settings.from_env({
        "MARKETPLACE_MODE": "demo", "MARKETPLACE_DATA": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/pool.db", "SEARCH_URL": f"tantivy://{folder}/index",
        "STORAGE_URL": f"file://{folder}/files", "MAIL_URL": f"file://{folder}/mail",
        "BASE_URL": "http://localhost", "SEMANTIC": "off",
    }))  # fmt: skip
    rebuild_index(app.extensions["search"], app.extensions["database"])
    with serving(app) as base:
        stage = Stage(base, app, browser, time)
        yield stage
        stage.close()


@pytest.fixture
def stage(
    browser: Browser, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    with staged(browser, sqlite_template, tmp_path, Time(monkeypatch)) as found:
        yield found


def press(page: Page, name: str | re.Pattern[str], **typed: str) -> None:
    """Fill in fields by their names and press a button of the main part."""
    main = page.get_by_role("main")
    for field, value in typed.items():
        box = main.locator(f"[name={field}]")
        if box.first.get_attribute("type") == "radio":
            main.locator(f"[name={field}][value='{value}']").check()
        elif box.first.evaluate("e => e.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.first.fill(value)
    main.get_by_role("button", name=name).first.click()


def step(page: Page, link: str, **typed: str) -> None:
    """From a case to the form of a step, and through it; the case says that it was done."""
    page.get_by_role("main").get_by_role("link", name=link, exact=True).click()
    press(page, f"确认{link}", **typed)
    expect(page.get_by_text(f"已办理：{link}")).to_be_visible()
