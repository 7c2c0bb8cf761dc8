"""The parts that permissions are made of: who acts, and atoms that answer twice.

``allows(actor, obj)`` for one object and ``where(actor, Model)`` for a list, so that the guard of
a page and the filter of a list cannot drift apart (a test compares them for every pair).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from marketplace.models import (
    Acceptance,
    Candidacy,
    CaseStudy,
    CaseVersion,
    ChangeNotice,
    Dispute,
    Favourite,
    Membership,
    Milestone,
    Organisation,
    Person,
    Product,
    Project,
    Provider,
    Rating,
    SavedSearch,
    Selection,
    Shortlist,
)
from marketplace.phases import ProjectPhase, Role

PROJECT_PARTS = (Milestone, ChangeNotice, Acceptance, Dispute, Rating)
"""Rows that belong to a project and follow its rules."""


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


def organisation_of(obj: Any) -> Organisation | None:
    """The organisation an object belongs to; its relationships must be loaded."""
    if isinstance(obj, Organisation):
        return obj
    if isinstance(obj, Provider):
        return obj.organisation
    if isinstance(obj, (Project, *PROJECT_PARTS)):
        return None  # it has two sides and rules of its own
    provider = getattr(obj, "provider", None)
    return provider.organisation if isinstance(provider, Provider) else None


def _organisation_ids(model: type[Any], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    wanted = select(Organisation.id).where(condition)
    if model is Organisation:
        return Organisation.id.in_(wanted)
    if model is Provider:
        return Provider.organisation_id.in_(wanted)
    if model in (Membership, Candidacy, Product, CaseStudy, CaseVersion, Person):
        providers = select(Provider.id).where(Provider.organisation_id.in_(wanted))
        column: ColumnElement[int] = model.provider_id
        return column.in_(providers)
    return false()


class InDistrict(Combinable):
    """The object's organisation lies in the actor's district."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        organisation = organisation_of(obj)
        return bool(organisation and actor.district and organisation.district == actor.district)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if not actor.district:
            return false()
        return _organisation_ids(model, Organisation.district == actor.district)


class Own(Combinable):
    """The object belongs to the actor's organisation."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        organisation = organisation_of(obj)
        return organisation is not None and organisation.id == actor.organisation_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None:
            return false()
        return _organisation_ids(model, Organisation.id == actor.organisation_id)


class CaseSent(Combinable):
    """The version of a case has reached the bureau; what was never sent is its writer's own."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        return obj is None or (isinstance(obj, CaseVersion) and obj.sent_at is not None)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return CaseVersion.sent_at.is_not(None) if model is CaseVersion else false()


KEPT = (Favourite, SavedSearch, Selection, Shortlist)
"""Rows that an enterprise keeps for itself: nobody else ever sees them."""


class Kept(Combinable):
    """The row was kept by the actor's own organisation."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        return isinstance(obj, KEPT) and obj.organisation_id == actor.organisation_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None or model not in KEPT:
            return false()
        column: ColumnElement[int] = model.organisation_id
        return column == actor.organisation_id


def project_of(obj: Any) -> Project | None:
    """The project that an object is, or is a part of; its parties must be loaded."""
    found = obj if isinstance(obj, Project) else getattr(obj, "project", None)
    return found if isinstance(found, Project) else None


def _projects(model: type[Any], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    if model is Project:
        return condition
    if model in PROJECT_PARTS:
        column: ColumnElement[int] = model.project_id
        return column.in_(select(Project.id).where(condition))
    return false()


class ProjectSide(Combinable):
    """The actor's organisation is the provider or the enterprise of the project."""

    def __init__(self, side: str) -> None:
        self.side = side

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        project = project_of(obj)
        if project is None or actor.organisation_id is None:
            return False
        provider, enterprise = project.provider.organisation_id, project.enterprise_id
        return actor.organisation_id == (provider if self.side == "provider" else enterprise)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None:
            return false()
        if self.side == "enterprise":
            return _projects(model, Project.enterprise_id == actor.organisation_id)
        own = select(Provider.id).where(Provider.organisation_id == actor.organisation_id)
        return _projects(model, Project.provider_id.in_(own))


class ProjectDistrict(Combinable):
    """The enterprise of the project lies in the actor's district."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        project = project_of(obj)
        return bool(project and actor.district and project.enterprise.district == actor.district)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if not actor.district:
            return false()
        there = select(Organisation.id).where(Organisation.district == actor.district)
        return _projects(model, Project.enterprise_id.in_(there))


class ProjectIn(Combinable):
    """The project stands in one of these phases."""

    def __init__(self, *phases: ProjectPhase) -> None:
        self.phases = phases

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        project = project_of(obj)
        return project is not None and project.phase in self.phases

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return _projects(model, Project.phase.in_(self.phases))
