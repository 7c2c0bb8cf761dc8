"""What a test process works out once: every test has a database, and an application, of its own."""

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.engine.base import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from marketplace.programmes import library, vocabulary
from marketplace.web import static_files
from tests.support.source import ROOT

SIZE = 20_000


def share_statements() -> None:
    """Let engines of one dialect share what they compiled: a sixth of the suite's CPU time.

    The dialects of a run are configured alike, so what one compiled is what the others would.
    """
    known: dict[type[Any], Any] = {}
    init = Engine.__init__

    def sharing(self: Engine, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        self._compiled_cache = known.setdefault(type(self.dialect), LRUCache(SIZE))

    Engine.__init__ = sharing  # type: ignore[method-assign]
    # The dialect is a part of the key.
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


def remember_configuration() -> None:
    """The files below ``config`` do not change during a run: each folder is read and checked once.

    Folders that a test makes, or adds, are read each time. What is given is immutable.
    """
    for module in (library, vocabulary):
        module.load = _remembering(module.load)  # type: ignore[attr-defined]


def build_static_files_once() -> None:
    """Our static files, hashed and packed, are one folder for the data folders of all tests."""
    build = static_files.build
    folder = tempfile.TemporaryDirectory(prefix="static-")

    @cache
    def built() -> Mapping[str, str]:
        return build(static_files.SOURCE, Path(folder.name))

    def linked(source: Path, target: Path) -> Mapping[str, str]:
        if source != static_files.SOURCE or target.exists():
            return build(source, target)
        manifest = built()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(folder.name)
        return manifest

    static_files.build = linked  # type: ignore[assignment]


def _remembering(load: Any) -> Any:
    known = cache(load)

    def remembered(folder: Path, **given: Any) -> Any:
        ours = not given and folder.is_relative_to(ROOT / "config")
        return known(folder) if ours else load(folder, **given)

    return remembered
