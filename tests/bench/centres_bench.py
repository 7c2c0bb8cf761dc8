"""Case hall, centres and staff queues with 400 providers, 3,000 contracts and 20,000 cases.

``python -m tests.bench.centres_bench [DATABASE_URL]``: 95 of 100 answers within 250 ms, each page
asked for with other arguments every time. The demo's rows are copied inside the database, so every
state is there in the demo's proportions.
"""

import logging
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import structlog
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from marketplace import create_app
from marketplace.db import Database, make_engine
from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import (
    Acceptance,
    CaseStudy,
    CaseVersion,
    ChangeNotice,
    Dispute,
    Milestone,
    Project,
    Provider,
    Quota,
    Rating,
    RoleGrant,
    User,
)
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.settings import Settings
from tests.support import server
from tests.support.browser_like import BrowserLike
from tests.support.bulk_market import COPIED, multiply

PROVIDERS, CONTRACTS, CASES = 400, 3_000, 20_000
CONTRACT = (Project, Milestone, ChangeNotice, Acceptance, Dispute, Rating)
CASE = (CaseStudy, CaseVersion)
ASKED = 40
MOST_MS = 250.0

PAGES: dict[str, tuple[str, ...]] = {
    "": ("/cases?page={n}", "/cases?segment=home_appliance&q=排产&page={n}", "/providers?page={n}"),
    "owner": ("/p", "/p/projects?page={n}", "/p/cases?page={n}", "/p/products", "/p/inquiries"),
    "enterprise": ("/me", "/me/projects?page={n}", "/me/favourites", "/me/inquiries"),
    "district": ("/work/projects?phase=filing&page={n}", "/tasks", "/work/memberships?page={n}"),
    "officer": (
        "/work", "/work/projects?page={n}", "/work/cases?page={n}", "/work/cases?phase=published",
        "/work/memberships?page={n}", "/work/changes", "/work/inquiries", "/work/proceedings",
        "/work/evaluations", "/tasks", "/work/find?q=数字&part=1",
    ),
}  # fmt: skip


def grow(database: Database) -> None:
    """The demo's market, copied until it has the size."""
    with database.unit_of_work() as session:
        for quota in session.scalars(select(Quota)):
            quota.cap = None

        def times(model: type, wanted: int) -> int:
            return -(-wanted // (session.scalar(select(func.count()).select_from(model)) or 1))

        multiply(session, times(Provider, PROVIDERS), (*COPIED, *CONTRACT, CaseVersion))
        multiply(session, times(Project, CONTRACTS), CONTRACT)
        multiply(session, times(CaseStudy, CASES), CASE)
        for model in (Provider, Project, CaseStudy):
            count = session.scalar(select(func.count()).select_from(model))
            print(f"{model.__tablename__}: {count}")


def signed_in(app: Flask, person: str) -> BrowserLike:
    """A browser of one of the demo's people; a visitor for an empty name."""
    client = app.test_client()
    assert isinstance(client, BrowserLike)
    if person:
        with app.extensions["database"].unit_of_work() as session:
            query = select(User).where(User.login == f"{person}@demo.example")
            query = query.options(selectinload(User.grants).joinedload(RoleGrant.organisation))
            user = session.scalars(query).one()
            opened = sessions.open_session(
                session, user, list(user.grants), Device("127.0.0.1", "bench")
            )
        client.use_session(opened.token)
    return client


def measure(client: BrowserLike, page: str) -> tuple[float, float]:
    """Median and 95th percentile of its answers, in milliseconds."""
    took = []
    for number in range(1, ASKED + 1):
        start = perf_counter()
        answer = client.get(page.format(n=number % 10 + 1))
        took.append((perf_counter() - start) * 1000)
        if answer.status_code >= 400:
            raise SystemExit(f"{page} answers {answer.status_code}")
    return median(took), quantiles(took, n=20)[-1]


def main(url: str = "") -> None:
    """Print the table; exit with 1 when a page is too slow."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = {"DATABASE_URL": url} if url else {}
        server.run(folder, "db", "upgrade", **given)
        server.run(folder, "seed", "demo", **given)
        settings = Settings.from_env(
            {"MARKETPLACE_MODE": "demo", "MARKETPLACE_DATA": name, "SEMANTIC": "off", **given}
        )
        database = Database(make_engine(settings.database_url))
        grow(database)
        app = create_app(settings)
        app.test_client_class = BrowserLike
        rebuild_index(app.extensions["search"], database)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        slow = []
        for person, pages in PAGES.items():
            client = signed_in(app, person)
            for page in pages:
                middle, high = measure(client, page)
                print(f"{person or 'visitor':<11} {page:<45} p50 {middle:6.1f}  p95 {high:6.1f} ms")
                if high > MOST_MS:
                    slow.append(page)
    if slow:
        raise SystemExit(f"slower than {MOST_MS:.0f} ms: {', '.join(slow)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
