"""The neutral order among equals: a hash of the document and the weekday.

It favours nobody by name, age or payment, changes every day, and can be computed by anyone from
the document id, so the published rule can be checked.
"""

from datetime import date
from hashlib import blake2b

DAYS = 7
FIXED = "tie_0"
"""The field of the order that must not change with the day: of suggestions and of readings."""
SHARE = 256
EARLY = 2**63 // SHARE
"""Documents before it in the fixed order have the value ``YES`` in the field ``early``."""
YES = "yes"


def tie_field(day: date) -> str:
    """The name of the integer field that orders equals on ``day``."""
    return f"tie_{day.weekday()}"


def tie_values(document_id: str) -> tuple[int, ...]:
    """Seven integers of 63 bits, Monday to Sunday; the smaller one comes first on its day."""
    digest = _digest(document_id)
    return tuple(_value(digest, weekday) for weekday in range(DAYS))


def tie_value(document_id: str, day: date) -> int:
    """The value of one day, for lists that are sorted without the index."""
    return _value(_digest(document_id), day.weekday())


def _digest(document_id: str) -> bytes:
    return blake2b(document_id.encode(), digest_size=8 * DAYS).digest()


def _value(digest: bytes, weekday: int) -> int:
    return int.from_bytes(digest[8 * weekday : 8 * weekday + 8], "big") >> 1
