"""The words that become single tokens of their own.

A word of three or more characters found here is looked up as one token instead of as a phrase of
character pairs: the same documents, several times faster. An index keeps the words it was built
with; words learnt later are searched as phrases until the next rebuild, and nothing is lost.
"""

import hashlib
import re
import threading
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

from ahocorasick_rs import AhoCorasick

from search.analysis.normal import CJK, normal

SHORTEST = 3
LONGEST = 24
_ALL_CJK = re.compile(rf"[{CJK}]{{{SHORTEST},{LONGEST}}}")


@cache
def base_words() -> frozenset[str]:
    """General Chinese words that come with the library (data/NOTICE.txt)."""
    return frozenset(files("search").joinpath("data/words.txt").read_text("utf-8").split())


@cache
def base_hash() -> str:
    """Identifies the general words."""
    return hashlib.sha256("\n".join(sorted(base_words())).encode()).hexdigest()[:16]


def dictionary_terms(terms: Iterable[str]) -> tuple[str, ...]:
    """The given terms that a dictionary can hold, in normal form, sorted."""
    return tuple(sorted({text for text in map(normal, terms) if _ALL_CJK.fullmatch(text)}))


class Dictionary:
    """General words and the terms of the trade; immutable."""

    def __init__(self, terms: Iterable[str] = ()) -> None:
        self.terms = dictionary_terms(terms)
        self._added = frozenset(self.terms) - base_words()
        self._lock = threading.Lock()
        self._words: list[str] = []
        self._automaton: AhoCorasick | None = None

    def __contains__(self, word: str) -> bool:
        return word in self._added or word in base_words()

    def find(self, text: str) -> list[str]:
        """Every occurrence of a word in a text of normal form, overlapping ones too."""
        automaton = self._automaton or self._build()
        matches = automaton.find_matches_as_indexes(text, overlapping=True)
        return [self._words[index] for index, _, _ in matches]

    def _build(self) -> AhoCorasick:
        # Only writers need the automaton; readers must not pay for it.
        with self._lock:
            if self._automaton is None:
                self._words = sorted(base_words() | self._added)
                self._automaton = AhoCorasick(self._words, store_patterns=False)
            return self._automaton


@lru_cache(maxsize=4)
def dictionary_of(terms: tuple[str, ...]) -> Dictionary:
    """The dictionary of an index that was built with ``terms``."""
    return Dictionary(terms)
