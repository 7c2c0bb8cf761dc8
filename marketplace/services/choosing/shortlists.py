"""Shortlists (选型清单): named lists with notes, one for each plan of an enterprise (F-V8)."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import Shortlist, ShortlistItem
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.services.choosing import kept
from marketplace.services.choosing.kept import Key

MOST_LISTS = 50
MOST_ITEMS = 50
SAME_NAME = "已经有一个同名的清单，请换一个名称"


def listed(actor: Actor) -> Select[Shortlist, int]:
    """SELECT of (list, number of its items), the last changed first."""
    number = (
        select(func.count(ShortlistItem.id))
        .where(ShortlistItem.shortlist_id == Shortlist.id)
        .correlate(Shortlist)
        .scalar_subquery()
    )
    query = visible(actor, Permission.SHORTLIST_KEEP, Shortlist)
    return query.add_columns(number).order_by(Shortlist.updated_at.desc(), Shortlist.id.desc())


def get(session: Session, actor: Actor, shortlist_id: int) -> Shortlist:
    """One of the actor's own lists with its items. Raises NotFound."""
    query = visible(actor, Permission.SHORTLIST_KEEP, Shortlist).where(Shortlist.id == shortlist_id)
    found = session.scalars(query.options(selectinload(Shortlist.items))).one_or_none()
    if found is None:
        raise NotFound("没有这个清单")
    return found


def create(
    session: Session,
    actor: Actor,
    *,
    name: str,
    note: str = "",
    keys: Sequence[Key] = (),
) -> Shortlist:
    """A new list with these things on it. Raises Invalid (name in use), NotFound, Conflict."""
    require(actor, Permission.SHORTLIST_KEEP)
    if actor.user_id is None or actor.organisation_id is None:
        raise Forbidden
    if _number(session, actor) >= MOST_LISTS:
        raise Conflict(
            f"最多{MOST_LISTS}个清单", code="too_many", remedy="请先删除不再需要的清单。"
        )
    _free(session, actor, name)
    row = Shortlist(
        organisation_id=actor.organisation_id, name=name, note=note, created_by=actor.user_id
    )
    row.items = []
    session.add(row)
    session.flush()
    record(session, actor, "shortlist_create", row, diff={"name": name})
    put(session, actor, row, keys)
    return row


def edit(
    session: Session, actor: Actor, shortlist: Shortlist, *, name: str, note: str, version: int
) -> None:
    """Another name or note. Raises Invalid (name in use), Conflict (changed meanwhile)."""
    require(actor, Permission.SHORTLIST_KEEP, shortlist)
    if shortlist.version != version:
        raise Conflict("清单已被同事更新", code="stale_version")
    before = {"name": shortlist.name, "note": shortlist.note}
    _free(session, actor, name, but=shortlist.id)
    shortlist.name, shortlist.note = name, note
    session.flush()
    after = {"name": name, "note": note}
    diff = {
        field: [before[field], after[field]] for field in after if before[field] != after[field]
    }
    if diff:
        record(session, actor, "shortlist_edit", shortlist, diff=diff)


def put(session: Session, actor: Actor, shortlist: Shortlist, keys: Sequence[Key]) -> int:
    """Put public things on the list; answers how many are new. Raises NotFound, Conflict."""
    require(actor, Permission.SHORTLIST_KEEP, shortlist)
    there = {(item.kind, item.item_id) for item in shortlist.items}
    new = [key for key in dict.fromkeys(keys) if key not in there]
    if not new:
        return 0
    kept.require_public(session, new)
    if len(there) + len(new) > MOST_ITEMS:
        raise Conflict(
            f"一个清单最多{MOST_ITEMS}项", code="too_many", remedy="请移出一些，或者另建一个清单。"
        )
    for kind, item_id in new:
        shortlist.items.append(
            ShortlistItem(kind=kind, item_id=item_id, created_by=actor.user_id or 0)
        )
    _touch(session, shortlist)
    diff = {"added": [f"{kind}:{item_id}" for kind, item_id in new]}
    record(session, actor, "shortlist_put", shortlist, diff=diff)
    return len(new)


def note(session: Session, actor: Actor, shortlist: Shortlist, item_id: int, text: str) -> None:
    """What stands beside one thing on the list. Raises NotFound."""
    require(actor, Permission.SHORTLIST_KEEP, shortlist)
    item = _item(shortlist, item_id)
    if item.note == text:
        return
    diff = {"note": [item.note, text], "item": f"{item.kind}:{item.item_id}"}
    item.note = text
    _touch(session, shortlist)
    record(session, actor, "shortlist_note", shortlist, diff=diff)


def take(session: Session, actor: Actor, shortlist: Shortlist, item_id: int) -> None:
    """Take one thing off the list. Raises NotFound."""
    require(actor, Permission.SHORTLIST_KEEP, shortlist)
    item = _item(shortlist, item_id)
    diff = {"removed": f"{item.kind}:{item.item_id}", "note": item.note}
    session.delete(item)
    _touch(session, shortlist)
    record(session, actor, "shortlist_take", shortlist, diff=diff)


def delete(session: Session, actor: Actor, shortlist: Shortlist) -> None:
    """Delete the list; its contents stay in the record."""
    require(actor, Permission.SHORTLIST_KEEP, shortlist)
    contents = [f"{item.kind}:{item.item_id} {item.note}".strip() for item in shortlist.items]
    diff = {"name": shortlist.name, "note": shortlist.note, "items": contents}
    record(session, actor, "shortlist_delete", shortlist, diff=diff)
    for item in list(shortlist.items):
        session.delete(item)
    session.flush()
    session.delete(shortlist)
    session.flush()


def _item(shortlist: Shortlist, item_id: int) -> ShortlistItem:
    found = next((item for item in shortlist.items if item.id == item_id), None)
    if found is None:
        raise NotFound("清单上没有这一项")
    return found


def _free(session: Session, actor: Actor, name: str, but: int = 0) -> None:
    """A name is used once; who loses a race for it gets a conflict from the constraint."""
    query = visible(actor, Permission.SHORTLIST_KEEP, Shortlist).where(
        Shortlist.name == name, Shortlist.id != but
    )
    if session.scalars(query).first() is not None:
        raise Invalid(fields={"name": [SAME_NAME]})


def _number(session: Session, actor: Actor) -> int:
    own = visible(actor, Permission.SHORTLIST_KEEP, Shortlist)
    return session.scalar(select(func.count()).select_from(own.subquery())) or 0


def _touch(session: Session, shortlist: Shortlist) -> None:
    """Its items changed; the version is that of name and note, so a form open beside holds."""
    session.flush()
    row = update(Shortlist).where(Shortlist.id == shortlist.id).values(updated_at=clock.now())
    session.execute(row.execution_options(synchronize_session=False))
