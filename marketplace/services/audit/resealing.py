"""Changing the encryption key: everything sealed with a former key is sealed again (S82)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.models import (
    AccessRequest,
    Complaint,
    FormDraft,
    HeldForm,
    InquiryParty,
    Objection,
    Provider,
    User,
    WebhookEndpoint,
)
from marketplace.permissions import Actor, Permission, require
from marketplace.services.access import access_requests
from marketplace.services.accounts import second_factor
from marketplace.services.checks import complaints
from marketplace.services.forms import drafts, held_forms
from marketplace.services.inquiries import inquiry_threads
from marketplace.services.notices import objections
from marketplace.services.pool import contacts
from marketplace.services.webhooks import signing

BATCH = 200


Place = Callable[[Any], str]

SEALED: tuple[tuple[type[Any], tuple[str, ...], Place], ...] = (
    (User, ("totp_secret_encrypted",), lambda row: second_factor.place(row.id)),
    (Provider, ("contact_phone_encrypted",), lambda row: contacts.place(row.id)),
    (FormDraft, ("data_encrypted", "rivals_encrypted"), lambda row: drafts.place(row.user_id)),
    (
        AccessRequest,
        ("contact_phone_encrypted",),
        lambda row: access_requests.place(row.id),
    ),
    (HeldForm, ("data_encrypted",), lambda row: held_forms.place(row.user_id)),
    (InquiryParty, ("contact_encrypted",), lambda row: inquiry_threads.place(row.id)),
    (Objection, ("contact_encrypted",), objections.place),
    (
        Complaint,
        ("name_encrypted", "phone_encrypted"),
        lambda row: complaints.place_of(row.receipt_hash or ""),
    ),
    (
        WebhookEndpoint,
        ("secret_encrypted", "former_secret_encrypted"),
        lambda row: signing.place(row.id),
    ),
)
"""Every sealed column, and the place its values are sealed for."""


@dataclass(frozen=True)
class Progress:
    """How far it went: the id up to which rows of each table of ``SEALED`` were seen, and how
    many values were sealed again."""

    seen: tuple[int, ...] = (0,) * len(SEALED)
    sealed: int = 0


def reseal(session: Session, actor: Actor, cipher: Cipher, so_far: Progress) -> Progress:
    """One batch more; the same progress again means that nothing is left."""
    require(actor, Permission.USER_MANAGE)
    seen, sealed = list(so_far.seen), so_far.sealed
    for number, (model, columns, place) in enumerate(SEALED):
        rows = select(model).where(model.id > seen[number]).order_by(model.id).limit(BATCH)
        for row in session.scalars(rows):
            seen[number] = row.id
            for column in columns:
                fresh = _fresh(cipher, getattr(row, column), place(row))
                if fresh is not None:
                    setattr(row, column, fresh)
                    sealed += 1
    session.flush()
    return Progress(tuple(seen), sealed)


def _fresh(cipher: Cipher, sealed: bytes | None, place: str) -> bytes | None:
    """The value under the newest key; None when there is nothing to do."""
    if sealed is None or cipher.is_current(sealed):
        return None
    return cipher.seal(cipher.open(sealed, place), place)
