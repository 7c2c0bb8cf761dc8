"""The neutral order among equals: a hash of the document and the weekday.

It favours nobody by name, age or payment, changes every day, and can be computed by anyone from
the document id, so the published rule can be checked.
"""

from datetime import date
from hashlib import blake2b

DAYS = 7


def tie_field(day: date) -> str:
    """The name of the integer field that orders equals on ``day``."""
    return f"tie_{day.weekday()}"


def tie_values(document_id: str) -> tuple[int, ...]:
    """Seven integers of 63 bits, Monday to Sunday; the smaller one comes first on its day."""
    digest = blake2b(document_id.encode(), digest_size=8 * DAYS).digest()
    return tuple(
        int.from_bytes(digest[start : start + 8], "big") >> 1 for start in range(0, 8 * DAYS, 8)
    )


def tie_value(document_id: str, day: date) -> int:
    """The value of one day, for lists that are sorted without the index."""
    return tie_values(document_id)[day.weekday()]
