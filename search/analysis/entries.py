"""A document as both engines store it."""

from dataclasses import dataclass

import orjson

from search.analysis.dictionary import Dictionary
from search.analysis.normal import normal
from search.analysis.tokens import char_stream, name_key, stream
from search.documents import Document
from search.errors import BadDocument
from search.fields import INTEGERS, TEXTS
from search.places import FIELD, every_place, place_keys
from search.ties import tie_values

# Raise it whenever the same text gives other tokens: indexes built before must be rebuilt.
ANALYSIS_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Entry:
    """Ready for an engine: token streams, exact values, integers and the stored card."""

    id: str
    version: int
    texts: dict[str, str]
    keywords: dict[str, tuple[str, ...]]
    integers: dict[str, int]
    card: bytes


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
    keywords = {name: tuple(dict.fromkeys(codes)) for name, codes in document.keywords.items()}
    keywords["id"] = (document.id,)
    keywords["kind"] = (document.kind,)
    keywords[FIELD] = place_keys(document.places or every_place(keywords))
    names = map(name_key, values["title"] + values["alias"])
    keywords["name"] = tuple(dict.fromkeys(filter(None, names)))
    return Entry(
        document.id, document.version, texts, keywords, _integers(document), _card(document)
    )


def _terms(values: tuple[str, ...], dictionary: Dictionary) -> list[str]:
    return [term for value in values for term in dictionary.find(value)]


def _integers(document: Document) -> dict[str, int]:
    integers = {name: field.missing for name, field in INTEGERS.items()}
    integers.update(document.numbers)
    for day, value in enumerate(tie_values(document.id)):
        integers[f"tie_{day}"] = value
    integers["v"] = document.version
    return integers


def _card(document: Document) -> bytes:
    try:
        return orjson.dumps(document.card)
    except TypeError as error:
        raise BadDocument(document.id, f"card: {error}") from error
