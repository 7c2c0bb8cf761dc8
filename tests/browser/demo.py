"""The demo as a person starts it, and people who sign in there."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, BrowserContext
from werkzeug.routing import Map

from marketplace import create_app
from marketplace.services.demo.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from marketplace.settings import Settings
from tests.browser.crawling import Crawler, Visitor, Walk
from tests.support import server
from tests.support.counts import count

VISITOR = "visitor"
PEOPLE = (VISITOR, *(account.login.partition("@")[0] for account in DEMO_ACCOUNTS))
THOROUGH = (VISITOR, "officer")
"""Whose walks tell addresses by their arguments even in a short run."""

# What only forms lead to. The pages behind them are read like all others.
BEHIND_FORMS: tuple[str, ...] = (
    "/compare?id={providers}",
    "/compare?id={providers}&diff=1",
    "/products/compare?id={products}",
    "/providers?q=注塑+MES&segment=home_appliance&type=product",
    "/providers?q=没有人做的事情",
    "/display?care=0&to=/",
    "/robots.txt",
    "/sitemap.xml",
)

CARD = re.compile(r'<h[23][^>]*>\s*<a\b[^>]* href="/(?:providers|products)/(\d+)"')

STAFF_STARTS = {"officer": ("/work/memberships?phase=suspended",)}
"""Where rare things are: the only place to go from is a filter that a form sets."""


@dataclass
class Demo:
    """A running demo at ``base``; ``walks`` are remembered, one for each person."""

    base: str
    app: Flask
    walks: dict[str, Walk] = field(default_factory=dict)

    @property
    def routes(self) -> Map:
        return self.app.url_map

    def sign_in(self, browser: Browser, person: str, **options: object) -> BrowserContext:
        """A browser window of somebody, on the page that signing in leads to."""
        context = browser.new_context(base_url=self.base, locale="zh-CN", **options)  # type: ignore[arg-type]
        page = context.new_page()
        if person == VISITOR:
            page.goto("/")
            return context
        page.goto("/login")
        page.get_by_label("邮箱").fill(f"{person}@demo.example")
        page.get_by_label("口令").fill(DEMO_PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_role("button", name="退出").wait_for()
        return context

    def walk(self, person: str) -> Walk:
        """Everything that links lead this person to."""
        if person not in self.walks:
            thorough = count(test=person in THOROUGH, soak=True)
            crawler = Crawler(
                self.base, self.routes, count(test=2, soak=3) if thorough else 1, arguments=thorough
            )
            visitor = Visitor(crawler.host)
            start = "/"
            if person != VISITOR:
                start = visitor.sign_in(f"{person}@demo.example", DEMO_PASSWORD)
            own = STAFF_STARTS.get(person, ())
            starts = [*own, *dict.fromkeys((start, "/")), *behind_forms(visitor)]
            self.walks[person] = crawler.walk(visitor, starts)
            visitor.close()
        return self.walks[person]


def behind_forms(visitor: Visitor) -> list[str]:
    """The addresses behind forms, with ids of this demo."""
    ids = {
        "providers": "&id=".join(first_ids(visitor, "/providers?type=product")),
        "products": "&id=".join(first_ids(visitor, "/products?category=mes")),
    }
    return [address.format(**ids) for address in BEHIND_FORMS]


def first_ids(visitor: Visitor, path: str) -> list[str]:
    """The ids of the first three cards of a list."""
    answer = visitor.get(path)
    found = CARD.findall(answer.html)[:3]
    assert len(found) == 3, answer
    return found


def seed(data: Path) -> None:
    """Migrate and seed, as ``make run`` does."""
    server.run(data, "db", "upgrade")
    server.run(data, "seed", "demo")


@contextmanager
def open_demo(seeded: Path, data: Path) -> Iterator[Demo]:
    """Serve a copy of the seeded demo in a folder of its own."""
    shutil.copytree(seeded, data, dirs_exist_ok=True)
    settings = Settings.from_env(
        {"MARKETPLACE_MODE": "demo", "MARKETPLACE_DATA": str(data), "SEMANTIC": "off"}
    )
    app = create_app(settings)
    with server.serve(data) as base:
        yield Demo(base, app)
    app.extensions["database"].engine.dispose()
