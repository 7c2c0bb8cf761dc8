"""Encryption of single fields: AES-256-GCM with a key id and associated data (S82).

A sealed value is ``key id (4 bytes) | nonce (12) | ciphertext and tag``. The associated data
names table, column and row, so that a value copied into another row does not open. Several keys
may be given: the first seals, all of them open, which is how a key is changed.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
ID_BYTES = 4


class Unsealable(Exception):
    """The value was not sealed with a known key for this place."""


def derive(passphrase: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose."""
    # The passphrase is random and long (settings refuse a short one), so one hash is enough.
    return hashlib.sha256(f"{purpose}:{passphrase}".encode()).digest()


class Cipher:
    """Seals and opens texts with the keys of this installation, the newest first."""

    def __init__(self, passphrases: Sequence[str]) -> None:
        self._keys = {
            derive(text, "key-id")[:ID_BYTES]: AESGCM(derive(text, "field-encryption"))
            for text in passphrases
        }
        self._newest = next(iter(self._keys))

    def seal(self, text: str, place: str) -> bytes:
        """``text`` encrypted for ``place``, e.g. ``users.totp_secret:12``."""
        nonce = os.urandom(NONCE_BYTES)
        key = self._keys[self._newest]
        return self._newest + nonce + key.encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """The text again. Raises ``Unsealable``."""
        key = self._keys.get(sealed[:ID_BYTES])
        if key is None:
            raise Unsealable(f"{place}: unknown key")
        body = sealed[ID_BYTES:]
        try:
            plain = key.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], place.encode())
        except InvalidTag:
            raise Unsealable(f"{place}: not sealed for this place") from None
        return plain.decode()

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it; if not, seal it again."""
        return sealed[:ID_BYTES] == self._newest


def keyed_hash(key: str, purpose: str, text: str) -> str:
    """A hash of ``text`` that nobody without ``key`` can try out: 64 hex characters."""
    return hmac.new(key.encode(), f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def digest(token: str) -> str:
    """How a random token is stored: 64 hex characters."""
    return hashlib.sha256(token.encode()).hexdigest()


class Signer:
    """Signs with a key of this installation that anybody can check against its public half."""

    def __init__(self, passphrases: Sequence[str]) -> None:
        keys = [
            Ed25519PrivateKey.from_private_bytes(derive(text, "digest-signature"))
            for text in passphrases
        ]
        self._key = keys[0]
        self.public_keys = tuple(key.public_key().public_bytes_raw().hex() for key in keys)
        """Hex, the one that signs first; former keys follow."""

    def sign(self, text: str) -> str:
        """The signature of ``text``: 128 hex characters."""
        return self._key.sign(text.encode()).hex()


def signed(text: str, signature: str, public_key: str) -> bool:
    """Whether the owner of ``public_key`` (hex) signed ``text``."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
