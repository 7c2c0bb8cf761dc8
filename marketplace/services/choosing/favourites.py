"""Favourites (收藏): what an enterprise marked on pages and cards (F-V8)."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden
from marketplace.history import record
from marketplace.models import Favourite
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.services.choosing import kept
from marketplace.services.choosing.kept import Key

MOST = 500


def add(session: Session, actor: Actor, key: Key) -> Favourite:
    """Mark something public; marking it twice is marking it once. Raises NotFound, Conflict."""
    require(actor, Permission.FAVOURITE_KEEP)
    if actor.user_id is None or actor.organisation_id is None:
        raise Forbidden
    kept.require_public(session, [key])
    if (session.scalar(select(func.count()).select_from(_own(actor).subquery())) or 0) >= MOST:
        raise Conflict(f"最多收藏{MOST}项", code="too_many", remedy="请先取消一些不再需要的收藏。")
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {
        "organisation_id": actor.organisation_id, "kind": key[0], "item_id": key[1],
        "created_by": actor.user_id, "created_at": clock.now(),
    }  # fmt: skip
    statement = insert(Favourite).values(values).on_conflict_do_nothing()
    made = session.scalar(statement.returning(Favourite.id))
    row = session.scalars(_own(actor).where(_is(key))).one()
    if made is not None:
        record(session, actor, "favourite_add", row, diff={"item_kind": key[0], "item_id": key[1]})
    return row


def drop(session: Session, actor: Actor, key: Key) -> None:
    """Take the mark away; nothing happens when there is none."""
    require(actor, Permission.FAVOURITE_KEEP)
    row = session.scalars(_own(actor).where(_is(key))).one_or_none()
    if row is None:
        return
    record(session, actor, "favourite_drop", row, diff={"item_kind": key[0], "item_id": key[1]})
    session.delete(row)
    session.flush()


def listed(actor: Actor, kind: str = "") -> Select[Favourite]:
    """SELECT of the actor's own, the latest first."""
    query = _own(actor)
    if kind:
        query = query.where(Favourite.kind == kind)
    return query.order_by(Favourite.id.desc())


def among(session: Session, actor: Actor, kind: str, ids: Iterable[int]) -> set[int]:
    """Which of ``ids`` the actor's organisation has marked: one query."""
    query = _own(actor).where(Favourite.kind == kind, Favourite.item_id.in_(set(ids)))
    return set(session.scalars(query.with_only_columns(Favourite.item_id)))


def _own(actor: Actor) -> Select[Favourite]:
    return visible(actor, Permission.FAVOURITE_KEEP, Favourite)


def _is(key: Key) -> ColumnElement[bool]:
    return and_(Favourite.kind == key[0], Favourite.item_id == key[1])
