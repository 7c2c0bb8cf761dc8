"""Index jobs that were given up: seen by operators, and let run again."""

from dataclasses import dataclass

from sqlalchemy import Select
from sqlalchemy.orm import Session

from marketplace import outbox
from marketplace.errors import Conflict
from marketplace.history import record
from marketplace.models import OutboxItem
from marketplace.permissions import Actor, Permission, require


@dataclass(frozen=True)
class _Subject:
    """What the history points at; the row itself is gone once its effect is confirmed."""

    id: int
    __tablename__ = OutboxItem.__tablename__


def parked(actor: Actor) -> Select[OutboxItem]:
    """SELECT of the jobs that were given up, the latest first. Raises Forbidden."""
    require(actor, Permission.SYSTEM_READ)
    return outbox.parked(outbox.INDEX)


def retry(session: Session, actor: Actor, item_id: int, *, reason: str) -> None:
    """Let one job run again. Raises Conflict when it is not parked (any more)."""
    require(actor, Permission.SEARCH_OPERATE)
    item = session.get(OutboxItem, item_id)
    if item is None or not outbox.retry_parked(session, outbox.INDEX, item_id):
        raise Conflict("这一条已不在搁置状态", code="wrong_state")
    diff = {"key": item.key, "error": item.error}
    record(session, actor, "index_retry", _Subject(item_id), diff=diff, why={"reason": reason})


def retry_all(session: Session, actor: Actor, *, reason: str) -> int:
    """Let all of them run again; answers how many."""
    require(actor, Permission.SEARCH_OPERATE)
    count = outbox.retry_parked(session, outbox.INDEX)
    if count:
        diff = {"rows": count}
        record(session, actor, "index_retry", _Subject(0), diff=diff, why={"reason": reason})
    return count
