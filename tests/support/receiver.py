"""A system outside that is told by webhooks: a real HTTP server of this process."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson


@dataclass
class Got:
    """One request: its path, headers in lower case, and body as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found


@dataclass
class Receiver:
    """``statuses`` are answered in turn, the last one again and again; ``headers`` and ``text``
    with each. While ``open`` is not set, a request waits for it. ``drip``: bytes of an endless
    answer, one every 50 ms, instead of all that."""

    origin: str = ""
    got: list[Got] = field(default_factory=list)
    statuses: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    text: bytes = b""
    drip: bytes = b""
    open: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.got]

    @property
    def kinds(self) -> list[str]:
        return [one.json["type"] for one in self.got]

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def receiving(certificate: Path | None = None, **given: Any) -> Iterator[Receiver]:
    """A receiver on a free port of the loopback; by default it confirms everything. With a
    ``certificate`` (key in the same file) it speaks TLS."""
    receiver = Receiver(**given)
    receiver.open.set()
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            receiver.got.append(Got(self.path, headers, body))
            receiver.arrived.release()
            receiver.open.wait(20)
            try:
                self.answer()
            except OSError:
                return  # the sender has gone

        def answer(self) -> None:
            while receiver.drip and not stopped.wait(0.05):
                self.wfile.write(receiver.drip)
                self.wfile.flush()
            self.send_response(receiver.next_status())
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *about: None  # type: ignore[method-assign]  refused ones
    scheme = "http" if certificate is None else "https"
    receiver.origin = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        stopped.set()
        receiver.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
