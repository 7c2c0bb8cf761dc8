"""Changing the encryption key: everything sealed with a former key is sealed again (S82)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.models import Provider, User
from marketplace.permissions import Actor, Permission, require
from marketplace.services import contacts, second_factor

BATCH = 200


@dataclass(frozen=True)
class Progress:
    """How far it went: ids up to which rows were seen, and how many values were sealed again."""

    user_id: int = 0
    provider_id: int = 0
    sealed: int = 0


def reseal(session: Session, actor: Actor, cipher: Cipher, so_far: Progress) -> Progress:
    """One batch more; the same progress again means that nothing is left."""
    require(actor, Permission.USER_MANAGE)
    user_id, provider_id, sealed = so_far.user_id, so_far.provider_id, so_far.sealed
    users = select(User).where(User.id > user_id).order_by(User.id).limit(BATCH)
    for user in session.scalars(users):
        user_id = user.id
        fresh = _fresh(cipher, user.totp_secret_encrypted, second_factor.place(user.id))
        if fresh is not None:
            user.totp_secret_encrypted = fresh
            sealed += 1
    providers = select(Provider).where(Provider.id > provider_id).order_by(Provider.id).limit(BATCH)
    for provider in session.scalars(providers):
        provider_id = provider.id
        fresh = _fresh(cipher, provider.contact_phone_encrypted, contacts.place(provider.id))
        if fresh is not None:
            provider.contact_phone_encrypted = fresh
            sealed += 1
    session.flush()
    return Progress(user_id, provider_id, sealed)


def _fresh(cipher: Cipher, sealed: bytes | None, place: str) -> bytes | None:
    """The value under the newest key; None when there is nothing to do."""
    if sealed is None or cipher.is_current(sealed):
        return None
    return cipher.seal(cipher.open(sealed, place), place)
