"""我的待办: what waits for the acting user, each with its deadline and the place to do it.

A feature adds its own in one function, in a module of services that its pages import::

    @tasks.listed(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
    def unanswered(actor: Actor) -> Iterable[Lines]:
        yield Lines(query, lambda row: Task(…), id=Inquiry.id, one=Inquiry.title)

All that is listed so is read in one query. What cannot be said as columns is a ``source``, which
asks for itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    cast,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from marketplace import clock
from marketplace.db import UtcDateTime
from marketplace.permissions import Actor
from marketplace.phases import Role

MOST = 100
"""How many of one kind are listed; sources give the most urgent first."""


@dataclass(frozen=True)
class Task:
    """One thing to do: in words, where (a path of this site), until when (last day, Beijing)."""

    title: str
    url: str
    due: date | None = None
    kind: str = ""
    text: str = ""

    @property
    def overdue(self) -> bool:
        """Whether its last day is over."""
        return self.due is not None and self.due < clock.today()


Source = Callable[[Session, Actor], Iterable[Task]]

SOURCES: list[tuple[frozenset[Role], Source]] = []


def source(*roles: Role) -> Callable[[Source], Source]:
    """Register a source of tasks for actors in one of ``roles``."""

    def register(function: Source) -> Source:
        SOURCES.append((frozenset(roles), function))
        return function

    return register


COLUMNS: dict[str, TypeEngine[Any] | type[TypeEngine[Any]]] = {
    "id": Integer, "one": String, "two": String, "three": String, "at": UtcDateTime, "day": Date,
}  # fmt: skip


class Lines:
    """Rows that wait, the most urgent first: ``query`` finds them, ``make`` puts one into words.

    ``columns``: what ``make`` reads of a row, by the names of ``COLUMNS``; the others are None.
    """

    def __init__(
        self,
        query: Select[*tuple[Any, ...]],
        make: Callable[[Any], Task | None],
        **columns: Any,
    ) -> None:
        self.make = make
        self._query, self._columns = query, columns

    def part(self, number: int) -> Select[Any]:
        """These rows as one part of the query that reads everything."""
        known = [self._column(name, type_).label(name) for name, type_ in COLUMNS.items()]
        part = self._query.with_only_columns(literal(number).label("number"), *known)
        return select(part.limit(MOST).subquery())

    def _column(self, name: str, type_: Any) -> ColumnElement[Any]:
        given = self._columns.get(name)
        return cast(null(), type_) if given is None else type_coerce(given, type_)


Lister = Callable[[Actor], Iterable[Lines]]
LISTED: list[tuple[frozenset[Role], Lister]] = []


def listed(*roles: Role) -> Callable[[Lister], Lister]:
    """Register lines for actors in one of ``roles``."""

    def register(function: Lister) -> Lister:
        LISTED.append((frozenset(roles), function))
        return function

    return register


def _listed(session: Session, actor: Actor) -> list[Task]:
    asked: Sequence[Lines] = [
        lines for roles, lister in LISTED if actor.role in roles for lines in lister(actor)
    ]
    if not asked:
        return []
    rows = session.execute(union_all(*(lines.part(n) for n, lines in enumerate(asked))))
    found = [asked[row.number].make(row) for row in rows]
    return [task for task in found if task is not None]


def of(session: Session, actor: Actor) -> list[Task]:
    """Everything that waits for the actor, the most urgent first, then by words."""
    if actor.role is None:
        return []
    found = [
        task
        for roles, function in SOURCES
        if actor.role in roles
        for task in function(session, actor)
    ]
    found += _listed(session, actor)
    return sorted(found, key=lambda task: (task.due is None, task.due or date.max, task.title))
