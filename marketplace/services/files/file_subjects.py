"""The rows that files belong to, loaded the way rules of reading want them."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.db import Base
from marketplace.errors import NotFound

LOADERS: dict[str, Callable[[Session, int], Any]] = {}
"""How to load a row by its table, where provider and organisation beside it are not enough."""


def load(session: Session, table: str, id_: int) -> Any:
    """The row ``id_`` of ``table`` with its provider and organisation. Raises NotFound."""
    found = LOADERS[table](session, id_) if table in LOADERS else _load(session, table, id_)
    if found is None:
        raise NotFound
    return found


def _load(session: Session, table: str, id_: int) -> Any:
    model = _models().get(table)
    if model is None:
        return None
    options = []
    if hasattr(model, "provider"):
        owner = model.provider.property.mapper.class_
        options = [joinedload(model.provider).joinedload(owner.organisation)]
    elif hasattr(model, "organisation"):
        options = [joinedload(model.organisation)]
    # A SELECT also fills what a row that is known already has not loaded; ``get`` would not.
    return session.scalars(select(model).where(model.id == id_).options(*options)).one_or_none()


@cache
def _models() -> dict[str, type[Any]]:
    return {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
