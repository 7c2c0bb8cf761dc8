"""A city's year: 400 places, 3,000 contracts, two cycles.

Freeze and compute in at most 2 s; pages at p95 ≤ 250 ms; as many queries for few places as for all.
``python -m tests.bench.evaluation_bench [PLACES] [CONTRACTS] [--engine sqlite|postgresql]``: both
engines unless one is named. PostgreSQL is a server of its own that keeps fsync on.
"""

import argparse
import gc
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import structlog
from flask import Flask
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from marketplace import clock, create_app
from marketplace.bulk import insert_rows
from marketplace.db import Database, make_engine
from marketplace.migrate import upgrade
from marketplace.models import (
    Acceptance,
    EvaluationCycle,
    EvaluationSheet,
    IndicatorValue,
    Membership,
    Milestone,
    Organisation,
    Project,
    Provider,
    Quota,
    Rating,
    Round,
)
from marketplace.permissions import SYSTEM
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.services.evaluation import cycles
from marketplace.services.evaluation.cycles import Opening
from marketplace.services.upkeep import seeding
from tests import factories
from tests.bench.market import SEGMENTS, settings_for
from tests.support.browser_like import BrowserLike
from tests.support.postgres import Cluster
from tests.support.statements import recorded

AT = datetime(2026, 5, 6, 2, tzinfo=UTC)
HALVES = (("2025年下半年", date(2025, 7, 1), date(2025, 12, 31)),
          ("2026年上半年", date(2026, 1, 1), date(2026, 6, 30)))  # fmt: skip
ASKED = 40
Fresh = Callable[[], AbstractContextManager[tuple[Path, str]]]
"""Gives a data folder and the URL of an empty database, for as long as the block."""


def rows(session: Session, model: type[Any], records: list[dict[str, Any]]) -> None:
    insert_rows(session, cast("Table", model.__table__), records)


def city(session: Session, places: int, contracts: int) -> Round:
    """Listed places with products and cases, and filed contracts with all that hangs on them."""
    seeding.seed_calendar(session)
    round_ = factories.make_round(session)
    for quota in session.query(Quota):
        quota.cap = None
    enterprise = factories.make_organisation(session, kind="enterprise")
    lab = factories.make_organisation(session, kind="third_party")
    found: list[Membership] = []
    for number in range(places):
        provider = factories.make_provider(session)
        segment = SEGMENTS[number % 4]
        factories.make_product(session, provider, segments=[segment], ip_no="2026SR1")
        factories.make_case(session, provider, segment=segment)
        found.append(factories.make_membership(session, round_, provider, segment=segment))
    plain = {"state": "accepted", "phase": "accepted", "state_since": AT}
    rows(session, Project, [
        {
            "title": f"项目{n}", "provider_id": found[n % places].provider_id,
            "enterprise_id": enterprise.id, "membership_id": found[n % places].id,
            "segment": found[n % places].segment, "contract_no": f"HT-{n}", **plain,
            "list_price_cny": Decimal(50), "pilot_price_cny": Decimal(40),
            "contract_price_cny": Decimal(38), "signed_on": date(2026, 1, 5),
            "starts_on": date(2026, 1, 6), "ends_on": date(2026, 6, 6),
            "filed_on": date(2026, 2, 1), "accepted_on": date(2026, 6, 1), "evaluator_id": lab.id,
        }
        for n in range(contracts)
    ])  # fmt: skip
    projects = session.execute(select(Project.id, Project.provider_id)).all()
    rows(session, Milestone, [
        {
            "project_id": id_, "seq": seq, "name": f"阶段{seq}", "due_on": date(2026, 5, 6),
            "state": "confirmed", "phase": "confirmed", "state_since": AT,
        }
        for id_, _ in projects
        for seq in (1, 2, 3)
    ])  # fmt: skip
    rows(session, Acceptance, [
        {
            "project_id": id_, "evaluator_id": lab.id, "level_before": 1, "level_after": 2,
            "passed": True, "evaluated_on": date(2026, 6, 1), "state": "passed",
            "phase": "passed", "state_since": AT,
        }
        for id_, _ in projects
    ])  # fmt: skip
    scores = {"quality": 4, "delivery": 5, "service": 4, "effect": 4, "price": 4}
    rows(session, Rating, [
        {
            "project_id": id_, "provider_id": provider, "scores": scores, "created_at": AT,
            "replied_at": None, "text_hidden_at": None,
        }
        for id_, provider in projects
    ])  # fmt: skip
    return round_


def judged(session: Session, cycle: EvaluationCycle, user_id: int) -> None:
    """Points of everybody, so that sheets are whole."""
    sheets = session.scalars(
        select(EvaluationSheet.id).where(EvaluationSheet.cycle_id == cycle.id)
    ).all()
    given = (("D2-3", "third_party", 6, 8, None), ("D3-2", "district", 4, 5, None),
             ("D4-3", "district", None, None, Decimal(2)))  # fmt: skip
    rows(session, IndicatorValue, [
        {
            "sheet_id": sheet, "indicator": indicator, "rater": rater, "numerator": good,
            "denominator": of, "n": 1, "points": points, "justification": "核对",
            "evaluator_id": user_id, "evaluator_name": "评价人",
        }
        for sheet in sheets
        for indicator, rater, good, of, points in given
    ])  # fmt: skip


def run_cycle(session: Session, round_: Round, which: int, user_id: int) -> tuple[float, float]:
    """Open, freeze, judge, show, publish; answers seconds and CPU seconds of the freeze."""
    label, since, until = HALVES[which]
    cycle = cycles.open_cycle(
        session, SYSTEM, Opening(round=round_, label=label, period_from=since, period_until=until)
    )
    start = time.perf_counter(), time.process_time()
    cycles.freeze(session, SYSTEM, cycle, cycle.version)
    took = time.perf_counter() - start[0], time.process_time() - start[1]
    judged(session, cycle, user_id)
    cycles.show(session, SYSTEM, cycle, cycle.version, incomplete=True)
    cycle.objections_until = clock.now() - timedelta(seconds=1)
    session.flush()
    cycles.publish(session, SYSTEM, cycle, cycle.version, {"document_no": "1"})
    return took


def build(
    folder: Path, url: str, places: int, contracts: int
) -> tuple[Flask, dict[str, BrowserLike], tuple[float, float]]:
    """A city with two cycles, browsers of an officer and a provider, and the slower freeze."""
    settings = replace(settings_for(folder), database_url=url)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    database = Database(engine)
    with database.unit_of_work() as session:
        round_ = city(session, places, contracts)
        user = factories.make_user(session)
        took = max(run_cycle(session, round_, which, user.id) for which in (0, 1))
        firm = session.scalars(
            select(Organisation)
            .join(Provider, Provider.organisation_id == Organisation.id)
            .join(Membership, Membership.provider_id == Provider.id)
            .order_by(Membership.id)
        ).first()
        people = {
            "city": (Role.CITY_OFFICER, None),
            "owner": (Role.PROVIDER_OWNER, firm),
        }
        tokens = {}
        for name, (role, home) in people.items():
            who = factories.make_user(session)
            grant = factories.make_grant(session, who, role, home)
            tokens[name] = sessions.open_session(session, who, [grant], Device()).token
    app = create_app(settings)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    app.test_client_class = BrowserLike
    browsers = {}
    for name, token in tokens.items():
        client = app.test_client()
        assert isinstance(client, BrowserLike)
        client.use_session(token)
        browsers[name] = client
    return app, browsers, took


PAGES = (
    ("city", "/work/evaluations"), ("city", "/work/evaluations/2"),
    ("city", "/work/evaluations/2?grade=good&page=2"), ("city", "/work/evaluations/2/publish"),
    ("city", "/work/evaluations/sheets/{last}"),
    ("city", "/work/what-if?cycle=2&try=1&min_good=85"),
    ("owner", "/p/evaluations"), ("owner", "/p/evaluations/{first}"),
)  # fmt: skip


def measure(
    app: Flask, browsers: dict[str, BrowserLike], places: int
) -> dict[str, tuple[int, float, float]]:
    """Queries, p95 in milliseconds, and p95 of CPU of each page."""
    gc.collect()
    gc.freeze()  # what the bench itself has built is no part of a server
    found: dict[str, tuple[int, float, float]] = {}
    engine = app.extensions["database"].engine
    for who, path in PAGES:
        url = path.format(first=places + 1, last=2 * places)
        times, cpu = [], []
        for _ in range(ASKED):
            with recorded(engine) as statements:
                start = time.perf_counter(), time.process_time()
                answer = browsers[who].get(url)
                times.append((time.perf_counter() - start[0]) * 1000)
                cpu.append((time.process_time() - start[1]) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"{url} answers {answer.status_code}")
        queries = sum(text.lstrip().upper().startswith("SELECT") for text in statements)
        late = int(ASKED * 0.95) - 1
        found[path] = (queries, sorted(times)[late], sorted(cpu)[late])
    return found


def run(fresh: Fresh, places: int, contracts: int) -> None:
    """Print what a city of this size costs on one engine, beside one of 35 places."""
    with fresh() as (folder, url):
        app, browsers, _ = build(folder, url, 35, 200)
        few = measure(app, browsers, 35)
        app.extensions["database"].engine.dispose()
    with fresh() as (folder, url):
        app, browsers, took = build(folder, url, places, contracts)
        many = measure(app, browsers, places)
        app.extensions["database"].engine.dispose()
    print(
        f"freeze and compute, {places} places, {contracts} contracts: {took[0]:.2f} s (≤ 2)"
        f", {took[1]:.2f} s of CPU"
    )
    for path, (queries, p95, cpu) in many.items():
        print(
            f"{path}: p95 {p95:.0f} ms (≤ 250), {cpu:.0f} ms of CPU, "
            f"{queries} queries, {few[path][0]} with 35 places"
        )


@contextmanager
def on_sqlite() -> Iterator[tuple[Path, str]]:
    """A data folder with a new file."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name), f"sqlite:///{name}/pool.db"


@contextmanager
def on_postgresql(cluster: Cluster) -> Iterator[tuple[Path, str]]:
    """A data folder, and a new database of the server."""
    with tempfile.TemporaryDirectory() as name, cluster.database() as url:
        yield Path(name), url


def main() -> None:
    """Run on the chosen engines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("places", nargs="?", type=int, default=400)
    parser.add_argument("contracts", nargs="?", type=int, default=3000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    if given.engine in (None, "sqlite"):
        print("SQLite", flush=True)
        run(on_sqlite, given.places, given.contracts)
    if given.engine in (None, "postgresql"):
        print("PostgreSQL", flush=True)
        cluster = Cluster(durable=True)
        cluster.start()
        try:
            run(lambda: on_postgresql(cluster), given.places, given.contracts)
        finally:
            cluster.remove()


if __name__ == "__main__":
    main()
