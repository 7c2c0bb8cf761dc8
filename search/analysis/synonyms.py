"""Words that mean the same, expanded when a query is read, never in the index."""

from collections.abc import Iterable
from dataclasses import dataclass

from search.analysis.normal import normal
from search.analysis.tokens import name_key

MOST_ALTERNATIVES = 12


@dataclass(frozen=True, slots=True)
class Synonym:
    """A rule. Without ``targets`` every word stands for every other; with them each word also
    finds the targets, but a target does not find the words.
    """

    words: tuple[str, ...]
    targets: tuple[str, ...] = ()


class Synonyms:
    """Look-up of alternatives, by words without blanks and punctuation."""

    def __init__(self, rules: Iterable[Synonym] = ()) -> None:
        self._found: dict[str, dict[str, str]] = {}
        self.words: set[str] = set()
        for rule in rules:
            self._add(rule)

    def _add(self, rule: Synonym) -> None:
        self.words.update(rule.words, rule.targets)
        for word in rule.words:
            found = self._found.setdefault(_key(word), {})
            for other in rule.targets or rule.words:
                found.setdefault(_key(other), other)

    def of(self, word: str) -> tuple[str, ...]:
        """Alternatives of a word, without itself, in the order of the rules."""
        key = _key(word)
        found = self._found.get(key, {})
        return tuple(other for other_key, other in found.items() if other_key != key)[
            :MOST_ALTERNATIVES
        ]


def _key(word: str) -> str:
    return name_key(normal(word))
