"""Saved searches (保存的搜索): run again with one click, and new matches told once (F-V9).

What a search found is compared by ``indexing.matching``, outside any transaction; ``note`` writes
down what is new and tells it, both in one transaction, so that no match is told twice or lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import SavedSearch, SearchMatch, Selection
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import Role
from marketplace.services.inbox import inbox

MOST_SEARCHES = 50
MOST_MATCHES = 1000
"""A search with more results is too wide to be watched."""

EVERY = timedelta(minutes=10)
NAMED = 5
SAME_NAME = "已经有一个同名的搜索，请换一个名称"
TOO_WIDE = f"结果超过{MOST_MATCHES}条，不能提醒，请增加条件"
BATCH = 200
Found = Mapping[int, str]
"""Titles of what a search finds, by number."""


@dataclass(frozen=True)
class Wanted:
    """A search as its page was: pairs of the address, the same for the index, and in words."""

    kind: str
    params: Sequence[tuple[str, str]]
    index: Mapping[str, Any]
    conditions: str


def listed(actor: Actor) -> Select[SavedSearch]:
    """SELECT of the actor's own, the latest first."""
    return visible(actor, Permission.SEARCH_SAVE, SavedSearch).order_by(SavedSearch.id.desc())


def get(session: Session, actor: Actor, search_id: int) -> SavedSearch:
    """One of the actor's own. Raises NotFound."""
    found = session.scalars(listed(actor).where(SavedSearch.id == search_id)).one_or_none()
    if found is None:
        raise NotFound("没有这个保存的搜索")
    return found


def save(
    session: Session, actor: Actor, wanted: Wanted, found: Found, *, name: str, alert: bool
) -> SavedSearch:
    """Keep a search. What it finds now (``found``) is known already and never told.

    Raises Invalid (name in use, too wide to be watched), Conflict (too many).
    """
    require(actor, Permission.SEARCH_SAVE)
    if actor.user_id is None or actor.organisation_id is None:
        raise Forbidden
    _check(session, actor, name, alert, len(found))
    number = session.scalar(select(func.count()).select_from(listed(actor).subquery())) or 0
    if number >= MOST_SEARCHES:
        raise Conflict(
            f"最多保存{MOST_SEARCHES}个搜索", code="too_many", remedy="请先删除不再需要的搜索。"
        )
    row = SavedSearch(
        organisation_id=actor.organisation_id, name=name, kind=wanted.kind,
        params=[list(pair) for pair in wanted.params], wanted=dict(wanted.index),
        conditions=wanted.conditions, alert=alert, created_by=actor.user_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if alert:
        _learn(session, row, found, told_at=None)
    record(session, actor, "search_save", row, diff={"name": name, "alert": alert})
    return row


def edit(
    session: Session,
    actor: Actor,
    search: SavedSearch,
    found: Found,
    *,
    name: str,
    alert: bool,
    version: int,
) -> None:
    """Another name; alerts on or off. What is there when they are turned on is not told.

    Raises Invalid, Conflict (changed meanwhile).
    """
    require(actor, Permission.SEARCH_SAVE, search)
    if search.version != version:
        raise Conflict("这个搜索已被同事更新", code="stale_version")
    _check(session, actor, name, alert, len(found), but=search.id)
    diff = {
        field: [before, after]
        for field, before, after in (("name", search.name, name), ("alert", search.alert, alert))
        if before != after
    }
    if alert and not search.alert:
        _learn(session, search, found, told_at=None)
        search.checked_at, search.trouble = clock.now(), ""
    search.name, search.alert = name, alert
    session.flush()
    if diff:
        record(session, actor, "search_edit", search, diff=diff)


def delete_(session: Session, actor: Actor, search: SavedSearch) -> None:
    """Forget the search; selection files made from it keep their own copy of its conditions."""
    require(actor, Permission.SEARCH_SAVE, search)
    record(
        session, actor, "search_delete", search,
        diff={"name": search.name, "conditions": search.conditions},
    )  # fmt: skip
    session.execute(
        update(Selection)
        .where(Selection.saved_search_id == search.id)
        .values(saved_search_id=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(SearchMatch).where(SearchMatch.saved_search_id == search.id))
    session.delete(search)
    session.flush()


def _check(
    session: Session, actor: Actor, name: str, alert: bool, number: int, but: int = 0
) -> None:
    fields = {}
    same = listed(actor).where(SavedSearch.name == name, SavedSearch.id != but)
    if session.scalars(same).first() is not None:
        fields["name"] = [SAME_NAME]
    if alert and number > MOST_MATCHES:
        fields["alert"] = [TOO_WIDE]
    if fields:
        raise Invalid(fields=fields)


@dataclass(frozen=True)
class Watched:
    """A search that is due, as the worker takes it out of its transaction."""

    id: int
    kind: str
    index: Mapping[str, Any]


def due(session: Session, limit: int) -> list[Watched]:
    """Searches to be compared with the index now, the longest unchecked first."""
    rows = session.execute(
        select(SavedSearch.id, SavedSearch.kind, SavedSearch.wanted)
        .where(SavedSearch.alert, SavedSearch.checked_at <= clock.now() - EVERY)
        .order_by(SavedSearch.checked_at, SavedSearch.id)
        .limit(limit)
    )
    return [Watched(*row) for row in rows]


def note(session: Session, actor: Actor, search_id: int, found: Found) -> list[int]:
    """Write down what a search finds now and tell its enterprise what is new; answers that.

    A search deleted or silenced meanwhile is left alone. ``actor`` is the system: the worker.
    """
    search = session.get(SavedSearch, search_id, with_for_update=True, populate_existing=True)
    if search is None or not search.alert:
        return []
    search.checked_at = clock.now()
    search.trouble = TOO_WIDE if len(found) > MOST_MATCHES else ""
    new = [] if search.trouble else _learn(session, search, found, told_at=search.checked_at)
    if new:
        _tell(session, search, [found[id_] for id_ in new], search.checked_at)
        diff = {"new": [f"{search.kind}:{id_}" for id_ in new]}
        record(session, actor, "search_alert", search, diff=diff)
    session.flush()
    return new


def give_up(session: Session, search_id: int, trouble: str) -> None:
    """Say on its page why a search could not be run; it is tried again in its turn."""
    search = session.get(SavedSearch, search_id, with_for_update=True, populate_existing=True)
    if search is not None:
        search.checked_at, search.trouble = clock.now(), trouble[:200]


def _tell(session: Session, search: SavedSearch, titles: Sequence[str], at: datetime) -> None:
    names = "、".join(titles[:NAMED]) + (f" 等{len(titles)}条" if len(titles) > NAMED else "")
    inbox.notify(
        session, "search_match", inbox.team(session, search.organisation_id, Role.ENTERPRISE),
        cause=f"search:{search.id}:{at.isoformat()}", voice="enterprise",
        url=f"/me/searches/{search.id}",
        facts={"search": search.name, "number": str(len(titles)), "names": names},
    )  # fmt: skip


def _learn(
    session: Session, search: SavedSearch, found: Found, *, told_at: datetime | None
) -> list[int]:
    """Write down what was not known yet; answers its numbers, in order."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {"saved_search_id": search.id, "item_id": id_, "title": title[:200], "told_at": told_at}
        for id_, title in sorted(found.items())
    ]
    new: list[int] = []
    for start in range(0, len(rows), BATCH):
        statement = insert(SearchMatch).values(rows[start : start + BATCH])
        wanted = statement.on_conflict_do_nothing().returning(SearchMatch.item_id)
        new += session.scalars(wanted).all()
    return sorted(new)


def told(search: SavedSearch) -> Select[SearchMatch]:
    """SELECT of the matches that the enterprise was told of, the latest first."""
    return (
        select(SearchMatch)
        .where(SearchMatch.saved_search_id == search.id, SearchMatch.told_at.is_not(None))
        .order_by(SearchMatch.told_at.desc(), SearchMatch.item_id.desc())
    )
