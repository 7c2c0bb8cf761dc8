"""The letter of the day: what came since the last one, for readers who want it collected."""

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.db import Database
from marketplace.errors import Invalid
from marketplace.models import Message
from marketplace.services.calendar import calendar
from marketplace.services.inbox import message_kinds
from marketplace.services.inbox.inbox import NOTICE, WAITING_FOR_DIGEST

BATCH = 100


def due(session: Session, now: datetime) -> datetime | None:
    """Until when messages belong into today's letter; None on days off and before its time."""
    local = clock.beijing(now)
    at = message_kinds.kinds().digest_at
    if local.timetz().replace(tzinfo=None) < at or not _is_working(session, local.date()):
        return None
    return datetime.combine(local.date(), at, tzinfo=clock.BEIJING)


def _is_working(session: Session, day: date) -> bool:
    try:
        return calendar.load(session).is_working(day)
    except Invalid:
        return day.weekday() < 5  # a year without a calendar must not keep letters back


def collect(database: Database) -> int:
    """Put today's letters into the outbox, one transaction per reader; answers how many readers.

    A message is marked in the transaction that queues its letter, so it is in one letter only,
    wherever the worker is cut off.
    """
    now = clock.now()
    with database.reading() as session:
        until = due(session, now)
        if until is None:
            return 0
        waiting = select(Message.user_id).where(*WAITING_FOR_DIGEST, Message.created_at < until)
        users = session.scalars(waiting.distinct().order_by(Message.user_id).limit(BATCH)).all()
    day = clock.beijing(now).date()
    for user_id in users:
        database.run(lambda session, user=user_id: _queue(session, user, day, until))  # type: ignore[misc]
    return len(users)


def _queue(session: Session, user_id: int, day: date, until: datetime) -> None:
    taken = session.execute(
        update(Message)
        .where(Message.user_id == user_id, *WAITING_FOR_DIGEST, Message.created_at < until)
        .values(digest_on=day)
        .returning(Message.read_at)
    ).all()
    if any(read_at is None for (read_at,) in taken):
        outbox.put(session, NOTICE, f"digest:{user_id}:{day.isoformat()}")
