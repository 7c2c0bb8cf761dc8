"""Failed logins per account, counted in the database, exact for any number of workers (S23, S24).

An attempt is counted before the password is checked and forgotten when it was right: attempts
that run at the same time cannot slip through together. Names without an account count the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import digest
from marketplace.models import LoginCounter

FAILURES = 5
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class Attempt:
    """``allowed``: the password may be checked. ``last``: a wrong one now locks the account."""

    allowed: bool
    last: bool
    locked_until: datetime | None


def reserve(session: Session, login: str) -> Attempt:
    """Count one attempt on the folded ``login``."""
    now = clock.now()
    row = LoginCounter
    over = row.window_ends_at <= now
    full = and_(~over, row.failures + 1 == FAILURES)
    statement = INSERTS[session.get_bind().dialect.name](row).values(
        login_hash=digest(login), failures=1, window_ends_at=now + WINDOW, locked_until=None
    )
    counted = session.execute(
        statement.on_conflict_do_update(
            index_elements=[row.login_hash],
            set_={
                "failures": case((over, 1), else_=row.failures + 1),
                # From the last allowed failure on, the window is the lock.
                "window_ends_at": case(
                    (over, now + WINDOW), (full, now + LOCK), else_=row.window_ends_at
                ),
                "locked_until": case((over, None), (full, now + LOCK), else_=row.locked_until),
            },
        ).returning(row.failures, row.locked_until)
    ).one()
    failures, locked_until = counted
    return Attempt(failures <= FAILURES, failures == FAILURES, locked_until)


def clear(session: Session, login: str) -> bool:
    """Forget the failures of ``login``, after a right password or by an administrator."""
    result = session.execute(delete(LoginCounter).where(LoginCounter.login_hash == digest(login)))
    return bool(getattr(result, "rowcount", 0))


def locked_until(session: Session, login: str) -> datetime | None:
    """When the lock of ``login`` ends; None when it is not locked."""
    row = session.scalars(
        select(LoginCounter).where(LoginCounter.login_hash == digest(login))
    ).one_or_none()
    if row is None or row.locked_until is None or row.locked_until <= clock.now():
        return None
    return row.locked_until
