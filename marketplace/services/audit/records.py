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
FEW, MANY = 200, 5000


@dataclass(frozen=True)
class Span:
    """From one day to another, both included, in Beijing; ``before`` is the id to go on from."""

    since: date | None = None
    until: date | None = None
    before: int | None = None


@dataclass(frozen=True)
class People:
    """Whose events are asked for: part of a name, the names that stand in the history, and
    whether so many events are theirs that the newest are soon found without an index."""

    text: str
    names: tuple[str, ...]
    common: bool


def events(
    actor: Actor,
    span: Span,
    *,
    action: str = "",
    subject: tuple[str, int | None] = ("", None),
    who: People | None = None,
    limit: int = PAGE,
) -> Select[Event]:
    """SELECT of one page of the history and one row more, newest first.

    ``subject`` is (table, id or None); ``who`` comes from :func:`people`.
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
        statement = statement.where(_by(who))
    return statement.order_by(Event.at.desc(), Event.id.desc()).limit(limit + 1)


def people(session: Session, text: str) -> People | None:
    """Whom ``text`` means; None for an empty one."""
    if not text:
        return None
    # From name to name by the index: a million events are of some thousand people.
    first = select(func.min(Event.actor_name).label("name")).cte("names", recursive=True)
    after = select(func.min(Event.actor_name)).where(Event.actor_name > first.c.name)
    names = first.union_all(select(after.scalar_subquery()).where(first.c.name.is_not(None)))
    found = session.scalars(
        select(names.c.name).where(names.c.name.icontains(text, autoescape=True)).limit(FEW + 1)
    ).all()
    some = select(Event.id).where(Event.actor_name.in_(found)).limit(MANY).subquery()
    count = session.scalar(select(func.count()).select_from(some))
    return People(text, tuple(found), common=len(found) > FEW or count == MANY)


def _by(who: People) -> ColumnElement[bool]:
    """Events by these people; among a million, common and rare names want two ways."""
    # People outside the offices stand there by number; their accounts know the names.
    named = select(User.id).where(User.name.icontains(who.text, autoescape=True))
    if who.common:
        in_office = Event.actor_name.icontains(who.text, autoescape=True)
        return in_office | Event.actor_id.in_(named)
    found = union(
        select(Event.id).where(Event.actor_name.in_(who.names)),
        select(Event.id).where(Event.actor_id.in_(named)),
    ).subquery()
    return Event.id.in_(select(found.c.id))


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
