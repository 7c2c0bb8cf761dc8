"""Login sessions on the server (quality.md S25-S29). The cookie's secret is stored hashed only.

Times: idle 30 minutes (staff 15), 12 hours in all. Ending a session works on the next request.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.crypto import digest
from marketplace.models import RoleGrant, User, UserSession
from marketplace.permissions import Actor
from marketplace.phases import STAFF_ROLES, Role

IDLE = timedelta(minutes=30)
STAFF_IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=12)
ANONYMOUS = timedelta(minutes=30)
CONFIRMED_FOR = timedelta(minutes=15)
STAFF_PARALLEL = 3
TOUCH_EVERY = timedelta(minutes=1)

ENDINGS = {
    "logout": "您已退出登录。",
    "idle": "长时间没有操作，登录已自动退出。",
    "expired": "登录满12小时，需要重新登录。",
    "too_many": "您的账号在其他设备上登录超过3处，最早的一处已自动退出。",
    "revoked": "这次登录已被本人或管理员结束。",
    "password_changed": "口令已修改，需要重新登录。",
    "disabled": "账号已停用，如有疑问请联系本单位管理员。",
    "role_changed": "您的身份或权限有变化，需要重新登录。",
}
"""Why a session ended, and what its owner is told."""
RETURNING = ("idle", "expired", "too_many", "password_changed")
"""Endings after which the same person goes on after a new login."""


def new_token() -> str:
    """A fresh cookie secret: 256 bits, 43 characters."""
    return secrets.token_urlsafe(32)


def is_live(grant: RoleGrant) -> bool:
    """Whether a role is still held."""
    return grant.revoked_at is None and (
        grant.valid_until is None or grant.valid_until > clock.now()
    )


def live_grants(session: Session, user_id: int) -> list[RoleGrant]:
    """The roles a user holds now, with their organisations, oldest first."""
    rows = session.scalars(
        select(RoleGrant)
        .where(RoleGrant.user_id == user_id, RoleGrant.revoked_at.is_(None))
        .options(joinedload(RoleGrant.organisation))
        .order_by(RoleGrant.id)
    )
    return [grant for grant in rows if is_live(grant)]


def actor_of(user: User, grant: RoleGrant | None) -> Actor:
    """Who acts when ``user`` acts in this role."""
    place = grant.organisation if grant else None
    return Actor(
        role=Role(grant.role) if grant else None,
        user_id=user.id,
        name=user.name,
        organisation_id=place.id if place else None,
        organisation_name=place.name if place else "",
        district=place.district if place else None,
    )


@dataclass(frozen=True)
class Device:
    """Where a session is opened from."""

    ip: str = ""
    agent: str = ""


@dataclass(frozen=True)
class Opened:
    """A new session: the secret for the cookie, its row, and the rows that ended for it."""

    token: str
    row_id: int
    ended: list[int]
    grant: RoleGrant | None


def open_session(
    session: Session,
    user: User,
    grants: Iterable[RoleGrant],
    device: Device,
    preferred_grant: int | None = None,
) -> Opened:
    """A new session for ``user``; staff may have three, the oldest ends for a fourth."""
    held = list(grants)
    staff = any(grant.role in STAFF_ROLES for grant in held)
    chosen = next((grant for grant in held if grant.id == preferred_grant), None)
    chosen = chosen or (held[0] if held else None)
    token, now = new_token(), clock.now()
    ended = _make_room(session, user.id) if staff else []
    row = UserSession(
        token_hash=digest(token), user_id=user.id, grant_id=chosen.id if chosen else None,
        staff=staff, confirmed_at=now, created_at=now, seen_at=now, expires_at=now + ABSOLUTE,
        ip=device.ip, agent=device.agent[:200],
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Opened(token, row.id, ended, chosen)


def _make_room(session: Session, user_id: int) -> list[int]:
    # The user's row is the lock: two logins at once must not both see room.
    session.scalars(select(User.id).where(User.id == user_id).with_for_update()).one()
    live = [row for row in own(session, user_id) if not _is_over(row)]
    surplus = sorted(live, key=lambda row: (row.created_at, row.id))[: -(STAFF_PARALLEL - 1)]
    for row in surplus:
        _end(row, "too_many")
    return [row.id for row in surplus]


def _is_over(row: UserSession) -> bool:
    now = clock.now()
    idle = STAFF_IDLE if row.staff else IDLE
    return row.ended_at is not None or row.expires_at <= now or row.seen_at + idle <= now


def own(session: Session, user_id: int) -> list[UserSession]:
    """The sessions of a user that nobody has ended, newest first."""
    rows = session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
    )
    return [row for row in rows if not _is_over(row)]


def keep_anonymous(session: Session, token: str, data: dict[str, Any]) -> int:
    """Remember ``data`` for a visitor (messages, an unfinished login) for half an hour."""
    now = clock.now()
    row = UserSession(
        token_hash=digest(token), user_id=None, created_at=now, seen_at=now,
        expires_at=now + ANONYMOUS, data=data,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def store_data(session: Session, row_id: int, data: dict[str, Any]) -> None:
    """Replace what a session remembers."""
    session.execute(update(UserSession).where(UserSession.id == row_id).values(data=data))


def forget_anonymous(session: Session, row_id: int) -> None:
    """Drop a visitor's session, as at login."""
    session.execute(
        delete(UserSession).where(UserSession.id == row_id, UserSession.user_id.is_(None))
    )


def touch(session: Session, row_id: int) -> None:
    """Note that the session is in use."""
    session.execute(update(UserSession).where(UserSession.id == row_id).values(seen_at=clock.now()))


def needs_touch(seen_at: datetime) -> bool:
    """Whether the last note is old enough for a new one: at most one write a minute."""
    return seen_at + TOUCH_EVERY <= clock.now()


def rotate(session: Session, row_id: int, *, confirmed: bool = False) -> str:
    """Give a session a new secret (S26); ``confirmed`` notes a repeated password check."""
    token = new_token()
    values: dict[str, Any] = {"token_hash": digest(token), "seen_at": clock.now()}
    if confirmed:
        values["confirmed_at"] = clock.now()
    session.execute(update(UserSession).where(UserSession.id == row_id).values(**values))
    return token


def switch(session: Session, row_id: int, grant: RoleGrant) -> str:
    """Act in another role from now on; answers the new secret."""
    session.execute(update(UserSession).where(UserSession.id == row_id).values(grant_id=grant.id))
    return rotate(session, row_id)


def _end(row: UserSession, reason: str) -> None:
    row.ended_at, row.ended_reason = clock.now(), reason


def end(session: Session, row_id: int, reason: str) -> None:
    """End one session."""
    row = session.get(UserSession, row_id)
    if row is not None and row.ended_at is None:
        _end(row, reason)


def end_all(
    session: Session, user_id: int, reason: str, *, but: int | None = None, grant: int | None = None
) -> int:
    """End the sessions of a user (of one role), all but one; answers how many."""
    statement = update(UserSession).where(
        UserSession.user_id == user_id, UserSession.ended_at.is_(None)
    )
    if but is not None:
        statement = statement.where(UserSession.id != but)
    if grant is not None:
        statement = statement.where(UserSession.grant_id == grant)
    values = {"ended_at": clock.now(), "ended_reason": reason}
    result: CursorResult[Any] = session.execute(statement.values(**values))  # type: ignore[assignment]
    return result.rowcount
