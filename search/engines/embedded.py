"""tantivy in a folder: many readers, one writer, nothing to install or run."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from tantivy import Index, IndexWriter

from search.analysis.entries import Entry, entry_of
from search.documents import Document
from search.engines import Applied, Build, Deletion, Versions
from search.engines.embedded_view import EmbeddedView
from search.engines.folders import Folder
from search.engines.locks import fair_lock, file_lock
from search.engines.meta import Meta
from search.engines.tantivy_queries import prepare, schema, tantivy_document
from search.errors import IndexMissing, SearchError, Unavailable, WriterBusy
from search.writes import Tombstones, plan_writes

RELOAD_SECONDS = 0.05
WAIT_SECONDS = 30.0
HEAP = 32_000_000
BUILD_HEAP = 128_000_000
BUILD_THREADS = 2
ANOTHER_WRITER = "另一个进程正在写搜索索引；同一时间只能有一个后台进程写入"
ANOTHER_BUILD = "另一个进程正在重建搜索索引"


class EmbeddedEngine:
    """The Engine of ``tantivy:`` URLs. May be opened before a fork and shared by threads."""

    def __init__(self, path: str) -> None:
        self._folder = Folder(path)
        self._reading = threading.Lock()
        self._writing = threading.RLock()
        self._checked = float("-inf")
        self._opened: tuple[str, Index, Meta] | None = None
        self._view: tuple[str, EmbeddedView] | None = None
        self._writer: tuple[str, IndexWriter] | None = None
        self._tombstones = Tombstones()

    # ---------------------------------------------------------------- reading

    def view(self) -> EmbeddedView:
        with self._reading:
            now = time.monotonic()
            if self._view is None or now - self._checked >= RELOAD_SECONDS:
                self._view = self._fresh_view()
                self._checked = now
            return self._view[1]

    def _fresh_view(self) -> tuple[str, EmbeddedView]:
        for _ in range(3):
            generation = self._folder.current()
            try:
                return self._view_of(generation)
            except (OSError, ValueError, IndexMissing) as error:
                # A rebuild may have replaced and dropped it since; then the next round succeeds.
                self._opened = self._view = None
                fault = error
        raise Unavailable(f"搜索索引 {generation} 无法打开：{fault}") from fault

    def _view_of(self, generation: str) -> tuple[str, EmbeddedView]:
        stamp = self._folder.stamp(generation)
        if self._opened is None or self._opened[0] != generation:
            self._opened = self._open(generation)
        elif self._view is not None and self._view[0] == stamp:
            return self._view
        _, index, meta = self._opened
        index.reload()
        revision = f"{generation}.{stamp}"
        return stamp, EmbeddedView(index.searcher(), revision, meta)

    def _open(self, generation: str) -> tuple[str, Index, Meta]:
        meta = self._folder.meta(generation)
        meta.check()
        index = Index(schema(), path=str(self._folder.path(generation)))
        prepare(index)
        return generation, index, meta

    # ---------------------------------------------------------------- writing

    def apply(
        self, documents: Sequence[Document] = (), deletions: Sequence[Deletion] = ()
    ) -> Applied:
        with self._writing, self._frozen():
            generation = self._folder.current()
            meta = self._folder.meta(generation)
            meta.check()
            writer = self._writer_of(generation)
            view = self._uncached_view()
            ids = [document.id for document in documents] + [each for each, _ in deletions]
            known = view.versions(ids) if ids else {}
            writes = plan_writes(documents, deletions, known, self._tombstones)
            entries = [entry_of(document, meta.dictionary) for document in writes.puts]
            self._folder.note_touched(ids)
            try:
                _write(writer, [*writes.removals], entries)
            except BaseException:
                # Also a panic of the engine: the writer is unusable, what was committed is safe.
                self._writer = None
                raise
            self._tombstones.add(writes.tombstones)
            self.look_again()
            return Applied(len(entries), len(writes.removed), writes.stale)

    def look_again(self) -> None:
        """Who wrote or switched must see it in the very next answer."""
        with self._reading:  # a reader that has just looked would say that it saw everything
            self._checked = float("-inf")

    def _uncached_view(self) -> EmbeddedView:
        with self._reading:
            self._view = self._fresh_view()
            return self._view[1]

    def _writer_of(self, generation: str) -> IndexWriter:
        if self._writer is not None and self._writer[0] == generation:
            return self._writer[1]
        self._writer = None  # frees the lock of the old generation
        index = Index(schema(), path=str(self._folder.path(generation)))
        prepare(index)
        self._writer = generation, _open_writer(index, HEAP, 1)
        return self._writer[1]

    def _frozen(self) -> AbstractContextManager[None]:
        self._folder.make()
        return fair_lock(self._folder.write_lock, WAIT_SECONDS, ANOTHER_WRITER)

    # ---------------------------------------------------------------- building

    @contextmanager
    def build(self, meta: Meta) -> Iterator[Build]:
        self._folder.make()
        with file_lock(self._folder.build_lock, 0, ANOTHER_BUILD):
            self._folder.stop_building()  # what a killed rebuild left behind
            self._folder.drop_others()
            build = EmbeddedBuild(self, self._folder, self._folder.begin(meta), meta)
            try:
                yield build
            finally:
                build.close()
                self._folder.stop_building()
                self._folder.drop_others()

    def freeze(self) -> AbstractContextManager[None]:
        """Keep every writer of this folder out."""
        return self._frozen()

    # ---------------------------------------------------------------- operating

    def status(self) -> Mapping[str, str | int]:
        facts: dict[str, str | int] = {
            "engine": "tantivy",
            "path": str(self._folder.root),
            "building": self._folder.building() or "",
        }
        try:
            facts["generation"] = self._folder.current()
            meta = self._folder.meta(str(facts["generation"]))
            facts |= {"schema": meta.schema, "analysis": meta.analysis, "words": meta.words}
            view = self.view()
            facts["documents"] = view.searcher.num_docs
            facts["segments"] = view.searcher.num_segments
            facts["terms"] = len(view.meta.terms)
            facts["state"] = "ok"
        except SearchError as error:
            facts["state"] = type(error).__name__
            facts["reason"] = str(error)
        return facts

    def close(self) -> None:
        with self._writing:
            if self._writer is not None:
                writer, self._writer = self._writer[1], None
                writer.wait_merging_threads()


class EmbeddedBuild:
    """The Build of an embedded engine."""

    def __init__(self, engine: EmbeddedEngine, folder: Folder, generation: str, meta: Meta) -> None:
        self.generation = generation
        self._engine = engine
        self._folder = folder
        self._dictionary = meta.dictionary
        self._position = 0
        self._index = Index(schema(), path=str(folder.path(generation)))
        prepare(self._index)
        self._meta = meta
        self._writer: IndexWriter | None = _open_writer(self._index, BUILD_HEAP, BUILD_THREADS)

    def add(self, documents: Iterable[Document]) -> int:
        return self._write([], documents)

    def replace(self, document_ids: Sequence[str], documents: Iterable[Document]) -> None:
        self._write(document_ids, documents)

    def _write(self, removals: Sequence[str], documents: Iterable[Document]) -> int:
        if self._writer is None:
            self._writer = _open_writer(self._index, BUILD_HEAP, BUILD_THREADS)
        for document_id in removals:
            self._writer.delete_documents_by_term("id", document_id)
        added = 0
        for document in documents:
            self._writer.add_document(tantivy_document(entry_of(document, self._dictionary)))
            added += 1
        self._writer.commit()
        return added

    def touched(self) -> list[str]:
        ids, self._position = self._folder.touched(self.generation, self._position)
        return ids

    def ids(self) -> Versions:
        self._index.reload()
        return EmbeddedView(self._index.searcher(), self.generation, self._meta).ids()

    def frozen(self) -> AbstractContextManager[None]:
        return self._engine.freeze()

    def swap(self) -> None:
        self.close()
        self._folder.use(self.generation)
        self._engine.look_again()

    def close(self) -> None:
        """Let merges end and free the writer's lock."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()


def _open_writer(index: Index, heap: int, threads: int) -> IndexWriter:
    try:
        return index.writer(heap_size=heap, num_threads=threads)
    except ValueError as error:
        if "LockBusy" in str(error):
            raise WriterBusy(ANOTHER_WRITER) from error
        raise Unavailable(f"搜索索引无法写入：{error}") from error


def _write(writer: IndexWriter, removals: Iterable[str], entries: Iterable[Entry]) -> None:
    for document_id in removals:
        writer.delete_documents_by_term("id", document_id)
    for entry in entries:
        writer.add_document(tantivy_document(entry))
    writer.commit()
