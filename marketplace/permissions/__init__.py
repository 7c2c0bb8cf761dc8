"""Who may do what, written once: ``names`` says what, ``rules`` says who."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, select

from marketplace.atoms import NOBODY, SYSTEM, Actor
from marketplace.errors import Forbidden, NotFound
from marketplace.permissions.names import Permission
from marketplace.permissions.rules import READ_RULES, RULES

__all__ = [
    "NOBODY",
    "READ_RULES",
    "RULES",
    "SYSTEM",
    "Actor",
    "Permission",
    "can",
    "require",
    "visible",
]

M = TypeVar("M")


def can(actor: Actor, permission: Permission, obj: Any = None) -> bool:
    """Whether ``actor`` may do it (to ``obj``)."""
    return RULES[permission].allows(actor, obj)


def require(actor: Actor, permission: Permission, obj: Any = None) -> None:
    """Raise ``NotFound`` for what the actor may not see, ``Forbidden`` for what it may not do."""
    if can(actor, permission, obj):
        return
    reading = READ_RULES.get(type(obj))
    if reading is not None and not can(actor, reading, obj):
        raise NotFound
    raise Forbidden


def visible(actor: Actor, permission: Permission, model: type[M]) -> Select[M]:
    """SELECT of the rows of ``model`` for which ``actor`` has ``permission``."""
    return select(model).where(RULES[permission].where(actor, model))
