"""Capabilities as the vocabulary describes them, for needs told in everyday words.

Product categories and scenes are the capabilities; the kind ``capability`` describes them under
the same codes, ``everyday`` holds words that mean the same in complaints only.
"""

import threading
from pathlib import Path

import structlog

from marketplace.services.searching.vocabulary import Vocabulary, Word
from search import Synonym
from search.needs import Capability, Needs
from search.semantic import Embedder, open_embedder

log = structlog.get_logger()

KINDS = ("category", "scene")
READ = (*KINDS, "capability", "everyday")
"""Kinds of terms that the ranking is made from."""


def capabilities(words: Vocabulary) -> tuple[Capability, ...]:
    """Every active category, as part of its scene, and every active scene."""
    return tuple(_capability(words, kind, word) for kind in KINDS for word in words.options(kind))


def _capability(words: Vocabulary, kind: str, word: Word) -> Capability:
    said = words.get("capability", word.code)
    if said is None or not said.active or said.data.get("of") != kind:
        said = Word(word.code, word.name)
    names = [word.name, word.short_name, *word.aliases, *said.aliases]
    problems = tuple(said.data.get("problems", ()))
    under = [item for item in words.options("category") if item.data.get("scene") == word.code]
    further = (
        "、".join(said.data.get("does", ())),
        said.data.get("around", ""),
        "、".join(f"{item.name} {item.short_name}" for item in under if kind == "scene"),
    )
    return Capability(
        code=word.code,
        kind=kind,
        name=word.name,
        texts=(" ".join(dict.fromkeys(filter(None, names))), *problems, *filter(None, further)),
        thoughts=problems,
        under=word.data.get("scene", ""),
    )


def everyday(words: Vocabulary) -> list[Synonym]:
    """Words that stand for each other when people complain."""
    return [Synonym((word.name, *word.aliases)) for word in words.options("everyday")]


class HeldNeeds:
    """The ranking of one process, made anew when the vocabulary changed.

    It works by words at once. With the extra ``semantic`` and a ``folder`` for its vectors,
    meaning joins as soon as they are there: a thread of its own makes them, no request waits.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._source: object = None
        self._needs = Needs(())
        self._embedder: Embedder | None = None

    def get(self, words: Vocabulary) -> Needs:
        """The best ranking there is at this moment."""
        source = [words.words.get(kind) for kind in READ]
        with self._lock:
            if self._source != source:
                self._source = source
                self._needs = Needs(capabilities(words), synonyms=everyday(words))
                if self._folder is not None:
                    threading.Thread(
                        target=self._add_meaning, args=(words, source, self._folder), daemon=True
                    ).start()
            return self._needs

    def _add_meaning(self, words: Vocabulary, source: object, folder: Path) -> None:
        self._embedder = self._embedder or open_embedder()
        if self._embedder is None:
            return
        needs = Needs(capabilities(words), self._embedder, synonyms=everyday(words), folder=folder)
        try:
            needs.warm()
        except Exception as error:  # whatever an optional package does, words go on working
            log.error("no ranking by meaning", error=repr(error))
            return
        with self._lock:
            if self._source == source:
                self._needs = needs
