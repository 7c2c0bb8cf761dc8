"""Accounts: made by invitation, switched off rather than deleted; the login is a mail address."""

import unicodedata
from collections.abc import Sequence

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import PasswordHistory, RoleGrant, User
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import STAFF_ROLES, Role
from marketplace.services.access import links
from marketplace.services.accounts import lockout, second_factor, sessions
from marketplace.services.accounts.passwords import MLPS_HISTORY

TAKEN = "这个邮箱已经有账号"


def fold(login: str) -> str:
    """The form in which a login is stored and compared: NFKC, trimmed, case folded."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def by_login(session: Session, login: str) -> User | None:
    """The account behind a login as typed."""
    return session.scalars(select(User).where(User.login == fold(login))).one_or_none()


def get(session: Session, user_id: int) -> User:
    """The account. Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("没有这个用户")
    return user


def is_staff(session: Session, user_id: int) -> bool:
    """Whether the user holds a staff role: second factor, short sessions, mlps passwords."""
    return any(grant.role in STAFF_ROLES for grant in sessions.live_grants(session, user_id))


def create(session: Session, actor: Actor, *, login: str, name: str) -> User:
    """A new account without password and roles. Raises Conflict when the login is taken."""
    require(actor, Permission.USER_MANAGE)
    return enter(session, actor, login=login, name=name)


def enter(session: Session, actor: Actor, *, login: str, name: str) -> User:
    """The same where the right to do it was proved otherwise: by a link sent to the address.

    The history says that an account was made, not whose it is (PIPL 47): it is never erased.
    """
    if by_login(session, login) is not None:
        raise Conflict(TAKEN, code="login_taken")
    user = User(login=fold(login), name=name)
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        raise Conflict(TAKEN, code="login_taken") from None
    record(session, actor, "user_create", user, diff={"login": masked(user.login)})
    return user


def masked(login: str) -> str:
    """A mail address as others may see it: z***@example.cn."""
    name, _, host = login.partition("@")
    return f"{name[:1]}***@{host}"


def rename(session: Session, actor: Actor, user: User, *, name: str, expected_version: int) -> User:
    """Correct the name of a person."""
    require(actor, Permission.USER_MANAGE)
    if user.version != expected_version:
        raise Conflict("用户信息已被他人更新", code="stale_version")
    if name != user.name:
        before, user.name = user.name, name
        session.flush()
        diff = {"name": [f"{before[:1]}**", f"{name[:1]}**"]}
        record(session, actor, "user_rename", user, diff=diff)
    return user


def deactivate(session: Session, actor: Actor, user: User, *, reason: str) -> None:
    """Switch an account off: its sessions end at once, its links die. Not one's own."""
    require(actor, Permission.USER_MANAGE)
    if user.id == actor.user_id:
        raise Forbidden("不能停用自己的账号")
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写停用原因"]})
    if not user.active:
        raise Conflict("这个账号已经停用", code="wrong_state")
    user.active = False
    session.flush()
    links.kill(session, user.id)
    sessions.end_all(session, user.id, "disabled")
    record(session, actor, "user_deactivate", user, why={"reason": reason})


def activate(session: Session, actor: Actor, user: User) -> None:
    """Switch an account on again."""
    require(actor, Permission.USER_MANAGE)
    if user.active:
        raise Conflict("这个账号没有停用", code="wrong_state")
    if user.erased_at is not None:
        raise Conflict("这个账号已由本人注销，不能恢复", code="wrong_state")
    user.active = True
    session.flush()
    record(session, actor, "user_activate", user)


def unlock(session: Session, actor: Actor, user: User) -> None:
    """End the lock that failed logins led to."""
    require(actor, Permission.USER_UNLOCK)
    if not lockout.clear(session, user.login):
        raise Conflict("这个账号没有被锁定", code="wrong_state")
    record(session, actor, "user_unlock", user)


def reset_second_factor(session: Session, actor: Actor, user: User) -> None:
    """For somebody who lost the device: it is set up again at the next login. Not one's own."""
    require(actor, Permission.USER_MANAGE)
    if user.id == actor.user_id:
        raise Forbidden("不能重置自己的动态口令，请由另一位管理员办理")
    if user.totp_secret_encrypted is None:
        raise Conflict("这个账号没有绑定动态口令", code="wrong_state")
    second_factor.remove(session, actor, user)
    sessions.end_all(session, user.id, "revoked")


def end_sessions(session: Session, actor: Actor, user: User) -> int:
    """End every session of a user; answers how many."""
    require(actor, Permission.SESSION_REVOKE)
    ended = sessions.end_all(session, user.id, "revoked")
    record(session, actor, "sessions_end", user, diff={"ended": ended})
    return ended


def former_hashes(session: Session, user: User) -> list[str]:
    """The hashes a new password must not match, the newest first, the present one included."""
    rows = session.scalars(
        select(PasswordHistory.password_hash)
        .where(PasswordHistory.user_id == user.id)
        .order_by(PasswordHistory.id.desc())
        .limit(MLPS_HISTORY - 1)
    )
    return [stored for stored in (user.password_hash, *rows) if stored]


def set_password(
    session: Session, actor: Actor, user: User, *, hashed: str, keep_session: int | None = None
) -> None:
    """Put a checked and hashed password in force: other sessions end, links die, locks stay."""
    _require_self(actor, user)
    if user.password_hash:
        session.add(PasswordHistory(user_id=user.id, password_hash=user.password_hash))
    user.password_hash = hashed
    user.password_changed_at = clock.now()
    session.flush()
    links.kill(session, user.id)
    sessions.end_all(session, user.id, "password_changed", but=keep_session)
    record(session, actor, "password_change", user)


def renew_hash(session: Session, user_id: int, hashed: str) -> None:
    """Store the same password with today's work factor."""
    get(session, user_id).password_hash = hashed


def note_login(session: Session, user_id: int) -> None:
    """Keep when somebody came last; not an edit, so no new version."""
    session.execute(update(User).where(User.id == user_id).values(last_login_at=clock.now()))


def change_login(session: Session, actor: Actor, user: User, *, login: str) -> None:
    """Take over a mail address that its owner confirmed. Raises Conflict when it is taken."""
    _require_self(actor, user)
    taken = by_login(session, login)
    if taken is not None and taken.id != user.id:
        raise Conflict(TAKEN, code="login_taken")
    before, user.login = user.login, fold(login)
    session.flush()
    links.kill(session, user.id)
    diff = {"login": [masked(before), masked(user.login)]}
    record(session, actor, "login_change", user, diff=diff)


def _require_self(actor: Actor, user: User) -> None:
    if not actor.system and actor.user_id != user.id:
        raise Forbidden


def search(
    actor: Actor, *, text: str = "", role: str = "", active: bool | None = None
) -> Select[User]:
    """SELECT of the accounts that match, by login."""
    require(actor, Permission.USER_READ)
    statement = select(User).order_by(User.login)
    if text:
        # Typed wildcards are letters like any other (S50).
        found = [column.icontains(text, autoescape=True) for column in (User.login, User.name)]
        statement = statement.where(or_(*found))
    if role:
        holders = select(RoleGrant.user_id).where(
            RoleGrant.role == role, RoleGrant.revoked_at.is_(None)
        )
        statement = statement.where(User.id.in_(holders))
    if active is not None:
        statement = statement.where(User.active.is_(active))
    return statement


def roles_of(session: Session, users: Sequence[User]) -> dict[int, list[RoleGrant]]:
    """The live roles of each of these users, with their organisations: one query."""
    rows = session.scalars(
        select(RoleGrant)
        .where(RoleGrant.user_id.in_([user.id for user in users]), RoleGrant.revoked_at.is_(None))
        .options(joinedload(RoleGrant.organisation))
        .order_by(RoleGrant.id)
    )
    held: dict[int, list[RoleGrant]] = {user.id: [] for user in users}
    for grant in rows:
        if sessions.is_live(grant):
            held[grant.user_id].append(grant)
    return held


def any_administrator(session: Session) -> bool:
    """Whether somebody can already manage users."""
    count = session.scalar(
        select(func.count()).where(
            RoleGrant.role == Role.ADMIN_USERS.value, RoleGrant.revoked_at.is_(None)
        )
    )
    return bool(count)
