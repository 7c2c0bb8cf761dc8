"""E20: without the engine, lists of 100,000 things still come quickly from the database."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import pytest
from flask import Flask

from tests.support import market
from tests.support.bulk_market import multiply
from tests.support.pages import Page

PATHS = (
    "/providers", "/providers?district=370202", "/products", "/products?q=排产&page=50",
    "/products?segment=home_appliance", "/cases", "/cases?segment=home_appliance&page=9",
)  # fmt: skip
FIRMS = 60
COPIES = 330
ROUNDS = 6
SECONDS = 0.4


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Flask]:
    """A large market whose index is gone."""
    folder = tmp_path_factory.mktemp("large")
    app, _ = market.standing(folder, sqlite_template, FIRMS)
    database = app.extensions["database"]
    with database.unit_of_work() as session:
        multiply(session, COPIES)
    app.extensions["search"].close()
    shutil.rmtree(folder / "index")
    yield app
    database.engine.dispose()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_e20_lists_of_a_large_pool_come_from_the_database(app: Flask) -> None:
    """Seconds of the processor: nothing in such a page waits for anything else."""
    client = app.test_client()
    totals, seconds = dict[str, int](), list[float]()
    for _ in range(ROUNDS):
        for path in PATHS:
            start = time.process_time()
            answer = client.get(path)
            seconds.append(time.process_time() - start)
            page = Page(answer)
            assert page.status == 200 and "搜索暂时不可用" in page.main
            totals[path] = page.total
    assert totals["/providers"] + totals["/products"] + totals["/cases"] > 100_000
    print(f"median {quantiles(seconds, n=2)[0]:.3f} s, p95 {quantiles(seconds, n=20)[-1]:.3f} s")
    assert quantiles(seconds, n=20)[-1] <= SECONDS
