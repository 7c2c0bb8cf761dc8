"""Addresses that are told about events, and the worker's part in it."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.models import WebhookDelivery, WebhookEndpoint
from marketplace.programmes.webhook_kinds import rules
from marketplace.services.webhooks import signing
from marketplace.services.webhooks.fan_out import FanOut
from marketplace.services.webhooks.sending import Sender
from marketplace.settings import DEMO_KEY, Settings

SECRET = "whsec_" + "c2VjcmV0" * 4
BASE = "http://localhost"


def make_endpoint(session: Session, url: str, **given: Any) -> WebhookEndpoint:
    """An address for all kinds with the secret ``SECRET``."""
    values: dict[str, Any] = {
        "name": "数据平台", "url": url, "kinds": list(rules().kinds), "state": "active",
        "phase": "active", "state_since": clock.now(), "secret_encrypted": b"", **given,
    }  # fmt: skip
    row = WebhookEndpoint(**values)
    session.add(row)
    session.flush()
    row.secret_encrypted = Cipher((DEMO_KEY,)).seal(SECRET, signing.place(row.id))
    session.flush()
    return row


def fan_out(database: Database) -> int:
    """What the worker does with queued events; answers how many there were."""
    return outbox.drain(database, outbox.WEBHOOK, FanOut(database, BASE).handle)


def sender(database: Database, settings: Settings, *origins: str) -> Sender:
    """A sender that may go to these origins."""
    return Sender(database, replace(settings, webhook_origins=origins))


def deliveries(database: Database) -> list[WebhookDelivery]:
    """All of them, in order."""
    with database.reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def keep(session: Session) -> dict[str, Any]:
    """One address with one message, for tests of every route."""
    endpoint = make_endpoint(session, "http://127.0.0.1:9/hook")
    row = WebhookDelivery(
        endpoint_id=endpoint.id, kind="ping", message_id=signing.new_message_id(), body="{}",
        created_at=clock.now(), given_up_at=clock.now(), attempts=9,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return {"endpoint_id": endpoint.id, "delivery_id": row.id}
