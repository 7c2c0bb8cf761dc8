"""Forms that arrived when their session was over: kept for their sender until after login."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher, digest
from marketplace.errors import NotFound
from marketplace.models import HeldForm
from marketplace.permissions import Actor

KEPT = timedelta(hours=24)
LONGEST_PATH = 400
LARGEST = 1_000_000

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Held:
    """A kept form: where it was going, what it holds, and the role it was filled in under."""

    path: str
    pairs: Pairs
    grant_id: int | None
    at: datetime


def hold(
    session: Session,
    cipher: Cipher,
    *,
    user_id: int,
    grant_id: int | None,
    path: str,
    pairs: Pairs,
) -> str:
    """Keep a form for the user whose session had ended; answers the token that leads to it.

    An empty token: it is too long to be kept.
    """
    plain = orjson.dumps([list(pair) for pair in pairs])
    if len(plain) > LARGEST or len(path) > LONGEST_PATH:
        return ""
    token = secrets.token_urlsafe(24)
    row = HeldForm(
        token_hash=digest(token), user_id=user_id, grant_id=grant_id, path=path,
        data_encrypted=cipher.seal(plain.decode(), place(user_id)),
        expires_at=clock.now() + KEPT,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return token


def find(session: Session, actor: Actor, cipher: Cipher, token: str) -> Held:
    """The form behind a token, for its sender alone. Raises NotFound."""
    row = _row(session, actor, token)
    pairs = orjson.loads(cipher.open(row.data_encrypted, place(row.user_id)))
    return Held(row.path, [(name, text) for name, text in pairs], row.grant_id, row.created_at)


def drop(session: Session, actor: Actor, token: str) -> None:
    """Give it up. Raises NotFound."""
    _row(session, actor, token).used_at = clock.now()
    session.flush()


def _row(session: Session, actor: Actor, token: str) -> HeldForm:
    row = session.scalars(
        select(HeldForm).where(
            HeldForm.token_hash == digest(token),
            HeldForm.user_id == actor.user_id,
            HeldForm.used_at.is_(None),
            HeldForm.expires_at > clock.now(),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("没有保留的表单，可能已过24小时")
    return row


def place(user_id: int) -> str:
    """Where a form is sealed for."""
    return f"held_forms:{user_id}"
