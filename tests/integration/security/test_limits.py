"""Counters in the database: exact for any number of workers (S23, S77)."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from limits import parse
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import text

from marketplace.db import Database, make_engine
from marketplace.services.accounts import lockout
from marketplace.web.limits import READS, SqlStorage
from tests.support import warm
from tests.support.counts import count

RULE = parse("20/minute")
TRIES = count(test=120, soak=2000)


def _knock(url: str, tries: int) -> tuple[int, int]:
    """What one worker lets in: hits of the door, and passwords to be checked."""
    database = Database(make_engine(url))
    limiter = FixedWindowRateLimiter(SqlStorage(database))
    allowed = sum(limiter.hit(RULE, "door") for _ in range(tries))
    checked = sum(
        database.run(lambda session: lockout.reserve(session, "one@test.example")).allowed
        for _ in range(tries)
    )
    database.engine.dispose()
    return allowed, checked


def test_s77_threads_share_one_count(engine):
    limiter = FixedWindowRateLimiter(SqlStorage(Database(engine)))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: limiter.hit(RULE, "door"), range(TRIES)))
    assert sum(answers) == RULE.amount
    assert limiter.storage.get(RULE.key_for("door")) == TRIES


def test_s77_s23_processes_share_one_count(database_url):
    """Four workers allow exactly what one would: 20 hits, and 5 passwords to be checked."""
    with ProcessPoolExecutor(4, mp_context=warm.context()) as workers:
        counted = list(workers.map(_knock, [database_url] * 4, [15] * 4))
    totals = [sum(numbers) for numbers in zip(*counted, strict=True)]
    assert totals == [RULE.amount, lockout.FAILURES]


def test_a_window_ends(engine):
    limiter = FixedWindowRateLimiter(SqlStorage(Database(engine)))
    with time_machine.travel("2026-03-02T01:00:00Z", tick=False) as now:
        assert [limiter.hit(RULE, "door") for _ in range(21)] == [True] * 20 + [False]
        assert limiter.get_window_stats(RULE, "door").remaining == 0
        now.shift(timedelta(seconds=59))
        assert not limiter.hit(RULE, "door")
        assert limiter.hit(RULE, "other door")
        now.shift(timedelta(seconds=1))
        assert limiter.hit(RULE, "door")


def test_giving_back_never_goes_below_nothing(engine):
    storage = SqlStorage(Database(engine))
    assert [storage.incr("key", 60, amount) for amount in (1, -1, -1, 1)] == [1, 0, 0, 1]


def break_counters(database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(text("DROP TABLE rate_counters"))


def test_s77_login_stays_shut_when_counting_fails(app, client, database):
    break_counters(database)
    answer = client.post("/login", data={"login": "a@test.example", "password": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_s77_pages_stay_open_when_counting_fails(app, client, database):
    break_counters(database)
    assert client.get("/login").status_code == 200
    assert client.get("/cases").status_code == 200
    assert client.post("/login/code", data={"code": "1"}).status_code == 303


def test_visitors_forms_are_limited_by_address(client):
    answers = [client.post("/login/code", data={"code": "1"}) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [303] * 60 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    elsewhere = client.post(
        "/login/code", data={"code": "1"}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )
    assert elsewhere.status_code == 303


FEEDS = ("/providers.rss", "/products.rss", "/cases.rss", "/notices.rss")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_suggestions_and_feeds_are_limited_by_address(app, client):
    reads, here = app.extensions["reads"], "127.0.0.1"
    with time_machine.travel("2026-03-02T01:00:00Z", tick=False) as now:
        for name, rule in READS.items():
            assert {reads.wait(name, here) for _ in range(rule.amount - 1)} == {0}
        typing = client.get("/suggest?q=", headers={"Accept": "application/json"})
        assert (typing.status_code, typing.json["items"]) == (200, [])
        assert client.get("/notices.rss").status_code == 200
        refused = client.get("/suggest?q=海", headers={"Accept": "application/json"})
        assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
        assert (refused.headers["Retry-After"], refused.json["code"]) == ("60", "too_many_requests")
        for path in FEEDS:
            answer = client.get(path)
            assert (answer.status_code, answer.mimetype) == (429, "text/html")
            assert answer.headers["Retry-After"] == "600"
            assert "操作太频繁，请稍后再试。" in answer.text
        elsewhere = {"REMOTE_ADDR": "192.0.2.1"}
        assert client.get("/suggest?q=", environ_base=elsewhere).status_code == 200
        now.shift(timedelta(seconds=60))
        assert client.get("/suggest?q=").status_code == 200
        assert client.get("/notices.rss").status_code == 429


def test_control_counters_in_memory_multiply_by_workers():
    """What the database saves us from: each worker of an in-memory limiter allows the whole."""
    script = (
        "from limits import parse\nfrom limits.storage import MemoryStorage\n"
        "from limits.strategies import FixedWindowRateLimiter as F\nl = F(MemoryStorage())\n"
        "print(sum(l.hit(parse('20/minute'), 'door') for _ in range(30)))"
    )
    counts = [
        int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
        for _ in range(2)
    ]
    assert sum(counts) == 2 * RULE.amount


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_s79_statement_timeouts(engine_name, request):
    """Connections of the web are cut off, and say so."""
    cluster = request.getfixturevalue("postgres")
    with cluster.database(request.getfixturevalue("postgres_template")) as url:
        engine = make_engine(url)
        with engine.connect() as connection:
            shown = {
                name: connection.execute(text(f"SHOW {name}")).scalar_one()
                for name in (
                    "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
                )
            }  # fmt: skip
        engine.dispose()
        assert shown == {
            "statement_timeout": "5s", "lock_timeout": "3s",
            "idle_in_transaction_session_timeout": "10s",
        }  # fmt: skip
        quick = make_engine(url, statement_timeout_ms=200)
        with quick.connect() as connection, pytest.raises(Exception, match="statement timeout"):
            connection.execute(text("SELECT pg_sleep(10)"))
        quick.dispose()
