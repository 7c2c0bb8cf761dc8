"""The password check and what follows from it (S22-S24, S29, S30).

Counting, hashing and opening the session happen in short transactions of their own: no
transaction is open while the password is hashed.
"""

import base64
from datetime import datetime, timedelta
from typing import Any

from flask import flash
from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from marketplace import clock
from marketplace.crypto import digest
from marketplace.models import User
from marketplace.permissions import Actor, Permission, can
from marketplace.services.accounts import accounts, lockout, passwords, second_factor, sessions
from marketplace.services.accounts.lockout import Attempt
from marketplace.services.accounts.sessions import Opened
from marketplace.web import limits, security_log
from marketplace.web.parts import cipher, database, settings
from marketplace.web.sessions import device, web_session

PENDING = "pending"
PENDING_MINUTES = 10
SECRET_PLACE = "session.totp_secret"  # noqa: S105  a place, not a secret
LOCKED = "登录失败次数过多，请稍后再试；忘记口令的，可以重新设置。"


def check_password(typed_login: str, password: str) -> int | None:
    """The id of the user when the password is right. Raises 429 when locked or too often.

    Unknown names are counted, hashed and answered like known ones.
    """
    login = accounts.fold(typed_login)
    limits.take("login_address", limits.address())
    limits.take("login_all")
    attempt = database().run(lambda session: lockout.reserve(session, login))
    if not attempt.allowed:
        _refuse(login, attempt)
    with database().reading() as session:
        user = accounts.by_login(session, login)
    usable = user is not None and user.active
    right = passwords.verify(user.password_hash if user and usable else "", password)
    if not right or user is None:
        _note_failure(login, user, attempt)
        return None
    _forgive(user, login, password)
    return user.id


def _refuse(login: str, attempt: Attempt) -> None:
    security_log.note("login", "denied", object_=digest(login)[:16])
    end = attempt.locked_until or clock.now() + lockout.LOCK
    raise TooManyRequests(LOCKED, retry_after=round((end - clock.now()).total_seconds()) + 1)


def _note_failure(login: str, user: User | None, attempt: Attempt) -> None:
    user_id = user.id if user else None
    # The typed name may be a password typed into the wrong field: only its hash is kept.
    security_log.note("login", "failed", user_id=user_id, object_=digest(login)[:16])
    if attempt.last:
        security_log.note("lock", "ok", user_id=user_id, object_=digest(login)[:16])


def _forgive(user: User, login: str, password: str) -> None:
    limits.give_back("login_address", limits.address())
    limits.give_back("login_all")
    stronger = passwords.hash_(password) if passwords.is_weak(user.password_hash) else ""

    def work(session: Session) -> None:
        lockout.clear(session, login)
        if stronger:
            accounts.renew_hash(session, user.id, stronger)

    database().run(work)


def needs_second_factor(user_id: int) -> bool:
    """Whether a code is asked for after the password: staff always, outside the demo."""
    with database().reading() as session:
        user = accounts.get(session, user_id)
        if settings().demo:
            return False
        return user.totp_secret_encrypted is not None or accounts.is_staff(session, user_id)


def begin_second_factor(user_id: int, target: str) -> bool:
    """Remember the unfinished login; answers whether the user has a second factor already."""
    with database().reading() as session:
        enrolled = accounts.get(session, user_id).totp_secret_encrypted is not None
    until = clock.now() + timedelta(minutes=PENDING_MINUTES)
    pending = {"user": user_id, "next": target, "until": until.isoformat()}
    if not enrolled:
        pending["secret"] = seal_secret(second_factor.new_secret())
    web = web_session()
    web.start(sessions.new_token(), None)
    web[PENDING] = pending
    return enrolled


def pending() -> dict[str, Any] | None:
    """The unfinished login of this browser."""
    found: dict[str, Any] | None = web_session().get(PENDING)
    if found is None or datetime.fromisoformat(found["until"]) <= clock.now():
        return None
    return found


def seal_secret(secret: str) -> str:
    """A fresh secret as the session keeps it until it is proved."""
    return base64.b64encode(cipher().seal(secret, SECRET_PLACE)).decode()


def open_secret(sealed: str) -> str:
    """The secret again."""
    return cipher().open(base64.b64decode(sealed), SECRET_PLACE)


def complete(user_id: int) -> Actor:
    """Open the session; answers whom it acts as."""
    web = web_session()
    visitor_row = web.row_id

    def work(session: Session) -> tuple[Opened, Actor]:
        user = accounts.get(session, user_id)
        grants = sessions.live_grants(session, user_id)
        opened = sessions.open_session(
            session, user, grants, device(), user.preferences.get("grant")
        )
        if visitor_row is not None:
            sessions.forget_anonymous(session, visitor_row)
        accounts.note_login(session, user_id)
        return opened, sessions.actor_of(user, opened.grant)

    opened, actor = database().run(work)
    web.start(opened.token, opened.row_id)
    security_log.note("login", "ok", user_id=user_id)
    if opened.ended:
        flash("您的账号已在其他3处登录，最早的一处已自动退出。", "warn")
        security_log.note("session_end", "ok", user_id=user_id, detail={"sessions": opened.ended})
    return actor


HOMES = (
    (Permission.WORK_READ, "/work"),
    (Permission.USER_READ, "/admin"),
    (Permission.SECURITY_READ, "/admin"),
    (Permission.PROVIDER_DESK, "/p"),
    (Permission.ENTERPRISE_DESK, "/me"),
    (Permission.EVALUATION_DESK, "/work/evaluations"),
)


def home_of(actor: Actor) -> str:
    """Where somebody starts who did not ask for a page."""
    return next((path for permission, path in HOMES if can(actor, permission)), "/account")
