"""E20–E22 on the pages: a search server that refuses, hangs or is overloaded costs nobody a page.

Real sockets stand in for the server; that it heals is tested against a real one elsewhere.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from marketplace import create_app
from marketplace.services import seeding
from marketplace.settings import Settings
from tests.support.browser_like import BrowserLike
from tests.support.market import fill
from tests.support.pages import Page
from tests.support.server import free_port

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOTICE = "搜索暂时不可用"
LISTS = ("/providers?q=排产&segment=home_appliance", "/products", "/cases?q=看板&page=2")
SLOW = 0.4  # seconds, with the breaker open
HUNG = 1.1
CALLS = 3


@contextmanager
def refusing() -> Iterator[int]:
    """Nobody listens."""
    yield free_port()


@contextmanager
def hanging() -> Iterator[int]:
    """Connections are taken and never answered, as of a stopped process."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=100)) as server:
        yield server.getsockname()[1]


def answering(status: int) -> Callable[[], Iterator[int]]:
    """Every request is answered with ``status``, as by an overloaded cluster."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
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
    def serve() -> Iterator[int]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
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
    with TROUBLES[request.param]() as port:
        app = create_app(replace(settings, search_url=f"http://127.0.0.1:{port}/pool"))
        app.test_client_class = BrowserLike
        with app.extensions["database"].unit_of_work() as session:
            seeding.seed_vocabulary(session)
            fill(session, 30)
        yield app
        app.extensions["search"].close()
        app.extensions["database"].engine.dispose()


def timed(client: BrowserLike, path: str):
    started = time.perf_counter()
    answer = client.get(path)
    return answer, time.perf_counter() - started


def test_pages_stay_whole_and_quick_and_say_so(app, client):
    first = [timed(client, path) for path in ("/", *LISTS)]
    # Three calls of a second open the breaker; after that nobody waits.
    assert sum(seconds for _, seconds in first) < CALLS * HUNG + 4 * SLOW
    assert [answer.status_code for answer, _ in first] == [200] * 4
    took = []
    for path in (*LISTS, "/") * 5:
        answer, seconds = timed(client, path)
        took.append(seconds)
        assert answer.status_code == 200
        if path != "/":
            page = Page(answer)
            assert NOTICE in page.main
            assert page.total > 5
    assert sorted(took)[int(len(took) * 0.95) - 1] < SLOW


def test_suggestions_and_feeds_degrade_too(app, client):
    for path in LISTS:
        client.get(path)
    answer, seconds = timed(client, "/suggest?q=排产")
    assert (answer.status_code, answer.json) == (200, {"items": [], "notice": NOTICE})
    assert seconds < SLOW
    feed, seconds = timed(client, "/providers.rss?segment=home_appliance")
    assert (feed.status_code, feed.data.count(b"<item>") > 5) == (200, True)
    assert seconds < SLOW
    # What the database cannot answer is refused: nothing found would not be true.
    refused = client.get("/providers.rss?q=排产")
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (503, True)
