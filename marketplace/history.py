"""Append one event for one command, in the command's own transaction."""

from typing import Any, TypedDict

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Event
from marketplace.permissions import Actor
from marketplace.phases import PRIVATE_ROLES


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
    grounds = why or {}
    event = Event(
        at=clock.now(),
        action=action,
        subject_type=subject.__tablename__,
        subject_id=subject.id,
        actor_id=actor.user_id,
        actor_name=_name(actor),
        actor_role=actor.role_name,
        organisation_id=actor.organisation_id,
        from_state=states[0],
        to_state=states[1],
        reason_code=grounds.get("reason_code", ""),
        reason=grounds.get("reason", ""),
        document_no=grounds.get("document_no", ""),
        diff=diff or {},
        request_id=actor.request_id,
        ip=actor.ip,
    )
    session.add(event)
    return event
