"""What goes into the index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from search.errors import BadDocument
from search.fields import GIVEN_INTEGERS, GIVEN_KEYWORDS, KINDS

MAX_ID = 200
MAX_KEYWORD = 200
INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Document:
    """One public thing: a provider, a product or a case.

    ``id`` is ``kind:key``. ``version`` grows with every change of the thing; an older version
    never replaces a newer one. ``alias`` holds short and former names. ``keywords`` are codes by
    field name, ``numbers`` integers by field name (``price`` in CNY, ``updated`` in seconds).
    ``card`` is any JSON object; it comes back unchanged with each hit. ``detail`` is a few words
    that tell it from others of its name in suggestions. ``places`` says which type, segment and
    round belong together; left out, every value goes with every other.
    Raises BadDocument when it does not fit the fields.
    """

    id: str
    version: int
    title: str
    alias: tuple[str, ...] = ()
    body: str = ""
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    card: Mapping[str, Any] | None = None
    places: tuple[Mapping[str, str], ...] = ()
    detail: str = ""

    def __post_init__(self) -> None:
        reason = self._fault()
        if reason:
            raise BadDocument(self.id, reason)

    @property
    def kind(self) -> str:
        return self.id.partition(":")[0]

    def _fault(self) -> str | None:
        kind, _, key = self.id.partition(":")
        if kind not in KINDS or not key or len(self.id) > MAX_ID or not _plain(self.id):
            return f"id must be one of {', '.join(KINDS)}, a colon and a key"
        if not _is_int64(self.version) or self.version < 0:
            return f"version {self.version!r} is not a non-negative integer"
        unknown = (self.keywords.keys() - GIVEN_KEYWORDS) | (self.numbers.keys() - GIVEN_INTEGERS)
        if unknown or "kind" in self.keywords:
            return f"unknown fields: {', '.join(sorted(unknown or {'kind'}))}"
        return self._value_fault()

    def _value_fault(self) -> str | None:
        for name, values in self.keywords.items():
            if not _are_keywords(values):
                return f"{name} must be a tuple of codes of at most {MAX_KEYWORD} characters"
        for name, number in self.numbers.items():
            if not _is_int64(number):
                return f"{name} must be an integer of 64 bits"
        return None


def _plain(text: str) -> bool:
    """Whether the engines can store the text: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _are_keywords(values: object) -> bool:
    return isinstance(values, tuple | list) and all(map(_is_keyword, values))


def _is_keyword(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_KEYWORD and _plain(value)


def _is_int64(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -INT64 <= value < INT64
