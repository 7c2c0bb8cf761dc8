"""Which writes of a batch still count, by version; the same for every engine that keeps none."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from search.documents import Document

MOST_TOMBSTONES = 100_000
Deletion = tuple[str, int | None]


class Tombstones:
    """Versions of deleted documents, the last 100,000.

    They live in the one process that may write. A late write can only come from there: when that
    process ends, its late writes end with it, and the next one reads everything afresh.
    """

    def __init__(self) -> None:
        self._versions: OrderedDict[str, int] = OrderedDict()

    def add(self, versions: Mapping[str, int | None]) -> None:
        """Remember deletions; None forgets the document, whose key may be used again."""
        for document_id, version in versions.items():
            self._versions.pop(document_id, None)
            if version is not None:
                self._versions[document_id] = version
        while len(self._versions) > MOST_TOMBSTONES:
            self._versions.popitem(last=False)

    def of(self, document_id: str) -> int | None:
        return self._versions.get(document_id)


@dataclass(frozen=True, slots=True)
class Writes:
    """``puts``: documents to write. ``removals``: ids whose old documents must go first.
    ``removed``: ids that end up deleted. ``stale``: ids left as they were, for something newer.
    ``tombstones``: what to remember once the batch is safe.
    """

    puts: list[Document]
    removals: tuple[str, ...]
    removed: tuple[str, ...]
    stale: tuple[str, ...]
    tombstones: dict[str, int | None]


def plan_writes(
    documents: Sequence[Document],
    deletions: Iterable[Deletion],
    known: Mapping[str, int],
    tombstones: Tombstones,
) -> Writes:
    """Decide a batch: documents first, then deletions; equal versions replace each other.

    ``known`` holds the versions of the documents that are in the index now.
    """
    puts: dict[str, Document] = {}
    stale: dict[str, None] = {}
    marks: dict[str, int | None] = {}
    for document in documents:
        newest = puts[document.id].version if document.id in puts else known.get(document.id, -1)
        if document.version < newest or document.version < (tombstones.of(document.id) or 0):
            stale[document.id] = None
            continue
        puts[document.id] = document
        marks[document.id] = None
    removed: dict[str, None] = {}
    for document_id, version in deletions:
        there = puts[document_id].version if document_id in puts else known.get(document_id)
        if version is not None and there is not None and version < there:
            stale[document_id] = None
            continue
        puts.pop(document_id, None)
        removed[document_id] = None
        marks[document_id] = _newest(version, marks.get(document_id), tombstones.of(document_id))
    return Writes(list(puts.values()), (*puts, *removed), tuple(removed), tuple(stale), marks)


def _newest(version: int | None, *before: int | None) -> int | None:
    return None if version is None else max(version, *(each or 0 for each in before))
