"""我的待办: what waits for the acting user, each with its deadline and the place to do it.

A feature adds its own in one function::

    @tasks.source(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
    def unanswered(session: Session, actor: Actor) -> Iterable[Task]:
        ...  # one query

in a module of services that its pages import.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from marketplace import clock
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
    return sorted(found, key=lambda task: (task.due is None, task.due or date.max, task.title))
