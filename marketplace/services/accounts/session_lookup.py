"""Whom a cookie leads to: asked before every request (quality.md S25, S27)."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import ScalarSelect, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.crypto import digest
from marketplace.models import Message, RoleGrant, User, UserSession
from marketplace.services.accounts.sessions import IDLE, RETURNING, STAFF_IDLE, is_live

MOST_UNREAD = 99


@dataclass(frozen=True)
class Found:
    """What a cookie leads to: a live session with its user and roles, or why it is none.

    ``unread`` counts messages, up to one more than are worth showing.
    """

    row: UserSession | None = None
    user: User | None = None
    grants: tuple[RoleGrant, ...] = ()
    ended_reason: str = ""
    unread: int = 0
    ended: "Found | None" = None
    """What the session was, when its owner may come back to what was being done."""

    @property
    def grant(self) -> RoleGrant | None:
        """The role the session acts in."""
        wanted = self.row.grant_id if self.row else None
        return next((grant for grant in self.grants if grant.id == wanted), None)


def find(session: Session, token: str) -> Found:
    """Look a cookie up; says why when the session is over. Writes nothing."""
    rows = session.execute(_lookup(), {"token_hash": digest(token)}).all()
    if not rows:
        return Found()
    row, user, unread, _ = rows[0]
    if user is None:
        return Found(row) if row.expires_at > clock.now() else Found()
    grants = tuple(grant for *_, grant in rows if grant is not None and is_live(grant))
    found = Found(row, user, grants, unread=unread)
    reason = _ending(row, user, found.grant)
    if reason:
        return Found(ended_reason=reason, ended=found if reason in RETURNING else None)
    return found


@cache
def _lookup() -> Select[UserSession, User | None, int, RoleGrant | None]:
    """A session with its user, unread messages and roles: a row for each role, oldest first.

    One query, put together once: every request begins with it.
    """
    return (
        select(UserSession, User, _unread(), RoleGrant)
        .outerjoin(User, User.id == UserSession.user_id)
        .outerjoin(RoleGrant, and_(RoleGrant.user_id == User.id, RoleGrant.revoked_at.is_(None)))
        .where(UserSession.token_hash == bindparam("token_hash"))
        .options(joinedload(RoleGrant.organisation))
        .order_by(RoleGrant.id)
    )


def _unread() -> ScalarSelect[int]:
    """Counted beside the session, so that the number in the header costs no query of its own."""
    some = (
        select(Message.id)
        .where(Message.user_id == UserSession.user_id, Message.read_at.is_(None))
        .correlate(UserSession)
        .limit(MOST_UNREAD + 1)
        .subquery()
    )
    return select(func.count()).select_from(some).scalar_subquery()


def _ending(row: UserSession, user: User, grant: RoleGrant | None) -> str:
    now = clock.now()
    if row.ended_at is not None:
        return row.ended_reason
    if not user.active:
        return "disabled"
    if row.grant_id is not None and grant is None:
        return "role_changed"
    if row.expires_at <= now:
        return "expired"
    idle = STAFF_IDLE if row.staff else IDLE
    return "idle" if row.seen_at + idle <= now else ""
