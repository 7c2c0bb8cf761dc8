"""The statements that reach the database while something runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from tests.support.browser_like import BrowserLike

MANAGING = ("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET")


@contextmanager
def recorded(engine: Engine | Connection) -> Iterator[list[str]]:
    """What is asked meanwhile, without what only manages transactions."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if not statement.lstrip().upper().startswith(MANAGING):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def asked(client: BrowserLike, path: str) -> int:
    """How many statements a page asks, once all that a process holds was read."""
    assert client.get(path).status_code == 200, path
    engine = client.application.extensions["database"].engine
    counts = []
    # The smaller of two counts: every few seconds a process looks whether words or settings
    # changed, and that one statement more must not decide a test.
    for _ in range(2):
        with recorded(engine) as statements:
            assert client.get(path).status_code == 200, path
        counts.append(len(statements))
    return min(counts)
