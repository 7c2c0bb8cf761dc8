"""Receipt codes: whoever files something without an account follows it by a code he alone holds.

The code has 80 random bits and leaves the system once; its SHA-256 is stored. Look-ups are by the
hash, so the time they take says nothing about codes, and the web limits how many there may be.
"""

import hmac
import secrets
from dataclasses import dataclass

from marketplace.crypto import digest

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letters that look like digits or like each other."""
LENGTH = 16
GROUP = 4
MISREAD = str.maketrans("OIL", "011")


@dataclass(frozen=True)
class Receipt:
    """A new code as it is shown (``7K2M-…``), and what is stored of it."""

    code: str
    digest: str


def make_code() -> Receipt:
    """A code that nobody had before."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    shown = "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))
    return Receipt(shown, digest(code))


def digest_of(text: str) -> str:
    """The stored form of a typed code: blanks, dashes, case and O/0, I/L/1 make no difference."""
    plain = "".join(char for char in text.upper() if char.isalnum()).translate(MISREAD)
    return digest(plain)


def same(stored: str, text: str) -> bool:
    """Whether ``text`` is the code of which ``stored`` is kept; constant in time."""
    return hmac.compare_digest(stored, digest_of(text))
