"""The outbox handler of index jobs: re-reads what they name, puts or deletes its documents.

One thing that cannot be indexed fails alone, whatever is wrong with it, and is parked in the end;
trouble of the engine or the database is raised: then nothing is counted and all is tried again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from marketplace.bulk import among
from marketplace.db import Database
from marketplace.indexing.documents import Entry, Removal, entries, load
from marketplace.indexing.wiring import Catalogue
from marketplace.models import CaseStudy, Product, Provider
from marketplace.outbox import Entry as Job
from marketplace.services.searching.vocabulary import FreshVocabulary, Vocabulary
from search import BadDocument, Document, SearchError

log = structlog.get_logger()

KINDS = ("provider", "product", "case")
_OWNERS: dict[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]] = {
    "provider": (Provider.id, Provider.id),
    "product": (Product.id, Product.provider_id),
    "case": (CaseStudy.id, CaseStudy.provider_id),
    "organisation": (Provider.organisation_id, Provider.id),
}
"""Where the number in a key stands, and the provider it belongs to."""
Key = tuple[str, int]
Groups = dict[int, list[Entry]]
Failed = dict[int, str]
"""Errors by id: of a provider or of a job."""


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
    """The handler for one engine and one database."""

    def __init__(self, catalogue: Catalogue, database: Database) -> None:
        self._catalogue = catalogue
        self._database = database
        self._words = FreshVocabulary()

    def handle(self, jobs: Sequence[Job]) -> Failed:
        """Index what the jobs name; answers errors by job id. Engine trouble is raised."""
        keys, unread = _keys(jobs)
        with self._database.reading() as session:
            by_provider = _providers_of(session, keys)
            words = self._words.of(session)
            found, failed = _documents(session, words, _wanted(keys, by_provider))
        if gone := _gone(keys, by_provider):
            self._catalogue.engine.apply((), gone)
        failed |= self._apply(found)
        return unread | {
            job_id: failed[provider_id]
            for job_id, provider_id in by_provider.items()
            if provider_id in failed
        }

    def kin(self, session: Session, jobs: Sequence[Job]) -> list[str]:
        """Keys of all that comes from the providers of the jobs: these are read for each of them,
        so in a long queue it is three times quicker to write all of a provider at once.
        """
        ids = sorted(set(_providers_of(session, _keys(jobs)[0]).values()))
        found: list[str] = []
        for kind, (id_column, provider_column) in _OWNERS.items():
            rows = session.scalars(select(id_column).where(among(session, provider_column, ids)))
            found += [f"{kind}/{number}" for number in rows]
        return found

    def _apply(self, found: Groups) -> Failed:
        """One batch for all; when something is refused, one per provider to spare the rest."""
        try:
            self._write([entry for group in found.values() for entry in group])
        except Exception as error:
            if _is_trouble(error):
                raise
            return self._one_by_one(found)
        return {}

    def _one_by_one(self, found: Groups) -> Failed:
        failed: Failed = {}
        for provider_id, group in found.items():
            try:
                self._write(group)
            except Exception as error:
                if _is_trouble(error):
                    raise
                failed[provider_id] = _said(error)
        return failed

    def _write(self, group: Iterable[Entry]) -> None:
        documents = [entry for entry in group if isinstance(entry, Document)]
        removals = [(entry.id, entry.version) for entry in group if isinstance(entry, Removal)]
        if documents or removals:
            self._catalogue.engine.apply(documents, removals)


def _is_trouble(error: Exception) -> bool:
    """Whether it passes by itself, or must be mended elsewhere: no fault of the document."""
    if isinstance(error, SearchError):
        return not isinstance(error, BadDocument)
    return isinstance(error, OSError | DBAPIError)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, SearchError) else repr(error)


def _keys(jobs: Sequence[Job]) -> tuple[dict[int, Key], Failed]:
    """The keys by job id, and the jobs whose key nobody can read."""
    keys: dict[int, Key] = {}
    unread: Failed = {}
    for job in jobs:
        kind, _, number = job.key.partition("/")
        if number.isascii() and number.isdigit():
            keys[job.id] = kind, int(number)
        else:
            unread[job.id] = f"看不懂的键：{job.key}"
    return keys, unread


def _documents(session: Session, words: Vocabulary, wanted: _Wanted) -> tuple[Groups, Failed]:
    """The present documents by provider, and the providers of which none can be made."""
    found: Groups = {}
    failed: Failed = {}
    for provider in load(session, wanted.ids):
        try:
            found[provider.id] = list(entries(provider, words, partial(wanted.wants, provider.id)))
        except DBAPIError:
            raise
        except Exception as error:
            log.exception("document failed", provider_id=provider.id)
            failed[provider.id] = repr(error)
    return found, failed


def _providers_of(session: Session, keys: Mapping[int, Key]) -> dict[int, int]:
    """Provider id of each job that concerns one."""
    known: dict[Key, int] = {}
    for kind, (id_column, provider_column) in _OWNERS.items():
        ids = {number for found, number in keys.values() if found == kind}
        rows = session.execute(
            select(id_column, provider_column).where(among(session, id_column, sorted(ids)))
        )
        known.update({(kind, row[0]): row[1] for row in rows})
    return {job_id: known[key] for job_id, key in keys.items() if key in known}


def _gone(keys: Mapping[int, Key], by_provider: Mapping[int, int]) -> list[tuple[str, None]]:
    """Documents of rows that are not there any more."""
    left = {key for job_id, key in keys.items() if job_id not in by_provider}
    return [(f"{kind}:{number}", None) for kind, number in sorted(left) if kind in KINDS]


def _wanted(keys: Mapping[int, Key], by_provider: Mapping[int, int]) -> _Wanted:
    wanted = _Wanted()
    for job_id, provider_id in by_provider.items():
        kind, number = keys[job_id]
        if kind in ("product", "case"):
            wanted.documents.setdefault(provider_id, set()).add(f"{kind}:{number}")
        else:
            wanted.providers.add(provider_id)
    return wanted
