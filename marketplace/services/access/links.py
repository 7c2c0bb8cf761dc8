"""Single-use links: invitation, first administrator, new password, new mail address (S31, S33).

The token is random (256 bits) and leaves the system once; only its hash is stored.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import digest
from marketplace.errors import NotFound
from marketplace.models import OneTimeLink

RESET, INVITE, FIRST_ADMIN, EMAIL_CHANGE = "reset", "invite", "first_admin", "email_change"
LIFETIMES = {
    RESET: timedelta(minutes=30),
    INVITE: timedelta(days=2),
    FIRST_ADMIN: timedelta(minutes=30),
    EMAIL_CHANGE: timedelta(minutes=30),
}
PASSWORD_KINDS = (RESET, INVITE, FIRST_ADMIN)

GONE = "这个链接已失效：可能已经用过，或已过有效期。"
REMEDY = "请重新申请；邀请链接失效的，请联系管理员重新发送。"


def create(
    session: Session, kind: str, user_id: int | None, payload: dict[str, Any] | None = None
) -> str:
    """A new link of ``kind``; earlier ones of the same kind stop working. Answers the token.

    Without a user the link leads nowhere; it only takes the time of a real one.
    """
    kill(session, user_id, [kind])
    token = secrets.token_urlsafe(32)
    session.add(
        OneTimeLink(
            kind=kind, token_hash=digest(token), user_id=user_id, payload=payload or {},
            expires_at=clock.now() + LIFETIMES[kind],
        )
    )  # fmt: skip
    session.flush()
    return token


def peek(session: Session, token: str) -> OneTimeLink:
    """The link, unused and in time. Raises NotFound."""
    link = session.scalars(
        select(OneTimeLink).where(
            OneTimeLink.token_hash == digest(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > clock.now(),
        )
    ).one_or_none()
    if link is None:
        raise NotFound(GONE, REMEDY)
    return link


def use(session: Session, token: str) -> OneTimeLink:
    """The link, used up by this call alone, however many try. Raises NotFound."""
    link = peek(session, token)
    taken = session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if getattr(taken, "rowcount", 0) != 1:
        raise NotFound(GONE, REMEDY)
    return link


def kill(session: Session, user_id: int | None, kinds: Sequence[str] = tuple(LIFETIMES)) -> None:
    """Make the unused links of a user useless."""
    session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.user_id == user_id,
            OneTimeLink.kind.in_(kinds),
            OneTimeLink.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
