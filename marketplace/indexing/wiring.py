"""The search engine of this process: opened lazily, with the analyser the vocabulary asks for."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.indexing.building import CARD_SHAPE
from marketplace.indexing.documents import Entry, Removal, entries, load
from marketplace.models import CaseStudy, Product, Provider
from marketplace.outbox import Entry as Job
from marketplace.services.vocabulary import HeldVocabulary, Vocabulary
from search import (
    Analyzer,
    BadDocument,
    Document,
    Engine,
    IndexMismatch,
    Page,
    Searcher,
    SearchRequest,
    Synonym,
    Way,
    open_engine,
)

TERM_KINDS = ("segment", "scene", "category", "process_link", "provider_type", "service_area")
"""Vocabulary whose names and aliases are single tokens in the index."""


class Catalogue:
    """Search as the application sees it. Shared by threads; safe to make before a fork."""

    def __init__(self, url: str, database: Database) -> None:
        self._url = url
        self._database = database
        self._words = HeldVocabulary(database)
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._searcher: tuple[Vocabulary, Searcher] | None = None

    @property
    def engine(self) -> Engine:
        """The engine behind ``SEARCH_URL``."""
        with self._lock:
            if self._engine is None:
                self._engine = open_engine(self._url)
            return self._engine

    def search(self, request: SearchRequest) -> Page:
        """One page of hits. Raises ``search.Unavailable``, also for cards of another release."""
        page = self._current().search(request)
        if any((hit.card or {}).get("shape") != CARD_SHAPE for hit in page.hits):
            raise IndexMismatch("索引中的卡片与程序不一致，请运行 marketplace search rebuild")
        return page

    def ways_out(self, request: SearchRequest) -> tuple[Way, ...]:
        """What leaving out filters would give, for an empty page."""
        return self._current().ways_out(request)

    def words(self) -> Vocabulary:
        """The vocabulary in use."""
        return self._words.get()

    def _current(self) -> Searcher:
        words = self._words.get()
        engine = self.engine
        with self._lock:
            if self._searcher is None or self._searcher[0].words != words.words:
                self._searcher = words, searcher(engine, words)
            return self._searcher[1]

    def close(self) -> None:
        """Let go of the engine's files."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = self._searcher = None


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
    for kind in ("category", "segment", "scene"):
        for word in words.options(kind):
            names = tuple(filter(None, (word.name, word.short_name)))
            if len(names) > 1:
                rules.append(Synonym(names))
            if word.aliases:
                rules.append(Synonym(word.aliases, names))
    return rules


KINDS = ("provider", "product", "case")


@dataclass
class _Wanted:
    """What a batch of keys asks for: whole providers, or single documents of them."""

    providers: set[int] = field(default_factory=set)
    documents: dict[int, set[str]] = field(default_factory=dict)

    def wants(self, provider_id: int, document_id: str) -> bool:
        return (
            provider_id in self.providers
            or document_id in self.documents.get(provider_id, ())
            or document_id == f"provider:{provider_id}"
        )

    @property
    def ids(self) -> list[int]:
        return sorted(self.providers | self.documents.keys())


class Indexer:
    """The outbox handler: re-reads the present state and puts or deletes its documents."""

    def __init__(self, catalogue: Catalogue, database: Database) -> None:
        self._catalogue = catalogue
        self._database = database

    def handle(self, jobs: Sequence[Job]) -> dict[int, str]:
        """Index what the jobs name; answers errors by job id. Engine trouble is raised."""
        with self._database.reading() as session:
            by_provider = _providers_of(session, jobs)
            wanted = _wanted(jobs, by_provider)
            words = Vocabulary.load(session)
            found = {
                provider.id: [
                    entry
                    for entry in entries(provider, words)
                    if wanted.wants(provider.id, entry.id)
                ]
                for provider in load(session, wanted.ids)
            }
        if gone := _gone(jobs, by_provider):
            self._catalogue.engine.apply((), gone)
        failed = self._apply(found)
        return {
            job.id: failed[provider_id]
            for job in jobs
            if (provider_id := by_provider.get(job.id)) in failed and provider_id is not None
        }

    def _apply(self, found: dict[int, list[Entry]]) -> dict[int, str]:
        """One batch for all; when a document is refused, one per provider to spare the rest."""
        try:
            self._write([entry for group in found.values() for entry in group])
        except BadDocument:
            failed = {}
            for provider_id, group in found.items():
                try:
                    self._write(group)
                except BadDocument as error:
                    failed[provider_id] = str(error)
            return failed
        return {}

    def _write(self, group: Iterable[Entry]) -> None:
        documents = [entry for entry in group if isinstance(entry, Document)]
        removals = [(entry.id, entry.version) for entry in group if isinstance(entry, Removal)]
        if documents or removals:
            self._catalogue.engine.apply(documents, removals)


def _key(job: Job) -> tuple[str, int]:
    kind, _, number = job.key.partition("/")
    return kind, int(number)


def _providers_of(session: Session, jobs: Sequence[Job]) -> dict[int, int]:
    """Provider id of each job that concerns one."""
    keys = {job.id: _key(job) for job in jobs}
    known: dict[tuple[str, int], int] = {}
    for kind, id_column, provider_column in (
        ("product", Product.id, Product.provider_id),
        ("case", CaseStudy.id, CaseStudy.provider_id),
        ("organisation", Provider.organisation_id, Provider.id),
        ("provider", Provider.id, Provider.id),
    ):
        ids = {number for found, number in keys.values() if found == kind}
        rows = session.execute(select(id_column, provider_column).where(id_column.in_(ids)))
        known.update({(kind, row[0]): row[1] for row in rows})
    return {job_id: known[key] for job_id, key in keys.items() if key in known}


def _gone(jobs: Sequence[Job], by_provider: dict[int, int]) -> list[tuple[str, None]]:
    """Documents of rows that are not there any more."""
    keys = {_key(job) for job in jobs if job.id not in by_provider}
    return [(f"{kind}:{number}", None) for kind, number in sorted(keys) if kind in KINDS]


def _wanted(jobs: Sequence[Job], by_provider: dict[int, int]) -> _Wanted:
    wanted = _Wanted()
    for job in jobs:
        provider_id = by_provider.get(job.id)
        if provider_id is None:
            continue
        kind, number = _key(job)
        if kind in ("product", "case"):
            wanted.documents.setdefault(provider_id, set()).add(f"{kind}:{number}")
        else:
            wanted.providers.add(provider_id)
    return wanted
