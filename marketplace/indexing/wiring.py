"""The search engine of this process: opened lazily, with the analyser the vocabulary asks for."""

import threading
from pathlib import Path

from marketplace.db import Database
from marketplace.indexing.building import CARD_SHAPE
from marketplace.indexing.needs import HeldNeeds
from marketplace.services.searching.vocabulary import HeldVocabulary, Vocabulary
from marketplace.settings import UnsafeSettings
from search import (
    Analyzer,
    Engine,
    IndexMismatch,
    Page,
    Searcher,
    SearchRequest,
    Suggestion,
    Synonym,
    Unavailable,
    Way,
    check_address,
    open_engine,
)
from search.needs import Needs

TERM_KINDS = (
    "segment", "scene", "category", "process_link", "provider_type", "service_area", "district",
)  # fmt: skip
"""Vocabulary whose names and aliases are single tokens in the index."""


class Catalogue:
    """Search as the application sees it. Shared by threads; safe to make before a fork.

    ``vectors`` is the folder for what the extra ``semantic`` computes; without it needs are read
    by words alone. Raises ``UnsafeSettings`` for a ``url`` that is no address of an engine.
    """

    def __init__(self, url: str, database: Database, vectors: Path | None = None) -> None:
        try:
            check_address(url)
        except Unavailable as error:
            raise UnsafeSettings(f"启动被拒绝：{error}") from None
        self._url = url
        self._database = database
        self._words = HeldVocabulary(database)
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._searcher: tuple[Vocabulary, Searcher] | None = None
        self._needs = HeldNeeds(vectors)

    @property
    def engine(self) -> Engine:
        """The engine behind ``SEARCH_URL``."""
        with self._lock:
            if self._engine is None:
                self._engine = open_engine(self._url)
            return self._engine

    def search(self, request: SearchRequest) -> Page:
        """One page of hits. Raises ``search.Unavailable``, also for cards of another release."""
        return _of_this_release(self._current().search(request))

    def first(self, request: SearchRequest, most: int) -> Page:
        """The first hits of a search, for files. Raises as :meth:`search` does."""
        return _of_this_release(self._current().first(request, most))

    def suggest(
        self, text: str, *, kind: str | None = None, limit: int = 8
    ) -> tuple[Suggestion, ...]:
        """Names and terms that the text may become. Raises ``search.Unavailable``."""
        return self._current().suggest(text, kind=kind, limit=limit)

    def ways_out(self, request: SearchRequest) -> tuple[Way, ...]:
        """What leaving out filters would give, for an empty page."""
        return self._current().ways_out(request)

    def needs(self) -> Needs:
        """Reads complaints in everyday words: which capabilities would help."""
        return self._needs.get(self._words.get())

    def words(self) -> Vocabulary:
        """The vocabulary in use."""
        return self._words.get()

    def _current(self) -> Searcher:
        words = self._words.get()
        engine = self.engine
        with self._lock:
            if self._searcher is None or self._searcher[0].words != words.words:
                self._searcher = words, searcher(engine, words)
            # The same words read anew: kept, or every search would compare them one by one.
            self._searcher = words, self._searcher[1]
            return self._searcher[1]

    def close(self) -> None:
        """Let go of the engine's files."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = self._searcher = None


def _of_this_release(page: Page) -> Page:
    if any((hit.card or {}).get("shape") != CARD_SHAPE for hit in page.hits):
        raise IndexMismatch("索引中的卡片与程序不一致，请运行 marketplace search rebuild")
    return page


def warm() -> None:
    """Read the tables of words and sounds now, so that forked workers share them."""
    Analyzer(["服务商"]).warm()


def searcher(engine: Engine, words: Vocabulary) -> Searcher:
    """Search with these words: those in use, or those an editor tries out."""
    return Searcher(engine, Analyzer(terms(words), synonyms(words)))


def terms(words: Vocabulary) -> list[str]:
    """The words of the trade, for the dictionary of the index."""
    return [
        text
        for kind in TERM_KINDS
        for word in words.options(kind)
        for text in (word.name, word.short_name, *word.aliases, *word.data.get("synonyms", ()))
        if text
    ]


def synonyms(words: Vocabulary) -> list[Synonym]:
    """Groups that staff keep, and names with their short names and aliases."""
    rules = []
    for word in words.options("synonym"):
        if word.data.get("direction") == "one_way":
            rules.append(Synonym((word.name,), word.aliases))
        else:
            rules.append(Synonym((word.name, *word.aliases)))
    for kind in ("category", "segment", "scene", "district"):
        for word in words.options(kind):
            names = tuple(filter(None, (word.name, word.short_name)))
            if len(names) > 1:
                rules.append(Synonym(names))
            if word.aliases:
                rules.append(Synonym(word.aliases, names))
    return rules
