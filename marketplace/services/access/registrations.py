"""An account by one's own wish: the address gets a single-use link, its owner sets a password.

Whether an address has an account is told to its owner alone, by mail: answer, work and time of
the page are the same (S22). An account by itself may do nothing; roles come from requests.
"""

import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from marketplace import clock, mail
from marketplace.crypto import digest
from marketplace.errors import NotFound
from marketplace.history import record
from marketplace.models import Registration, User
from marketplace.permissions import Actor
from marketplace.services.access.invitations import Post
from marketplace.services.accounts import accounts
from marketplace.services.accounts.account_rules import rules

GONE = "这个链接已失效：可能已经用过，或已过有效期。"
REMEDY = "请重新填写邮箱，再发一封。"


def ask(session: Session, post: Post, *, login: str) -> None:
    """Mail a link to an address; earlier ones stop working. One with an account is told so."""
    wanted = accounts.fold(login)
    known = accounts.by_login(session, wanted) is not None
    _end(session, wanted)
    token = secrets.token_urlsafe(32)
    session.add(
        Registration(
            login=wanted, token_hash=digest(token), expires_at=clock.now() + rules().registration
        )
    )
    session.flush()
    letter = mail.compose(
        "register_known.txt" if known else "register.txt", to=wanted,
        link=f"{post.base_url}/register/{token}", hours=rules().registration // timedelta(hours=1),
        login=f"{post.base_url}/login", reset=f"{post.base_url}/reset",
    )  # fmt: skip
    mail.put(session, post.cipher, letter)


def _end(session: Session, login: str) -> None:
    session.execute(
        update(Registration)
        .where(Registration.login == login, Registration.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def peek(session: Session, token: str) -> Registration:
    """What a link was sent for, unused and in time. Raises NotFound."""
    row = session.scalars(
        select(Registration).where(
            Registration.token_hash == digest(token),
            Registration.used_at.is_(None),
            Registration.expires_at > clock.now(),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(GONE, REMEDY)
    return row


def complete(session: Session, actor: Actor, token: str, *, name: str, hashed: str) -> User:
    """Make the account, once, however many try. Raises NotFound; Conflict when it exists by now.

    ``hashed`` is the checked and hashed password.
    """
    row = peek(session, token)
    taken = session.execute(
        update(Registration)
        .where(Registration.id == row.id, Registration.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if getattr(taken, "rowcount", 0) != 1:
        raise NotFound(GONE, REMEDY)
    user = accounts.enter(session, actor, login=row.login, name=name)
    user.password_hash, user.password_changed_at = hashed, clock.now()
    session.flush()
    record(session, actor, "user_register", user)
    return user


def forget(session: Session) -> None:
    """Drop addresses whose link has long ended (PIPL 47)."""
    end = clock.now() - rules().keep_registrations
    session.execute(delete(Registration).where(Registration.expires_at < end))
