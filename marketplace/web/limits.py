"""How often something may be done, counted in the database for all workers together (S23, S77).

``limits`` gives the rules and windows; its storage here is one UPSERT on ``rate_counters``.
When the counting itself fails, doors stay shut (``failing_open=False``) and pages stay open.
Suggestions and feeds are only read, and often: each worker counts those by itself (``read``).
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from flask import Flask, current_app, g, request
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from marketplace import clock
from marketplace.db import SAFE_METHODS, Database
from marketplace.errors import Unavailable
from marketplace.models import RateCounter
from marketplace.services.accounts.lockout import INSERTS
from marketplace.web.sessions import signed_in

log = structlog.get_logger()

T = TypeVar("T")

LIMITS: dict[str, RateLimitItem] = {
    "login_address": parse("10/5 minutes"),
    "login_all": parse("1000/5 minutes"),
    "second_factor": parse("5/5 minutes"),
    "confirm": parse("5/5 minutes"),
    "reset_account": parse("5/day"),
    "reset_address": parse("20/hour"),
    "link": parse("20/5 minutes"),
    "complaint": parse("10/hour"),
    "consent_mail": parse("20/hour"),
    "team_mail": parse("20/hour"),
    "unmask": parse("60/hour"),
    "export": parse("30/10 minutes"),
    "upload": parse("30/10 minutes"),
    "visitor_upload": parse("20/hour"),
    "receipt": parse("30/5 minutes"),
    "draft": parse("600/10 minutes"),
    "preview": parse("300/10 minutes"),
    "visitor_post": parse("60/minute"),
}
READS: dict[str, RateLimitItem] = {
    "suggest": parse("600/minute"),
    "feed": parse("300/10 minutes"),
    "certificate": parse("120/minute"),
}
"""What anybody may read from one address, in each worker: many people share an address."""
VISITOR_BYTES = 100_000
VISITOR_UPLOADS: dict[str, int] = {}
"""Bytes of a request of visitors to the endpoints that take files from them, by endpoint."""
TEXT = "操作太频繁，请稍后再试。"


class SqlStorage(Storage):
    """Counters in the application's own database; times are those of ``clock``."""

    STORAGE_SCHEME = ["marketplace"]  # noqa: RUF012  the registry of ``limits`` reads it

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add ``amount`` in the window of ``expiry`` seconds; answers the new count."""

        def work(session: Session) -> int:
            now, row = clock.now(), RateCounter
            fresh = now + timedelta(seconds=expiry)
            insert = INSERTS[session.get_bind().dialect.name](row)
            start = max(amount, 0)
            counted = case((row.hits + amount < 0, 0), else_=row.hits + amount)
            over = row.expires_at <= now
            statement = insert.values(key=key, hits=start, expires_at=fresh).on_conflict_do_update(
                index_elements=[row.key],
                set_={
                    "hits": case((over, start), else_=counted),
                    "expires_at": case((over, fresh), else_=row.expires_at),
                },
            )
            return int(session.execute(statement.returning(row.hits)).scalar_one())

        return self._database.run(work)

    def get(self, key: str) -> int:
        row = self._row(key)
        return row.hits if row else 0

    def get_expiry(self, key: str) -> float:
        row = self._row(key)
        return (row.expires_at if row else clock.now()).timestamp()

    def _row(self, key: str) -> RateCounter | None:
        with self._database.reading() as session:
            live = RateCounter.expires_at > clock.now()
            return session.scalars(
                select(RateCounter).where(RateCounter.key == key, live)
            ).one_or_none()

    def check(self) -> bool:
        self.get("check")
        return True

    def reset(self) -> int | None:
        with self._database.unit_of_work() as session:
            done = session.execute(delete(RateCounter))
        return int(getattr(done, "rowcount", 0))

    def clear(self, key: str) -> None:
        with self._database.unit_of_work() as session:
            session.execute(delete(RateCounter).where(RateCounter.key == key))


class Reads:
    """Counts of this worker alone, for what is read so often that a row each would cost more than
    the reading. Windows are fixed; when one ends, all its addresses are forgotten.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[datetime, Counter[str]]] = {}

    def wait(self, name: str, key: str) -> int:
        """Count one reading; the seconds to wait when it is one too many, else 0."""
        rule, now = READS[name], clock.now()
        with self._lock:
            window = self._windows.get(name)
            if window is None or window[0] <= now:
                window = self._windows[name] = now + timedelta(seconds=rule.get_expiry()), Counter()
            end, counts = window
            counts[key] += 1
            over = counts[key] > rule.amount
        return max(1, round((end - now).total_seconds())) if over else 0


def _limiter() -> FixedWindowRateLimiter:
    limiter: FixedWindowRateLimiter = current_app.extensions["limiter"]
    return limiter


def take(name: str, key: str = "", *, failing_open: bool = False) -> None:
    """Count one use. Raises 429 with Retry-After when it is one too many, 503 when shut."""
    item = LIMITS[name]
    allowed = _counted(lambda: _limiter().hit(item, name, key), True, failing_open=failing_open)
    if not allowed:
        raise TooManyRequests(TEXT, retry_after=seconds_left(name, key))


def read(name: str) -> None:
    """Count one reading from this address. Raises 429 with Retry-After when it is one too many."""
    reads: Reads = current_app.extensions["reads"]
    seconds = reads.wait(name, address())
    if seconds:
        raise TooManyRequests(TEXT, retry_after=seconds)


def give_back(name: str, key: str = "") -> None:
    """Undo one ``take``: a right password does not count."""
    item = LIMITS[name]
    storage = _limiter().storage
    _counted(
        lambda: storage.incr(item.key_for(name, key), item.get_expiry(), -1), 0, failing_open=True
    )


def seconds_left(name: str, key: str = "") -> int:
    """Until the window of a counter ends, at least one."""
    reset = _limiter().get_window_stats(LIMITS[name], name, key).reset_time
    return max(1, round(reset - clock.now().timestamp()))


def _counted(count: Callable[[], T], otherwise: T, *, failing_open: bool) -> T:
    try:
        return count()
    except Exception as error:
        log.error("limit not counted", error=repr(error))
        if not failing_open:
            raise Unavailable from error
        return otherwise


def address() -> str:
    """The client's address as a key."""
    return request.remote_addr or "unknown"


def _visitor_posts() -> Any:
    """Visitors' unsafe requests leave rows (security records, sessions): not without end."""
    # A form whose session ended on the way is as long as any other; it is kept for its sender.
    if request.method not in SAFE_METHODS and signed_in() is None and "ended" not in g:
        # Nothing else that a visitor sends is longer.
        most = VISITOR_UPLOADS.get(request.endpoint or "", VISITOR_BYTES)
        request.max_content_length = most
    if request.method not in SAFE_METHODS and signed_in() is None:
        take("visitor_post", address(), failing_open=True)


def init_app(app: Flask) -> None:
    """Count in the application's database."""
    app.extensions["limiter"] = FixedWindowRateLimiter(SqlStorage(app.extensions["database"]))
    app.extensions["reads"] = Reads()
    app.before_request(_visitor_posts)
