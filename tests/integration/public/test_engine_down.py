"""E20–E22 on the pages: a search server that refuses, hangs or is overloaded costs nobody a page.

Real sockets stand in for the server; that it heals is tested against a real one elsewhere.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from marketplace import create_app
from marketplace.services.upkeep import seeding
from marketplace.settings import Settings
from tests.support.browser_like import BrowserLike
from tests.support.market import fill
from tests.support.pages import Page
from tests.support.server import free_port
from tests.support.timing import SLACK

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOTICE = "搜索暂时不可用"
LISTS = ("/providers?q=排产&segment=home_appliance", "/products", "/cases?q=看板&page=2")
SLOW = 0.4 * SLACK  # seconds, with the breaker open
CALLS = 3
PROBE_SECONDS = 5
PROBE_WAIT = 0.3


Trouble = tuple[int, list[float]]
"""A port, and when somebody came."""


@contextmanager
def refusing() -> Iterator[Trouble]:
    """Nobody listens."""
    yield free_port(), []


@contextmanager
def hanging() -> Iterator[Trouble]:
    """Connections are taken and never answered, as of a stopped process."""
    came: list[float] = []
    held: list[socket.socket] = []

    def take() -> None:
        with suppress(OSError):
            while True:
                held.append(server.accept()[0])
                came.append(time.monotonic())

    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield server.getsockname()[1], came
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in (server, *held):
            connection.close()


def answering(status: int) -> Callable[[], AbstractContextManager[Trouble]]:
    """Every request is answered with ``status``, as by an overloaded cluster."""
    came: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            came.append(time.monotonic())
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b'{"error": {"type": "overloaded", "reason": "x"}, "status": %d}' % status
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    @contextmanager
    def serve() -> Iterator[Trouble]:
        came.clear()
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, came
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return serve


TROUBLES = {
    "refused": refusing, "hung": hanging, "429": answering(429), "503": answering(503),
}  # fmt: skip


@pytest.fixture(params=TROUBLES)
def app(request, settings: Settings) -> Iterator[Flask]:
    """The application on a full database, with a search server in trouble."""
    with TROUBLES[request.param]() as (port, came):
        app = create_app(replace(settings, search_url=f"http://127.0.0.1:{port}/pool"))
        app.test_client_class = BrowserLike
        with app.extensions["database"].unit_of_work() as session:
            seeding.seed_vocabulary(session)
            fill(session, 30)
        app.extensions["came"] = came
        yield app
        app.extensions["search"].close()
        app.extensions["database"].engine.dispose()


def timed(client: BrowserLike, path: str):
    started = time.perf_counter()
    answer = client.get(path)
    return answer, time.perf_counter() - started


def test_pages_stay_whole_and_quick_and_say_so(app, client):
    first = [client.get(path).status_code for path in ("/", *LISTS)]
    assert first == [200] * 4
    came = app.extensions["came"]
    before, started = len(came), time.monotonic()
    # Three calls open the breaker; after that nobody waits, and one probe in five seconds asks.
    assert before <= CALLS
    took = []
    for path in (*LISTS, "/") * 5:
        answer, seconds = timed(client, path)
        took.append(seconds)
        assert answer.status_code == 200
        if path != "/":
            page = Page(answer)
            assert NOTICE in page.main
            assert page.total > 5
    assert len(came) - before <= 1 + (time.monotonic() - started) / PROBE_SECONDS
    assert sorted(took)[len(took) // 2] < SLOW
    check_suggestions_and_feeds(client)


def check_suggestions_and_feeds(client: BrowserLike) -> None:
    answer, seconds = timed(client, "/suggest?q=排产")
    assert (answer.status_code, answer.json) == (200, {"items": [], "notice": NOTICE})
    assert seconds < SLOW + PROBE_WAIT
    feed, seconds = timed(client, "/providers.rss?segment=home_appliance")
    assert (feed.status_code, feed.data.count(b"<item>") > 5) == (200, True)
    assert seconds < SLOW + PROBE_WAIT
    # What the database cannot answer stays open, and says so.
    words, seconds = timed(client, "/providers.rss?q=排产")
    assert (words.status_code, words.data.count(b"<item>")) == (200, 0)
    assert NOTICE in words.text
    assert seconds < SLOW + PROBE_WAIT
