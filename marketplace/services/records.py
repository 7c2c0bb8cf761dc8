"""Reading what happened: the history of commands, and the security records."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select, union
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Event, SecurityEvent, User
from marketplace.permissions import Actor, Permission, require

PAGE = 50
MANY = 5000


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
    common: bool = False,
    limit: int = PAGE,
) -> Select[Event]:
    """SELECT of one page of the history and one row more, newest first.

    ``subject`` is (table, id or None); ``who`` is part of a name or role, wildcards taken as
    letters; ``common`` says that many events are theirs (:func:`is_common`).
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
        statement = statement.where(*_by(who, common=common))
    return statement.order_by(Event.at.desc(), Event.id.desc()).limit(limit + 1)


def is_common(session: Session, who: str) -> bool:
    """Whether so many events are of people so called that the newest of them are soon found."""
    some = select(Event.id).where(Event.actor_name.icontains(who, autoescape=True)).limit(MANY)
    return session.scalar(select(func.count()).select_from(some.subquery())) == MANY


def _by(who: str, *, common: bool) -> Iterator[ColumnElement[bool]]:
    """Events by anybody so called; among a million the two kinds of names want two ways."""
    # People outside the offices stand there by number; their accounts know the names.
    named = select(User.id).where(User.name.icontains(who, autoescape=True))
    in_office, outside = (
        Event.actor_name.icontains(who, autoescape=True), Event.actor_id.in_(named),
    )  # fmt: skip
    if common:
        yield in_office | outside
        return
    found = union(select(Event.id).where(in_office), select(Event.id).where(outside)).subquery()
    yield Event.id.in_(select(found.c.id))


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
    if span.before and model is SecurityEvent:
        yield model.id < span.before
    elif span.before:
        # By time, then by id, as the indexes of the history are.
        at = select(Event.at).where(Event.id == span.before).scalar_subquery()
        yield model.at <= at
        yield or_(model.at < at, model.id < span.before)
