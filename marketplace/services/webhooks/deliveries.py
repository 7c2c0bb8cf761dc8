"""Messages that were or will be sent: looked at, sent again, tried out, forgotten."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.errors import Conflict, NotFound
from marketplace.history import record
from marketplace.models import OutboxItem, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import WebhookPhase
from marketplace.programmes import webhook_kinds
from marketplace.services.webhooks import facts, signing
from marketplace.workflow import locked

WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given_up"
STATES: dict[str, ColumnElement[bool]] = {
    WAITING: WebhookDelivery.delivered_at.is_(None) & WebhookDelivery.given_up_at.is_(None),
    DELIVERED: WebhookDelivery.delivered_at.is_not(None),
    GIVEN_UP: WebhookDelivery.given_up_at.is_not(None),
}
BATCH = 500


def state_of(row: WebhookDelivery) -> str:
    """Which of ``STATES`` a message is in."""
    if row.delivered_at is not None:
        return DELIVERED
    return GIVEN_UP if row.given_up_at is not None else WAITING


def listed(
    actor: Actor, endpoint: WebhookEndpoint, *, state: str = "", kind: str = ""
) -> Select[WebhookDelivery]:
    """SELECT of an address's messages, the newest first. Raises Forbidden."""
    require(actor, Permission.WEBHOOK_MANAGE)
    found = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if state:
        found = found.where(STATES[state])
    if kind:
        found = found.where(WebhookDelivery.kind == kind)
    return found.order_by(WebhookDelivery.id.desc())


def get(session: Session, actor: Actor, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """One message of an address. Raises NotFound, Forbidden."""
    require(actor, Permission.WEBHOOK_MANAGE)
    row = session.get(WebhookDelivery, delivery_id)
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound("没有这条推送，或它已按期清除")
    return row


def attempts(session: Session, row: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """Every try of a message, the latest first."""
    return session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == row.id)
        .order_by(WebhookAttempt.id.desc())
    ).all()


def ping(session: Session, actor: Actor, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Queue a test message. Raises Conflict unless the address is active, Forbidden."""
    require(actor, Permission.WEBHOOK_MANAGE)
    endpoint = _sending(session, endpoint.id)
    now = clock.now()
    row = WebhookDelivery(
        endpoint_id=endpoint.id, kind=webhook_kinds.PING, message_id=signing.new_message_id(),
        body=facts.body(webhook_kinds.PING, now, {"name": endpoint.name}), created_at=now,
    )  # fmt: skip
    session.add(row)
    endpoint.retry_at = None
    session.flush()
    record(session, actor, "webhook_ping", endpoint, diff={"message_id": row.message_id})
    return row


def again(session: Session, actor: Actor, row: WebhookDelivery) -> None:
    """Queue a message once more, under the same id and with the same text.

    Raises Conflict while it still waits or when the address is not active, Forbidden.
    """
    require(actor, Permission.WEBHOOK_MANAGE)
    endpoint = _sending(session, row.endpoint_id)
    session.refresh(row, with_for_update=True)
    if state_of(row) == WAITING:
        raise Conflict("这条推送还在发送中", code="wrong_state")
    row.delivered_at = row.given_up_at = None
    row.attempts = 0
    endpoint.retry_at = None
    session.flush()
    record(session, actor, "webhook_again", row, diff={"message_id": row.message_id})


def retry_parked(session: Session, actor: Actor, *, reason: str) -> int:
    """Let events that could not be handled run again; answers how many. Raises Forbidden."""
    require(actor, Permission.WEBHOOK_MANAGE)
    count = outbox.retry_parked(session, outbox.WEBHOOK)
    if count:
        diff = {"rows": count}
        record(session, actor, "webhook_retry", _Queue(), diff=diff, why={"reason": reason})
    return count


class _Queue:
    """What the history points at: no row of its own, they go once they are handled."""

    __tablename__ = OutboxItem.__tablename__
    id = 0


def _sending(session: Session, endpoint_id: int) -> WebhookEndpoint:
    endpoint: WebhookEndpoint = locked(session, WebhookEndpoint, endpoint_id)
    if endpoint.phase != WebhookPhase.ACTIVE:
        raise Conflict("这个地址没有在推送，请先恢复", code="wrong_state")
    return endpoint


def forget(session: Session) -> int:
    """Remove messages that were confirmed long ago, with their tries; answers how many."""
    before = clock.now() - webhook_kinds.rules().keep
    found = session.scalars(
        select(WebhookDelivery.id)
        .where(WebhookDelivery.delivered_at < before)
        .order_by(WebhookDelivery.id)
        .limit(BATCH)
    ).all()
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(found)))
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(found)))
    return len(found)
