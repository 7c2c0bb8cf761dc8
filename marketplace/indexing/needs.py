"""Capabilities as the vocabulary describes them, for needs told in everyday words.

Product categories and scenes are the capabilities; the kind ``capability`` describes them under
the same codes, ``everyday`` holds words that mean the same in complaints only.
"""

from collections.abc import Iterator

from marketplace.services.vocabulary import Vocabulary, Word
from search import Synonym
from search.needs import Capability

KINDS = ("category", "scene")


def capabilities(words: Vocabulary) -> tuple[Capability, ...]:
    """Every active category, as part of its scene, and every active scene."""
    return tuple(
        Capability(
            word.code, kind, word.name, tuple(_texts(words, kind, word)), word.data.get("scene", "")
        )
        for kind in KINDS
        for word in words.options(kind)
    )


def everyday(words: Vocabulary) -> list[Synonym]:
    """Words that stand for each other when people complain."""
    return [Synonym((word.name, *word.aliases)) for word in words.options("everyday")]


def _texts(words: Vocabulary, kind: str, word: Word) -> Iterator[str]:
    said = words.get("capability", word.code)
    said = said if said and said.active and said.data.get("of") == kind else None
    names = [word.name, word.short_name, *word.aliases, *(said.aliases if said else ())]
    yield " ".join(dict.fromkeys(filter(None, names)))
    if said:
        yield from said.data.get("problems", ())
        yield "、".join(said.data.get("does", ()))
    if kind == "scene":
        under = [item for item in words.options("category") if item.data.get("scene") == word.code]
        yield "、".join(f"{item.name} {item.short_name}" for item in under)
