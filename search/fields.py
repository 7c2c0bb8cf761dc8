"""The one list of index fields; schemas, filters, facets and boosts are derived from it.

Adding a field is one line here and one where documents are made; then the index is rebuilt.
"""

import hashlib
from dataclasses import dataclass
from enum import Enum
from functools import cache

from search.ties import DAYS


class FieldKind(Enum):
    """How a field is stored and what can be asked of it."""

    TEXT = "text"  # analysed; becomes <name>_b, <name>_d and, with chars, <name>_c
    KEYWORD = "keyword"  # exact values, several for each document
    INTEGER = "integer"  # one 64-bit value, sortable
    STORED = "stored"  # given back with a hit, never searched


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the index.

    ``missing`` is the value an integer takes when the document has none, so that sorting puts
    it last. ``chars`` also indexes single characters, for queries of one character.
    ``counted`` values can be counted although no visitor chooses by them.
    """

    name: str
    kind: FieldKind
    boost: float = 1.0
    filter: bool = False
    facet: bool = False
    counted: bool = False
    chars: bool = False
    missing: int = 0


def _facet(name: str) -> Field:
    return Field(name, FieldKind.KEYWORD, filter=True, facet=True)


LAST = 2**62

FIELDS: tuple[Field, ...] = (
    Field("id", FieldKind.KEYWORD),
    Field("name", FieldKind.KEYWORD),  # whole normalised names, for exact matches
    Field("py", FieldKind.KEYWORD),  # names as typed in letters: pinyin and first letters
    Field("k", FieldKind.KEYWORD),  # beginnings of names and of their pinyin, for suggestions
    Field("s", FieldKind.KEYWORD),  # how names sound, for words spelled wrong
    Field("pair", FieldKind.KEYWORD),  # kind and two characters of a name, for suggestions
    Field("early", FieldKind.KEYWORD),  # the first of the fixed order, see ties.py
    Field("title", FieldKind.TEXT, boost=4.0, chars=True),
    Field("alias", FieldKind.TEXT, boost=3.0, chars=True),
    Field("body", FieldKind.TEXT),
    _facet("kind"),
    _facet("segment"),
    _facet("type"),
    _facet("process_link"),
    _facet("scene"),
    _facet("category"),
    _facet("district"),
    _facet("deployment"),
    _facet("price_band"),
    _facet("delivery_band"),
    _facet("size"),
    _facet("case_year"),
    _facet("standing"),
    _facet("has_local_case"),
    _facet("round"),
    _facet("grade"),
    Field("place", FieldKind.KEYWORD, counted=True),  # combinations of values: places.py
    Field("provider_id", FieldKind.KEYWORD, filter=True),
    Field("price", FieldKind.INTEGER, missing=LAST),  # CNY
    Field("year", FieldKind.INTEGER),
    Field("updated", FieldKind.INTEGER),  # seconds since 1970, UTC
    Field("created", FieldKind.INTEGER),
    *(Field(f"tie_{day}", FieldKind.INTEGER) for day in range(DAYS)),
    Field("v", FieldKind.INTEGER),  # external version
    Field("card", FieldKind.STORED),
)

KINDS = ("provider", "product", "case")


def _named(kind: FieldKind) -> dict[str, Field]:
    return {field.name: field for field in FIELDS if field.kind is kind}


TEXTS = _named(FieldKind.TEXT)
INTEGERS = _named(FieldKind.INTEGER)
KEYWORDS = _named(FieldKind.KEYWORD)
FILTERS = frozenset(field.name for field in FIELDS if field.filter)
FACETS = tuple(field.name for field in FIELDS if field.facet)

# What a caller gives; the library fills in the others.
GIVEN_KEYWORDS = FILTERS
GIVEN_INTEGERS = frozenset(name for name in INTEGERS if name != "v" and not name.startswith("tie_"))


@cache
def schema_hash() -> str:
    """Changes whenever a field is added, removed or handled otherwise."""
    return hashlib.sha256(repr(FIELDS).encode()).hexdigest()[:16]
