"""Static files under names that carry their hash, compressed beforehand and served for ever.

``build`` is what ``marketplace static build`` runs; ``StaticFiles`` also runs it at start, because
finding everything already built costs a few milliseconds. Old names stay: a page that was opened
before an update still finds its files.
"""

import gzip
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SOURCE = Path(__file__).resolve().parent / "static"
PREFIX = "/static/"
COMPRESSED = frozenset({".css", ".js", ".svg"})
HASHED_NAME = re.compile(r"\.[0-9a-f]{12}\.[a-z]+$")
OUTSIDE_REFERENCE = re.compile(rb"url\((?!\s*[\"']?data:)|@import")
FOREVER = 31_536_000  # seconds


class BrokenStatic(Exception):
    """A style sheet names another file, whose hashed name it cannot know."""


def build(source: Path, target: Path) -> dict[str, str]:
    """Copy ``source`` to ``target`` as ``name.<hash>.ext`` plus ``.gz``; safe to repeat.

    Returns the manifest {"css/theme.css": "css/theme.1a2b3c4d5e6f.css"}. Raises ``BrokenStatic``.
    """
    manifest: dict[str, str] = {}
    for path in sorted(source.rglob("*")):
        if path.is_dir() or path.suffix == ".md":
            continue
        content = path.read_bytes()
        name = path.relative_to(source).as_posix()
        if path.suffix == ".css" and OUTSIDE_REFERENCE.search(content):
            raise BrokenStatic(f"{name}: only data: addresses are allowed in url(), and no @import")
        manifest[name] = _hashed(name, content)
        _write(target / manifest[name], content)
        packed = target / f"{manifest[name]}.gz"
        if path.suffix in COMPRESSED and not packed.exists():
            _write(packed, gzip.compress(content, 9, mtime=0))
    return manifest


def _hashed(name: str, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()[:12]
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{digest}{dot}{suffix}"


def _write(path: Path, content: bytes) -> None:
    """Several processes may start at once, so a file appears whole or not at all."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


class StaticFiles:
    """The built files: their addresses for templates, and the WSGI wrapper that serves them."""

    def __init__(self, target: Path, source: Path = SOURCE) -> None:
        self.target = target
        self.manifest: Mapping[str, str] = build(source, target)

    def url(self, name: str) -> str:
        """Address of ``css/theme.css``; an unknown name is a mistake in a template (KeyError)."""
        return PREFIX + self.manifest[name]

    def wrap(self, app: "WSGIApplication", headers: Mapping[str, str]) -> "WSGIApplication":
        """Serve the files before ``app``; ``headers`` are added to whatever answers under /static/.

        The Host header is not checked here: wrap the result in whatever checks it.
        """
        files = WhiteNoise(
            app,
            root=str(self.target),
            prefix=PREFIX,
            max_age=FOREVER,
            allow_all_origins=False,
            immutable_file_test=lambda _path, url: bool(HASHED_NAME.search(url)),
        )
        return _with_headers(files, headers)


def _with_headers(app: "WSGIApplication", headers: Mapping[str, str]) -> "WSGIApplication":
    """WhiteNoise's own hook leaves out 304 and 405, so the headers are put on here."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PREFIX):
            return app(environ, start_response)

        def start(
            status: str, given: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            present = {name.lower() for name, _ in given}
            missing = [pair for pair in headers.items() if pair[0].lower() not in present]
            return start_response(status, [*given, *missing], exc_info)

        return app(environ, start)

    return serve
