"""One HTTP POST to an address outside, as narrow as it can be (S18).

The standard library's client and nothing around it: it follows no redirect, reads no proxy from
the environment, keeps no connection and tries nothing twice. A timer cuts the connection off, so
that an answer which drips byte by byte ends in time as well.
"""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from marketplace.settings import DEFAULT_PORTS

MOST_BYTES = 4096
NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Control characters; PostgreSQL keeps no NUL."""
GONE = 410


@dataclass(frozen=True)
class Answer:
    """What came of a try: the ``status`` (None = no answer), the first part of the answer, what
    went wrong in words, and how long it took in milliseconds."""

    status: int | None
    text: str
    error: str
    took: int

    @property
    def delivered(self) -> bool:
        """Whether the receiver confirmed."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
    """Send ``body``; everything together takes at most ``timeout`` seconds. Raises nothing that
    the network or the receiver can bring about."""
    began = time.monotonic()
    status, text, error = None, "", ""
    try:
        with _connected(url, timeout) as connection:
            connection.request("POST", _target(url), body, dict(headers))
            response = connection.getresponse()
            status = response.status
            text = response.read(MOST_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError) as failure:
        late = time.monotonic() - began >= timeout
        error = f"{timeout:g} 秒内没有应答" if late else _words(failure)
    if status is not None:  # the receiver has decided; the rest of its answer is only shown
        error = "" if 200 <= status < 300 else _refusal(status)
    return Answer(status, NOT_SHOWN.sub("", text), error, round((time.monotonic() - began) * 1000))


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@contextmanager
def _connected(url: str, timeout: float) -> Iterator[http.client.HTTPConnection]:
    """A connection with a socket of its own, which the timer can reach from the first byte."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    connection = http.client.HTTPConnection(host, port)
    # A default port is left out of the Host header, as the specification of HTTP has it.
    connection.default_port = DEFAULT_PORTS[parts.scheme]
    open_: list[socket.socket] = []
    timer = threading.Timer(timeout, _cut, [open_])
    timer.daemon = True
    timer.start()
    try:
        plain = _open(host, port, time.monotonic() + timeout)
        open_.append(plain)
        connection.sock = plain
        if parts.scheme == "https":
            tls = ssl.create_default_context().wrap_socket(
                plain, server_hostname=host, do_handshake_on_connect=False
            )
            open_[0] = tls
            connection.sock = tls
            tls.do_handshake()
        yield connection
    finally:
        timer.cancel()
        connection.close()
        for one in open_:
            one.close()


def _open(host: str, port: int, until: float) -> socket.socket:
    """The first address of the host that answers; all of them together have until ``until``."""
    failure: OSError = TimeoutError()
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        numeric = str(address[0])
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((numeric, port), left)
        except OSError as error:
            failure = error
    raise failure


def _cut(open_: list[socket.socket]) -> None:
    for one in open_:
        try:
            # Not the method of a TLS socket, which would take its state away from the reader.
            socket.socket.shutdown(one, socket.SHUT_RDWR)
        except OSError:
            continue  # it has ended by itself


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"对方要求转到别处（{status}），不跟随"
    return f"对方返回 {status}"


def _words(failure: Exception) -> str:
    known: tuple[tuple[type[Exception], str], ...] = (
        (ssl.SSLCertVerificationError, "对方的证书不可信"),
        (ssl.SSLError, "加密连接失败"),
        (socket.gaierror, "找不到这个主机"),
        (ConnectionRefusedError, "对方拒绝连接"),
        (http.client.HTTPException, "对方的应答不是 HTTP"),
    )
    words = next((text for kind, text in known if isinstance(failure, kind)), "连接中断")
    return f"{words}（{type(failure).__name__}）"
