"""A stream encrypted with AES-256-GCM in numbered chunks.

``magic (8) | key id (4) | salt (16)``, then chunks of ``length (4) | ciphertext and tag``. Every
archive has a key of its own, derived from the installation's key and the salt. The number of a
chunk is its nonce, and the last one is marked, so that no part can be left out, moved or cut off.
"""

import io
import os
from collections.abc import Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from marketplace.crypto import ID_BYTES, NONCE_BYTES, derive

MAGIC = b"POOLBAK1"
SALT_BYTES = 16
CHUNK = 2**20
MORE, LAST = b"more", b"last"
PURPOSE = "backup"


class Unreadable(Exception):
    """The archive was cut off, changed, or sealed with another key; the text says which."""


def _key(passphrase: str, salt: bytes) -> AESGCM:
    whole = HKDF(SHA256(), 32, salt, PURPOSE.encode()).derive(derive(passphrase, PURPOSE))
    return AESGCM(whole)


def _id(passphrase: str) -> bytes:
    return derive(passphrase, f"{PURPOSE}-id")[:ID_BYTES]


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")


class SealedWriter(io.RawIOBase):
    """What is written comes out encrypted in ``target``; ``close`` writes the last chunk."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._target, self._key, self._number = target, _key(passphrase, salt), 0
        self._waiting = bytearray()
        target.write(MAGIC + _id(passphrase) + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        self._waiting += view
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), MORE)
            del self._waiting[:CHUNK]
        return len(view)

    def finish(self) -> None:
        """Write what is left and the mark of the end."""
        self._put(bytes(self._waiting), LAST)
        self._waiting.clear()

    def _put(self, plain: bytes, mark: bytes) -> None:
        sealed = self._key.encrypt(_nonce(self._number), plain, mark)
        self._number += 1
        self._target.write(len(sealed).to_bytes(4, "big") + sealed)


class SealedReader(io.RawIOBase):
    """The plain bytes of an archive. Raises Unreadable."""

    def __init__(self, source: BinaryIO, passphrases: Sequence[str]) -> None:
        head = source.read(len(MAGIC) + ID_BYTES + SALT_BYTES)
        if not head.startswith(MAGIC) or len(head) < len(MAGIC) + ID_BYTES + SALT_BYTES:
            raise Unreadable("这不是本系统的备份文件")
        key_id, salt = head[len(MAGIC) : -SALT_BYTES], head[-SALT_BYTES:]
        known = {_id(passphrase): passphrase for passphrase in passphrases}
        if key_id not in known:
            raise Unreadable("备份由另一把密钥加密，请把当时的 ENCRYPTION_KEY 一并设置")
        self._source, self._key = source, _key(known[key_id], salt)
        self._number, self._plain, self._ended = 0, b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._plain and not self._ended:
            self._plain = self._next()
        part = self._plain[: len(view)]
        view[: len(part)] = part
        self._plain = self._plain[len(part) :]
        return len(part)

    def _next(self) -> bytes:
        length = int.from_bytes(self._source.read(4), "big")
        sealed = self._source.read(length) if 0 < length <= 2 * CHUNK else b""
        if not sealed or len(sealed) < length:
            raise Unreadable("备份文件不完整：后面的内容缺失")
        for mark in (MORE, LAST):
            try:
                plain = self._key.decrypt(_nonce(self._number), sealed, mark)
            except InvalidTag:
                continue
            self._number, self._ended = self._number + 1, mark is LAST
            return plain
        raise Unreadable("备份文件已损坏或被改动")
