"""Rebuild the index from the database, compare them, and tell how the index stands."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select

from marketplace import outbox
from marketplace.db import Database
from marketplace.indexing.documents import entries, load
from marketplace.indexing.wiring import Catalogue, terms
from marketplace.models import CaseStudy, Product, Provider
from marketplace.services.searching.vocabulary import Vocabulary
from search import Differences, Document, Rebuilt, rebuild, status, verify

BATCH = 200
WATCHED = 500
Progress = Callable[[str, int], None]
"""Called with a stage (``documents``, ``catch_up``, ``verify``, ``compare``) and a count."""


def public_documents(database: Database) -> Iterator[Document]:
    """Every public document, provider by provider, in bounded memory."""
    for documents in _by_batches(database):
        yield from documents


def _by_batches(database: Database) -> Iterator[list[Document]]:
    """A read transaction per batch: a long one would hold back clearing up in the database."""
    last = 0
    while True:
        with database.reading() as session:
            ids = session.scalars(
                select(Provider.id).where(Provider.id > last).order_by(Provider.id).limit(BATCH)
            ).all()
            if not ids:
                return
            words = Vocabulary.load(session)
            documents = [
                entry
                for provider in load(session, ids)
                for entry in entries(provider, words)
                if isinstance(entry, Document)
            ]
        last = ids[-1]
        yield documents


def rebuild_index(
    catalogue: Catalogue, database: Database, progress: Progress | None = None
) -> Rebuilt:
    """Build a new index beside the one in use and switch. Raises ``search`` errors."""
    with database.reading() as session:
        words = Vocabulary.load(session)
    return rebuild(
        catalogue.engine,
        lambda: public_documents(database),
        load=lambda ids: _present(database, ids),
        expected=lambda: _watched(versions(database), progress),
        terms=terms(words),
        progress=progress,
    )


def _watched(
    expected: Iterable[tuple[str, int]], progress: Progress | None
) -> Iterator[tuple[str, int]]:
    """Tell how far the comparison is: with many documents it takes as long as the writing."""
    for number, pair in enumerate(expected, 1):
        yield pair
        if progress is not None and number % WATCHED == 0:
            progress("verify", number)


def _present(database: Database, document_ids: Sequence[str]) -> list[Document]:
    """The present public state of some documents."""
    numbers: dict[str, set[int]] = {"provider": set(), "product": set(), "case": set()}
    for document_id in document_ids:
        kind, _, number = document_id.partition(":")
        numbers[kind].add(int(number))
    with database.reading() as session:
        ids = set(numbers["provider"])
        for kind, model in (("product", Product), ("case", CaseStudy)):
            statement = select(model.provider_id).where(model.id.in_(numbers[kind]))
            ids.update(session.scalars(statement))
        words = Vocabulary.load(session)
        wanted = set(document_ids)
        return [
            entry
            for provider in load(session, sorted(ids))
            for entry in entries(provider, words, wanted.__contains__)
            if isinstance(entry, Document)
        ]


def versions(database: Database) -> Iterable[tuple[str, int]]:
    """(id, version) of everything that must be in the index."""
    return ((document.id, document.version) for document in public_documents(database))


def verify_index(catalogue: Catalogue, database: Database, *, repair: bool = False) -> Differences:
    """Compare index and database over all ids; ``repair`` queues what differs."""
    differences = verify(catalogue.engine, versions(database))
    if repair and differences:
        keys = [document_id.replace(":", "/") for document_id in differences.ids]
        with database.unit_of_work() as session:
            outbox.put_many(session, outbox.INDEX, keys)
    return differences


def index_status(catalogue: Catalogue, database: Database) -> Mapping[str, str | int | float]:
    """Facts for operators: the engine's, and how far the queue is behind."""
    with database.reading() as session:
        words = Vocabulary.load(session)
        queue = outbox.status(session, outbox.INDEX)
    return {
        **status(catalogue.engine, terms(words)),
        "waiting": queue.waiting,
        "parked": queue.parked,
        "oldest_seconds": round(queue.oldest_seconds, 1),
    }
