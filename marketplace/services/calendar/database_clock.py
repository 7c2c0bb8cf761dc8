"""The clock that closes windows for everybody alike: the database's (quality.md E47)."""

from datetime import datetime

from sqlalchemy import DateTime, func, select
from sqlalchemy.orm import Session

from marketplace import clock


def now(session: Session) -> datetime:
    """The present instant: PostgreSQL's, whose clock all application servers share.

    SQLite has no clock of its own, it runs in this very process.
    """
    if session.get_bind().dialect.name != "postgresql":
        return clock.now()
    moment = func.clock_timestamp(type_=DateTime(timezone=True))
    found: datetime = session.execute(select(moment)).scalar_one()
    return found


def skew_seconds(session: Session) -> float:
    """How far this process is ahead of the database (negative: behind)."""
    return (clock.now() - now(session)).total_seconds()
