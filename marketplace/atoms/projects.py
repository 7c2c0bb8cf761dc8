"""Atoms on projects and their parts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select

from marketplace.atoms.core import Actor, Combinable
from marketplace.models import (
    Acceptance,
    ChangeNotice,
    Dispute,
    HandOver,
    Milestone,
    Organisation,
    Project,
    Provider,
    Rating,
)
from marketplace.phases import ProjectPhase

PROJECT_PARTS = (Milestone, ChangeNotice, Acceptance, Dispute, Rating, HandOver)
"""Rows that belong to a project and follow its rules."""


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
