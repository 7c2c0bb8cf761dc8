"""A virus scanner that speaks clamd's INSTREAM: ``clamd:///run/clamd.sock`` or ``clamd://host:port``.

Without an address nothing is scanned. With one, nothing is served before the scanner saw it (S75).
"""

import socket
import struct
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from marketplace.models.files import CLEAN, INFECTED, NOT_SCANNED, PENDING

TIMEOUT_SECONDS = 30
CHUNK = 64 * 1024
DEFAULT_PORT = 3310


class Scanner:
    """Asks the scanner at ``url``; an empty one means that there is none."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        if url and self._url.scheme != "clamd":
            raise ValueError(f"SCANNER_URL {url!r}: only clamd:///socket and clamd://host:port")
        self.on = bool(url)

    def scan(self, path: Path) -> str:
        """``off``, ``clean``, ``infected``; ``pending`` when the scanner cannot be asked."""
        if not self.on:
            return NOT_SCANNED
        try:
            answer = self._ask(path)
        except OSError:
            return PENDING
        if answer.endswith("FOUND"):
            return INFECTED
        return CLEAN if answer.endswith(": OK") else PENDING

    def _ask(self, path: Path) -> str:
        with closing(self._connect()) as server, path.open("rb") as file:
            server.sendall(b"zINSTREAM\0")
            while chunk := file.read(CHUNK):
                server.sendall(struct.pack("!I", len(chunk)) + chunk)
            server.sendall(struct.pack("!I", 0))
            answer = b""
            while not answer.endswith(b"\0"):
                part = server.recv(4096)
                if not part:
                    break
                answer += part
        return answer.rstrip(b"\0").decode("utf-8", "replace").strip()

    def _connect(self) -> socket.socket:
        if self._url.hostname:
            place = (self._url.hostname, self._url.port or DEFAULT_PORT)
            return socket.create_connection(place, timeout=TIMEOUT_SECONDS)
        server = socket.socket(socket.AF_UNIX)
        server.settimeout(TIMEOUT_SECONDS)
        try:
            server.connect(unquote(self._url.path))
        except OSError:
            server.close()
            raise
        return server
