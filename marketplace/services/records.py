"""Reading what happened: the history of commands, and the security records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, select

from marketplace import clock
from marketplace.models import Event, SecurityEvent, User
from marketplace.permissions import Actor, Permission, require

PAGE = 50


@dataclass(frozen=True)
class Span:
    """From one day to another, both included, in Beijing; ``before`` is the id to go on from."""

    since: date | None = None
    until: date | None = None
    before: int | None = None


def events(
    actor: Actor,
    span: Span,
    *,
    action: str = "",
    subject: tuple[str, int | None] = ("", None),
    who: str = "",
) -> Select[Event]:
    """SELECT of one page of the history and one row more, newest first.

    ``subject`` is (table, id or None); ``who`` is part of a name or role, wildcards taken as
    letters.
    """
    require(actor, Permission.EVENT_READ)
    statement = select(Event).where(*_within(Event, span))
    if action:
        statement = statement.where(Event.action == action)
    kind, number = subject
    if kind:
        statement = statement.where(Event.subject_type == kind)
    if number is not None:
        statement = statement.where(Event.subject_id == number)
    if who:
        # People outside the offices stand there by number; their accounts know the names.
        named = select(User.id).where(User.name.icontains(who, autoescape=True))
        in_office = Event.actor_name.icontains(who, autoescape=True)
        statement = statement.where(in_office | Event.actor_id.in_(named))
    return statement.order_by(Event.id.desc()).limit(PAGE + 1)


def security(
    actor: Actor,
    span: Span,
    *,
    kind: str = "",
    result: str = "",
    user_id: int | None = None,
    ip: str = "",
) -> Select[SecurityEvent]:
    """SELECT of one page of the security records and one row more, newest first."""
    require(actor, Permission.SECURITY_READ)
    statement = select(SecurityEvent).where(*_within(SecurityEvent, span))
    wanted = {"kind": kind, "result": result, "user_id": user_id, "ip": ip}
    for name, value in wanted.items():
        if value:
            statement = statement.where(getattr(SecurityEvent, name) == value)
    return statement.order_by(SecurityEvent.id.desc()).limit(PAGE + 1)


def _within(model: type[Event] | type[SecurityEvent], span: Span) -> Iterator[ColumnElement[bool]]:
    if span.since:
        yield model.at >= clock.start_of_day(span.since)
    if span.until:
        yield model.at < clock.end_of_day(span.until)
    if span.before:
        yield model.id < span.before
