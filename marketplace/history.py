"""Append one event for one command, in the command's own transaction."""

from collections.abc import Sequence
from typing import Any, TypedDict, cast

from sqlalchemy import Table, event
from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.bulk import insert_rows
from marketplace.models import Event
from marketplace.permissions import Actor
from marketplace.phases import PRIVATE_ROLES
from marketplace.programmes import webhook_kinds

Place = tuple[str, int]
"""What an event points at: the name of a table, and the id of a row."""


class Why(TypedDict, total=False):
    """The grounds of a decision: code from the programme, words, ordering document."""

    reason_code: str
    reason: str
    document_no: str


def _name(actor: Actor) -> str:
    """Who acts in office is named for good. Everybody else is kept by number: the row can never
    be erased, the account behind the number can (PIPL 47); ``Event.who`` shows its name."""
    if actor.user_id is None or (actor.role is not None and actor.role not in PRIVATE_ROLES):
        return actor.name
    return f"用户{actor.user_id}"


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: Any,
    *,
    states: tuple[str, str] = ("", ""),
    diff: dict[str, Any] | None = None,
    why: Why | None = None,
) -> Event:
    """Append who did ``action`` to ``subject`` (a flushed row), with ``(from, to)`` states."""
    place = (subject.__tablename__, subject.id)
    made = Event(**_columns(actor, action, place, states, diff or {}, why or {}))
    session.add(made)
    return made


@event.listens_for(Session, "after_flush")
def _queue_webhooks(session: Session, context: Any) -> None:
    """Other systems are told about steps of places and notices: queued with the event itself, so
    that no service has to think of it. ``record_many`` writes no steps."""
    made = [
        item
        for item in session.new
        if isinstance(item, Event)
        and item.subject_type in webhook_kinds.TABLES
        and item.from_state != item.to_state
    ]
    if made:
        outbox.put_many(session, outbox.WEBHOOK, [str(item.id) for item in made])


def record_many(
    session: Session,
    actor: Actor,
    found: Sequence[tuple[str, Place, dict[str, Any]]],
    why: Why,
) -> None:
    """Append one event for each action, place and diff, all for the same reason: bulk work."""
    rows = [_columns(actor, action, place, ("", ""), diff, why) for action, place, diff in found]
    insert_rows(session, cast("Table", Event.__table__), rows)


def _columns(
    actor: Actor,
    action: str,
    place: Place,
    states: tuple[str, str],
    diff: dict[str, Any],
    why: Why,
) -> dict[str, Any]:
    return {
        "at": clock.now(),
        "action": action,
        "subject_type": place[0],
        "subject_id": place[1],
        "actor_id": actor.user_id,
        "actor_name": _name(actor),
        "actor_role": actor.role_name,
        "organisation_id": actor.organisation_id,
        "from_state": states[0],
        "to_state": states[1],
        "reason_code": why.get("reason_code", ""),
        "reason": why.get("reason", ""),
        "document_no": why.get("document_no", ""),
        "diff": diff,
        "request_id": actor.request_id,
        "ip": actor.ip,
    }
