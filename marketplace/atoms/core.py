"""Who acts, and how atoms are joined by & and |."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, or_, true

from marketplace.phases import Role


@dataclass(frozen=True)
class Actor:
    """Who acts: a user in one role for one organisation, the system, or nobody."""

    role: Role | None = None
    user_id: int | None = None
    name: str = "访客"
    organisation_id: int | None = None
    organisation_name: str = ""
    district: str | None = None
    request_id: str = ""
    ip: str = ""
    system: bool = False

    @property
    def role_name(self) -> str:
        """What events record: the role, ``system`` or ``anonymous``."""
        if self.system:
            return "system"
        return self.role.value if self.role else "anonymous"


NOBODY = Actor()
SYSTEM = Actor(name="系统", system=True)


class Rule(Protocol):
    """An atom or a combination of atoms."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        """Whether ``actor`` may, for ``obj`` (``None`` = without an object)."""
        ...

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        """The same as a condition on rows of ``model``."""
        ...


class Combinable:
    """Gives atoms ``&`` and ``|``."""

    def __and__(self: Rule, other: Rule) -> All:
        return All((self, other))

    def __or__(self: Rule, other: Rule) -> Any_:
        return Any_((self, other))


@dataclass(frozen=True)
class All(Combinable):
    """Every part must allow."""

    parts: Sequence[Rule]

    def allows(self, actor: Actor, obj: Any) -> bool:
        return all(part.allows(actor, obj) for part in self.parts)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return and_(*(part.where(actor, model) for part in self.parts))


@dataclass(frozen=True)
class Any_(Combinable):
    """One part that allows is enough."""

    parts: Sequence[Rule]

    def allows(self, actor: Actor, obj: Any) -> bool:
        return any(part.allows(actor, obj) for part in self.parts)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return or_(*(part.where(actor, model) for part in self.parts))


class Is(Combinable):
    """The actor acts in one of these roles."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    def allows(self, actor: Actor, obj: Any) -> bool:
        return actor.role in self.roles

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return true() if actor.role in self.roles else false()


class IsSystem(Combinable):
    """Time-driven steps and the command line."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        return actor.system

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return true() if actor.system else false()
