"""A document as both engines store it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from search.analysis.dictionary import Dictionary
from search.analysis.names import KINDS, keys_of, pairs_of
from search.analysis.normal import normal
from search.analysis.tokens import char_stream, name_key, stream
from search.documents import Document
from search.errors import BadDocument
from search.fields import INTEGERS, TEXTS
from search.places import FIELD, every_place, place_keys
from search.ties import EARLY, FIXED, YES, tie_values

# Raise it whenever the same text gives other tokens: indexes built before must be rebuilt.
ANALYSIS_VERSION = "3"

# Stands in every text field that would be empty; no query can become this token. Elasticsearch
# weighs words by the documents that have the field, tantivy by all documents: so all have it.
EMPTY = "∅"


@dataclass(frozen=True, slots=True)
class Entry:
    """Ready for an engine: token streams, exact values, integers, and as JSON what comes back
    with a hit.
    """

    id: str
    version: int
    texts: dict[str, str]
    keywords: dict[str, tuple[str, ...]]
    integers: dict[str, int]
    card: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """What an engine gives back with a hit: its names, the words beside them, and the card."""

    title: str
    alias: tuple[str, ...]
    detail: str
    card: Mapping[str, Any] | None

    @classmethod
    def read(cls, data: bytes) -> "Stored":
        """Read the ``card`` of a row."""
        stored = orjson.loads(data)
        return cls(stored["title"], tuple(stored["alias"]), stored["detail"], stored["card"])


def entry_of(document: Document, dictionary: Dictionary) -> Entry:
    """Analyse a document. Raises BadDocument when its card is no JSON."""
    values = {
        "title": (normal(document.title),),
        "alias": tuple(map(normal, document.alias)),
        "body": (normal(document.body),),
    }
    texts: dict[str, str] = {}
    for name, field in TEXTS.items():
        texts[f"{name}_b"] = stream(values[name])
        texts[f"{name}_d"] = " ".join(_terms(values[name], dictionary))
        if field.chars:
            texts[f"{name}_c"] = char_stream(values[name])
    integers = _integers(document)
    keywords = _keywords(document, values["title"] + values["alias"])
    if document.kind in KINDS:
        said = (texts["title_b"], texts["alias_b"])
        keywords["pair"] = pairs_of(document.kind, " ".join(said).split())
    if integers[FIXED] < EARLY:
        keywords["early"] = (YES,)
    return Entry(
        document.id,
        document.version,
        {name: text or EMPTY for name, text in texts.items()},
        keywords,
        integers,
        _stored(document),
    )


def _keywords(document: Document, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    keywords = {name: tuple(dict.fromkeys(codes)) for name, codes in document.keywords.items()}
    keywords["id"] = (document.id,)
    keywords["kind"] = (document.kind,)
    keywords[FIELD] = place_keys(document.places or every_place(keywords))
    keywords["name"] = tuple(dict.fromkeys(filter(None, map(name_key, names))))
    if document.kind in KINDS:
        keywords |= keys_of(names)
    return keywords


def _terms(values: tuple[str, ...], dictionary: Dictionary) -> list[str]:
    return [term for value in values for term in dictionary.find(value)]


def _integers(document: Document) -> dict[str, int]:
    integers = {name: field.missing for name, field in INTEGERS.items()}
    integers.update(document.numbers)
    for day, value in enumerate(tie_values(document.id)):
        integers[f"tie_{day}"] = value
    integers["v"] = document.version
    return integers


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which JSON cannot hold."""
    return text.encode("utf-8", "replace").decode()


def _stored(document: Document) -> bytes:
    try:
        return orjson.dumps(
            {
                "title": _whole(document.title),
                "alias": [*map(_whole, document.alias)],
                "detail": _whole(document.detail),
                "card": document.card,
            }
        )
    except TypeError as error:
        raise BadDocument(document.id, f"card: {error}") from error
