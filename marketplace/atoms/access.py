"""Atoms of requests to act for an organisation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, true

from marketplace.atoms.core import Actor, Combinable
from marketplace.models import AccessRequest
from marketplace.models.access_requests import REGISTER
from marketplace.phases import PRIVATE_ROLES, Role


class Outside(Combinable):
    """A person outside the offices, with a role or none yet: staff ask for nothing (S46)."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if actor.user_id is None or actor.system:
            return False
        return actor.role is None or actor.role in PRIVATE_ROLES

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return true() if self.allows(actor, None) else false()


class Applicant(Combinable):
    """The request is the actor's own."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return actor.user_id is not None
        return isinstance(obj, AccessRequest) and obj.user_id == actor.user_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.user_id is None or model is not AccessRequest:
            return false()
        return AccessRequest.user_id == actor.user_id


class AccessOf(Combinable):
    """The request is of this kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def allows(self, actor: Actor, obj: Any) -> bool:
        return obj is None or (isinstance(obj, AccessRequest) and obj.kind == self.kind)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        return AccessRequest.kind == self.kind if model is AccessRequest else false()


class AccessDistrict(Combinable):
    """The request is for an organisation in the actor's district."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        here = isinstance(obj, AccessRequest) and obj.district == actor.district
        return here and bool(actor.district)

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if not actor.district or model is not AccessRequest:
            return false()
        return AccessRequest.district == actor.district


class AccessHere(Combinable):
    """The request is for the team that the actor is in: an organisation may have one per side."""

    def allows(self, actor: Actor, obj: Any) -> bool:
        if obj is None:
            return True
        if not isinstance(obj, AccessRequest) or actor.organisation_id is None:
            return False
        same_side = (obj.kind == REGISTER) == (actor.role is Role.ENTERPRISE)
        return same_side and obj.organisation_id == actor.organisation_id

    def where(self, actor: Actor, model: type[Any]) -> ColumnElement[bool]:
        if actor.organisation_id is None or model is not AccessRequest:
            return false()
        registers = AccessRequest.kind == REGISTER
        same_side = registers if actor.role is Role.ENTERPRISE else ~registers
        return same_side & (AccessRequest.organisation_id == actor.organisation_id)
