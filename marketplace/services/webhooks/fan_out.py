"""From a queued event to one delivery for each address that wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import WebhookDelivery, WebhookEndpoint
from marketplace.outbox import Entry
from marketplace.phases import WebhookPhase
from marketplace.services.webhooks import facts, signing
from marketplace.services.webhooks.facts import Message

BATCH = 200
"""Rows in a transaction: writers never wait long."""


@dataclass(frozen=True)
class FanOut:
    """Handles rows of the outbox. A repeated row changes nothing: an address has one delivery of
    an event. Addresses that are paused or switched off get none."""

    database: Database
    base_url: str

    def handle(self, entries: Sequence[Entry]) -> dict[int, str]:
        """One delivery for each event and address; answers the errors by row."""
        failed: dict[int, str] = {}
        rows: list[dict[str, Any]] = []
        with self.database.reading() as session:
            wanting = session.scalars(
                select(WebhookEndpoint).where(WebhookEndpoint.phase == WebhookPhase.ACTIVE)
            ).all()
            for entry in entries if wanting else ():
                try:
                    rows += self._rows(session, int(entry.key), wanting)
                except Exception as error:  # whatever it is, the others must go out
                    failed[entry.id] = f"{type(error).__name__}: {error}"
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            self.database.run(lambda session: _insert(session, some))  # noqa: B023  runs now
        return failed

    def _rows(
        self, session: Session, event_id: int, wanting: Sequence[WebhookEndpoint]
    ) -> list[dict[str, Any]]:
        message = facts.message(session, event_id, self.base_url)
        if message is None:
            return []
        return [
            {
                "endpoint_id": endpoint.id, "event_id": event_id, "kind": message.kind,
                "message_id": signing.new_message_id(), "body": message.body,
                "created_at": clock.now(),
            }
            for endpoint in wanting if _wants(endpoint, message)
        ]  # fmt: skip


def _wants(endpoint: WebhookEndpoint, message: Message) -> bool:
    of_it = not endpoint.programmes or message.programme in endpoint.programmes
    return of_it and message.kind in endpoint.kinds


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(WebhookDelivery).values(rows).on_conflict_do_nothing())
