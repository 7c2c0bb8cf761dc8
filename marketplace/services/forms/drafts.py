"""What somebody is typing, kept per user, organisation and form; nothing of it is ever lost.
Who acts for no organisation yet has drafts as well: of the request for a role.

A window says which version it knows. When another window of the same user was faster, the late
text is kept beside the draft as a *rival* until its owner chooses; a window's own next save
replaces its last one, whatever answers got lost on the way.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.errors import Forbidden, Invalid, NotFound
from marketplace.models import FormDraft, HeldForm
from marketplace.permissions import Actor

KEPT = timedelta(days=30)
LARGEST = 300_000
MOST_RIVALS = 5
KEY = re.compile(r"[a-z_]{1,40}:[\w-]{1,78}")
"""``noun:number`` or ``noun:new``."""

Fields = Mapping[str, list[str]]
"""A form as it is sent: the values of each field."""


@dataclass(frozen=True)
class Text:
    """The text of one window: what, when, which window, and the page that the form is on."""

    fields: Fields
    window: str
    path: str
    at: str


@dataclass(frozen=True)
class Draft:
    """The draft of one form. ``rivals``: texts of other windows that came too late."""

    id: int
    key: str
    version: int
    base_version: int | None
    saved_at: datetime
    text: Text
    rivals: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Saved:
    """What came of a save; ``late`` = the text was kept as a rival."""

    draft: Draft
    late: bool


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What a window sends. ``version`` is the one it knows, 0 = none."""

    key: str
    version: int
    fields: Fields
    window: str
    path: str = ""
    base_version: int | None = None


def save(session: Session, actor: Actor, cipher: Cipher, typed: Typed) -> Saved:
    """Keep what was typed. Raises Forbidden without a user, Invalid when too long.

    Commit it whatever the answer: a late text is kept too.
    """
    if actor.user_id is None:
        raise Forbidden
    if not KEY.fullmatch(typed.key) or not typed.window:
        raise Invalid("表单不完整，没有自动保存")
    if len(orjson.dumps(dict(typed.fields))) > LARGEST:
        raise Invalid("内容太长，没有自动保存")
    text = Text(typed.fields, typed.window, typed.path, clock.now().isoformat())
    row = _row(session, actor, typed.key, lock=True)
    if row is None:
        row = FormDraft(
            user_id=actor.user_id, organisation_id=actor.organisation_id, key=typed.key,
            base_version=typed.base_version, data_encrypted=_seal(cipher, actor.user_id, [text]),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return Saved(_draft(cipher, row), late=False)
    present = _draft(cipher, row)
    mine = typed.version == present.version or typed.window == present.text.window
    if mine:
        row.data_encrypted = _seal(cipher, row.user_id, [text])
        row.base_version = typed.base_version
    elif dict(typed.fields) != dict(present.text.fields):
        others = [rival for rival in present.rivals if rival.window != typed.window]
        row.rivals_encrypted = _seal(cipher, row.user_id, [text, *others][:MOST_RIVALS])
        mine = False
    else:
        return Saved(present, late=False)
    row.saved_at = clock.now()
    session.flush()
    return Saved(_draft(cipher, row), late=not mine)


RETRIED = (IntegrityError, StaleDataError)
"""Two first saves at once, or two saves of one version: the loser asks once more."""


def find(session: Session, actor: Actor, cipher: Cipher, key: str) -> Draft | None:
    """The draft of a form, if this user has one in this organisation."""
    row = _row(session, actor, key)
    return None if row is None else _draft(cipher, row)


def get(session: Session, actor: Actor, cipher: Cipher, draft_id: int) -> Draft:
    """The same by number. Raises NotFound for others' drafts."""
    return _draft(cipher, _own(session, actor, draft_id))


def choose(session: Session, actor: Actor, cipher: Cipher, draft_id: int, number: int) -> Draft:
    """Go on with the draft (0) or with a rival (1, 2, …); the others are dropped."""
    row = _own(session, actor, draft_id)
    present = _draft(cipher, row)
    texts = (present.text, *present.rivals)
    if not 0 <= number < len(texts):
        raise Invalid("请选择一份")
    row.data_encrypted = _seal(cipher, row.user_id, [texts[number]])
    row.rivals_encrypted, row.saved_at = None, clock.now()
    session.flush()
    return _draft(cipher, row)


def drop(session: Session, actor: Actor, key: str) -> None:
    """The form was sent, or given up: its draft goes."""
    row = _row(session, actor, key, lock=True)
    if row is not None:
        session.delete(row)
        session.flush()


def discard(session: Session, actor: Actor, draft_id: int) -> None:
    """Give a draft up. Raises NotFound."""
    session.delete(_own(session, actor, draft_id))
    session.flush()


def forget(session: Session) -> None:
    """Drop what nobody came back for."""
    now = clock.now()
    session.execute(delete(FormDraft).where(FormDraft.saved_at < now - KEPT))
    session.execute(delete(HeldForm).where(HeldForm.expires_at < now))


def _row(session: Session, actor: Actor, key: str, *, lock: bool = False) -> FormDraft | None:
    query = select(FormDraft).where(
        FormDraft.user_id == actor.user_id,
        FormDraft.organisation_id == actor.organisation_id,
        FormDraft.key == key,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def _own(session: Session, actor: Actor, draft_id: int) -> FormDraft:
    row = session.get(FormDraft, draft_id)
    if row is None or (row.user_id, row.organisation_id) != (actor.user_id, actor.organisation_id):
        raise NotFound
    return row


def place(user_id: int) -> str:
    """Where a draft is sealed for."""
    return f"form_drafts:{user_id}"


def _seal(cipher: Cipher, user_id: int, texts: list[Text]) -> bytes:
    plain: list[dict[str, Any]] = [
        {"fields": dict(text.fields), "window": text.window, "path": text.path, "at": text.at}
        for text in texts
    ]
    return cipher.seal(orjson.dumps(plain).decode(), place(user_id))


def _draft(cipher: Cipher, row: FormDraft) -> Draft:
    def opened(sealed: bytes | None) -> list[Text]:
        plain = orjson.loads(cipher.open(sealed, place(row.user_id))) if sealed else []
        return [Text(**item) for item in plain]

    (text,) = opened(row.data_encrypted)
    rivals = tuple(opened(row.rivals_encrypted))
    return Draft(row.id, row.key, row.version, row.base_version, row.saved_at, text, rivals)
