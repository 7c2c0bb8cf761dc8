"""A small HTTP proxy in front of a real server, which can be told to answer badly."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Proxy:
    """``fault``: None passes everything on; a number is the status of every answer; ``partial``
    says in every search answer that a shard failed; ``lost`` passes everything on, and breaks the
    connection in place of every other answer.
    """

    def __init__(self, target: str) -> None:
        self.fault: int | str | None = None
        self.target = urlsplit(target)
        self.requests = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.requests += 1
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = proxy.answer(
                    self.command, self.path, dict(self.headers), body
                )
                if proxy.fault == "lost" and proxy.requests % 2:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_: object) -> None:
                """Tests print nothing."""

        return Handler

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """The server's answer, or what the fault makes of it."""
        kind = {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"}
        if isinstance(self.fault, int):
            error = {"error": {"type": "overloaded"}, "status": self.fault}
            return self.fault, kind, json.dumps(error).encode()
        connection = http.client.HTTPConnection(str(self.target.netloc), timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if self.fault == "partial" and "search" in path:
            whole = json.loads(answer)
            for part in whole.get("responses", [whole]):
                part["_shards"]["failed"] = 1
                part["hits"] = {"total": {"value": 0, "relation": "eq"}, "hits": []}
            answer = json.dumps(whole).encode()
        kept = {name: each for name, each in response.getheaders() if name.lower() not in HOP}
        return response.status, kept, answer


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """A running proxy in front of ``target`` (scheme, host and port)."""
    proxy = Proxy(target)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
        thread.join()
