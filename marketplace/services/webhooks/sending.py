"""Deliveries leave in the order of their events, one address never waiting for another.

Each address that has something due gets a turn in a thread of its own, a few at a time: a thread
is what a slow answer costs, the worker's other jobs go on. In a turn the address is claimed, its
oldest message posted outside any transaction, and what came of it written down in a short one.
An address that failed waits as a whole. A claim that nobody gave back - the worker was killed -
ends by itself; then the same message is sent again under the same id, which receivers drop.
"""

import random
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import ColumnElement, CursorResult, exists, or_, select, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from marketplace.phases import WebhookPhase
from marketplace.programmes import webhook_kinds
from marketplace.services.webhooks import endpoints, posting, signing
from marketplace.services.webhooks.deliveries import STATES, WAITING, state_of
from marketplace.services.webhooks.posting import Answer
from marketplace.settings import Settings

log = structlog.get_logger()

THREADS = 4
TURN_SECONDS = 10.0
"""How long an address that answers well keeps its thread; then those that waited come first."""
CLAIM = timedelta(seconds=60)
"""Longer than the slowest try, name look-up included."""
JITTER = 0.2
NOT_ALLOWED = "这个地址不在允许的来源（WEBHOOK_ORIGINS）里，没有发送"
AGENT = "marketplace-webhooks/1"


@dataclass(frozen=True)
class Job:
    """A claimed address with the message to post: all that is needed outside the transaction."""

    endpoint_id: int
    delivery_id: int
    url: str
    message_id: str
    body: bytes
    keys: tuple[str, ...]


class Sender:
    """Sends what waits. One for a worker process; others may be at work beside it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._cipher = Cipher(settings.encryption_keys)
        self._turns: dict[int, threading.Thread] = {}

    def step(self) -> int:
        """Begin turns for addresses that have something due; answers how many were begun.

        Threads die with the process: what they were sending is sent again (at least once).
        """
        self._turns = {id_: turn for id_, turn in self._turns.items() if turn.is_alive()}
        free = THREADS - len(self._turns)
        if not free:
            return 0
        with self._database.reading() as session:
            found = due(session, but=list(self._turns), most=free)
        for endpoint_id in found:
            turn = threading.Thread(target=self._guarded, args=(endpoint_id,), daemon=True)
            self._turns[endpoint_id] = turn
            turn.start()
        return len(found)

    def wait(self) -> None:
        """Until the turns that were begun are over."""
        for turn in self._turns.values():
            turn.join()

    def _guarded(self, endpoint_id: int) -> None:
        try:
            self.turn(endpoint_id)
        except Exception as error:  # a thread has nobody to tell
            log.exception("webhook turn failed", endpoint=endpoint_id, error=repr(error))

    def turn(self, endpoint_id: int) -> int:
        """Send the messages of one address, the oldest first, until one fails, none is left or
        its time is up; answers how many were confirmed."""
        until, sent = time.monotonic() + TURN_SECONDS, 0
        while time.monotonic() < until:
            job = self._database.run(lambda session: self._claimed(session, endpoint_id))
            if job is None:
                break
            answer = self._posted(job)
            self._database.run(lambda session: settle(session, job, answer))  # noqa: B023  runs now
            if not answer.delivered:
                break
            sent += 1
        return sent

    def _claimed(self, session: Session, endpoint_id: int) -> Job | None:
        if not _claim(session, endpoint_id):
            return None
        row = session.scalars(
            select(WebhookDelivery)
            .where(WebhookDelivery.endpoint_id == endpoint_id, STATES[WAITING])
            .order_by(WebhookDelivery.id)
            .limit(1)
        ).one_or_none()
        if row is None:
            _release(session, endpoint_id)
            return None
        endpoint = session.get_one(WebhookEndpoint, endpoint_id)
        return Job(
            endpoint_id, row.id, endpoint.url, row.message_id, row.body.encode(),
            endpoints.keys(self._cipher, endpoint),
        )  # fmt: skip

    def _posted(self, job: Job) -> Answer:
        if not self._settings.tells(job.url):
            return Answer(None, "", NOT_ALLOWED, 0)
        stamp = int(clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "Connection": "close",
            **signing.headers(job.keys, job.message_id, stamp, job.body),
        }
        timeout = webhook_kinds.rules().timeout_seconds
        return posting.post(job.url, job.body, headers, timeout)


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Addresses whose turn it may be."""
    row = WebhookEndpoint
    return (
        row.phase == WebhookPhase.ACTIVE,
        or_(row.retry_at.is_(None), row.retry_at <= now),
        or_(row.claimed_until.is_(None), row.claimed_until <= now),
    )


def due(session: Session, *, but: list[int], most: int) -> list[int]:
    """Addresses with something to send now, those first that waited longest for their turn."""
    waiting = exists().where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, STATES[WAITING])
    return list(
        session.scalars(
            select(WebhookEndpoint.id)
            .where(*_free(clock.now()), WebhookEndpoint.id.not_in(but), waiting)
            .order_by(WebhookEndpoint.turn_at.asc().nulls_first(), WebhookEndpoint.id)
            .limit(most)
        )
    )


def _claim(session: Session, endpoint_id: int) -> bool:
    now = clock.now()
    result = session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, *_free(now))
        .values(claimed_until=now + CLAIM, turn_at=now, updated_at=WebhookEndpoint.updated_at)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", result).rowcount == 1


def _release(session: Session, endpoint_id: int, retry_at: datetime | None = None) -> None:
    session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(claimed_until=None, retry_at=retry_at, updated_at=WebhookEndpoint.updated_at)
        .execution_options(synchronize_session=False)
    )


def settle(session: Session, job: Job, answer: Answer) -> None:
    """Write down what came of a try and give the address free."""
    now = clock.now()
    session.add(
        WebhookAttempt(
            delivery_id=job.delivery_id, at=now, took=answer.took, status=answer.status,
            error=answer.error[:200], answer=answer.text,
        )
    )  # fmt: skip
    row = session.get_one(WebhookDelivery, job.delivery_id, with_for_update=True)
    if state_of(row) != WAITING:
        return  # whoever took the claim over was faster; the claim is not ours
    row.attempts += 1
    retry_at = None
    if answer.delivered:
        row.delivered_at = now
    elif answer.status == posting.GONE:
        row.given_up_at = now
    else:
        delays = webhook_kinds.rules().delays
        if row.attempts > len(delays):
            row.given_up_at = now
        wait = delays[(row.attempts - 1) % len(delays)]
        retry_at = now + wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  no secret
    session.flush()
    _release(session, job.endpoint_id, retry_at)
    if answer.status == posting.GONE:
        endpoints.switch_off(session, job.endpoint_id)
