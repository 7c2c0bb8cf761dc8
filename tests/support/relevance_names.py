"""All names of a market, and which of them a typed text could mean."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from search import Document
from tests.support.relevance_typing import distance, fold, initials, sound

Where = Mapping[str, set[tuple[str, str]]]


class Names:
    """Titles by what is typed. Answers are titles of one kind, or of any when kind is None."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._of: dict[str, list[Document]] = defaultdict(list)
        for document in documents:
            self._of[document.kind].append(document)
        self._named = [
            (document.kind, document.title, form)
            for document in documents
            for form in self.forms(document)
        ]
        self._folded = self._by(fold)
        self._sounds = self._by(sound)
        self._letters = self._by(initials)

    def of(self, kind: str) -> list[Document]:
        """The documents of a kind."""
        return self._of[kind]

    @staticmethod
    def name(document: Document) -> str:
        """What it is called in short: the short name of a firm, the name without release."""
        return document.alias[0] if document.alias else document.title

    @staticmethod
    def forms(document: Document) -> list[str]:
        """All its names."""
        return list(dict.fromkeys([document.title, *document.alias]))

    def called(self, kind: str, text: str) -> set[str]:
        """Has exactly this name."""
        return self._found(self._folded, fold(text), kind)

    def bearing(self, kind: str | None, text: str) -> set[str]:
        """Has the text in a name."""
        part = fold(text)
        return {
            title
            for form, places in self._folded.items()
            if part in form
            for found, title in places
            if kind in (None, found)
        }

    def sounding(self, kind: str | None, pinyin: str) -> set[str]:
        """Has a name that sounds so."""
        return self._found(self._sounds, pinyin, kind)

    def lettered(self, kind: str, letters: str) -> set[str]:
        """Has a name with these first letters."""
        return self._found(self._letters, letters, kind)

    def near(self, kind: str, text: str) -> set[str]:
        """Has a name at one edit from the text."""
        return self._at_one_edit(self._folded, fold(text), kind)

    def near_sound(self, kind: str, pinyin: str) -> set[str]:
        """Has a name whose pinyin is at one edit."""
        return self._at_one_edit(self._sounds, pinyin, kind)

    def _by(self, key: Callable[[str], str]) -> Where:
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for kind, title, form in self._named:
            found[key(form)].add((kind, title))
        return found

    @staticmethod
    def _found(where: Where, key: str, kind: str | None) -> set[str]:
        return {title for found, title in where.get(key, ()) if kind in (None, found)}

    @classmethod
    def _at_one_edit(cls, where: Where, key: str, kind: str) -> set[str]:
        near = (form for form in where if distance(form, key) < 2)
        return set().union(*(cls._found(where, form, kind) for form in near))


def titles_of(documents: Iterable[Document]) -> dict[tuple[str, str], set[str]]:
    """Ids by kind and title."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for document in documents:
        found[document.kind, document.title].add(document.id)
    return found
