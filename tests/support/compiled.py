"""Statements compiled once per process: every test has a database, and so an engine, of its own."""

from typing import Any

from sqlalchemy.engine.base import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

SIZE = 20_000


def share() -> None:
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
