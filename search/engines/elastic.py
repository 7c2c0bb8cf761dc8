"""Elasticsearch: many readers and writers on many machines, kept in order by versions."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from search.analysis.entries import entry_of
from search.documents import Document
from search.engines import Applied, Build, Deletion
from search.engines.elastic_address import Address
from search.engines.elastic_build import ElasticBuild, allow_writes, versions_of
from search.engines.elastic_bulk import Outcome, putting, removing, send
from search.engines.elastic_connection import Absent, Connection, NodeLost
from search.engines.elastic_lease import Lease
from search.engines.elastic_state import State, writing_alias
from search.engines.elastic_view import ElasticView
from search.engines.meta import Meta
from search.errors import SearchError, Unavailable, WriterBusy
from search.writes import Tombstones, Writes, plan_writes

LOOK_SECONDS = 0.05
FORGET_SECONDS = 240.0  # a view not used for so long may be lost by the servers: KEEP_ALIVE
RETIRE_SECONDS = 5.0  # longer than any page takes
WAIT_SECONDS = 30.0
PAUSE_SECONDS = 0.02


class ElasticEngine:
    """The Engine of ``http:`` and ``https:`` URLs. Threads share it, and it may be opened before a
    fork.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection = Connection(address)
        self._state = State(self._connection)
        self._looking = threading.Lock()
        self._looked = float("-inf")
        self._changed = False  # by this process, so it must see it in the very next answer
        self._failed: tuple[float, Unavailable] | None = None
        self._view: tuple[str, ElasticView] | None = None
        self._retired: deque[tuple[float, str]] = deque()

    # ---------------------------------------------------------------- reading

    def view(self) -> ElasticView:
        came = time.monotonic()
        with self._looking:
            now = time.monotonic()
            fresh = not self._changed and now - self._looked < LOOK_SECONDS
            if self._view is not None and fresh and not self._view[1].lost:
                return self._view[1]
            if self._failed is not None and self._failed[0] >= came:
                # Someone asked while this thread waited: it need not wait as long again.
                raise self._failed[1]
            self._changed = False
            try:
                self._view = self._fresh(now)
            except Unavailable as error:
                self._failed = time.monotonic(), error
                raise
            self._failed, self._looked = None, time.monotonic()
            return self._view[1]

    def _fresh(self, now: float) -> tuple[str, ElasticView]:
        mark = self._state.mark()
        lately = now - self._looked < FORGET_SECONDS
        known = self._view
        if known is not None and known[0] == mark and lately and not known[1].lost:
            return known
        view = self._open()
        if known is not None and not known[1].lost:
            self._retired.append((now, known[1].pit))
        self._let_go(now)
        return mark, view

    def _open(self) -> ElasticView:
        for _ in range(3):
            index = self._state.current(patient=False)
            try:
                meta = self._state.meta(index, patient=False)
                meta.check()
                return ElasticView(self._connection, index, meta)
            except (Absent, NodeLost) as error:
                # A rebuild has replaced it since; then the next round succeeds.
                fault = error
        if isinstance(fault, NodeLost):
            raise fault
        raise Unavailable(f"搜索索引 {index} 无法打开") from fault

    def _let_go(self, now: float) -> None:
        """Free the moments that no page can be using any more; they keep files on the servers."""
        while self._retired and now - self._retired[0][0] > RETIRE_SECONDS:
            _, pit = self._retired.popleft()
            self._close_pit(pit)

    def _close_pit(self, pit: str) -> None:
        try:
            self._connection.peek(lambda es: es.close_point_in_time(id=pit))
        except (Absent, Unavailable):
            return  # it ends by itself

    # ---------------------------------------------------------------- writing

    def apply(
        self, documents: Sequence[Document] = (), deletions: Sequence[Deletion] = ()
    ) -> Applied:
        writes = plan_writes(documents, deletions, {}, Tombstones())
        ids = list(dict.fromkeys([each.id for each in documents] + [each for each, _ in deletions]))
        end = time.monotonic() + WAIT_SECONDS
        while True:
            outcome = self._attempt(writes, ids)
            if outcome is not None:
                break
            if time.monotonic() > end:
                raise WriterBusy("搜索索引正在切换，暂不能写入")
            self._free_if_abandoned()
            time.sleep(PAUSE_SECONDS)
        self._state.set_mark()
        self._changed = True
        late = {*writes.stale, *outcome.stale}
        lost = set(outcome.stale)
        return Applied(
            sum(document.id not in lost for document in writes.puts),
            sum(each not in lost for each in writes.removed),
            tuple(each for each in ids if each in late),
        )

    def _attempt(self, writes: Writes, ids: Sequence[str]) -> Outcome | None:
        """Write to the index in use; None when it takes no writes now, or not these."""
        places = self._state.places()
        index = places.current or self._state.current()
        try:
            meta = self._state.meta(index)
            meta.check()
            actions = [putting(entry_of(each, meta.dictionary)) for each in writes.puts]
            removals = self._removals(index, writes)
            if places.building is not None:
                self._state.note_touched(places.building, ids)
            outcome: Outcome = self._connection.tell(
                lambda es: send(es, writing_alias(index), actions + removals, refresh=True)
            )
        except Absent:
            return None
        kept = {each for each, version in writes.tombstones.items() if version is None}
        overtaken = kept & set(writes.removed) & set(outcome.stale)
        return None if outcome.moved or overtaken else outcome

    def _removals(self, index: str, writes: Writes) -> list[dict[str, Any]]:
        """A deletion without version removes whatever version is there now."""
        given = {each: writes.tombstones[each] for each in writes.removed}
        free = [each for each, version in given.items() if version is None]
        there = versions_of(self._connection, index, free)
        return [
            removing(each, known)
            for each, version in given.items()
            if (known := there.get(each) if version is None else version) is not None
        ]

    def _free_if_abandoned(self) -> None:
        """Who died in the middle of a switch left the index closed to writes."""
        if not self._state.lease_runs():
            allow_writes(self._connection, self._state.current())

    # ---------------------------------------------------------------- building

    @contextmanager
    def build(self, meta: Meta) -> Iterator[Build]:
        self._state.make()
        lease = Lease(self._connection, self._state)
        with lease.held():
            before = self._sweep(())
            build = ElasticBuild(self._connection, self._state, lease, meta)
            try:
                yield build
            finally:
                self._changed = True
                # The one before stays, for pages that are reading it and for going back.
                with suppress(Unavailable):  # then the next rebuild sweeps
                    self._sweep((before,) if before else ())

    def _sweep(self, keep: Sequence[str]) -> str | None:
        """Drop all indexes but the one in use and those to keep; gives the one in use."""
        places = self._state.places()
        if places.current is not None and not keep:
            allow_writes(self._connection, places.current)
        unused = [each for each in places.all if each not in (*keep, places.current)]
        if unused:
            self._connection.tell(
                lambda es: es.indices.delete(index=unused, ignore_unavailable=True), "build"
            )
        return places.current

    # ---------------------------------------------------------------- operating

    def status(self) -> Mapping[str, str | int]:
        facts: dict[str, str | int] = {
            "engine": "elasticsearch",
            "path": self._address.shown,
            "building": "",
            "breaker": self._connection.breaker.state,
        }
        try:
            places = self._state.places(patient=False)
            facts |= {"building": places.building or "", "generation": places.current or ""}
            if places.current:
                meta = self._state.meta(places.current, patient=False)
                facts |= {"schema": meta.schema, "analysis": meta.analysis, "words": meta.words}
            view = self.view()
            facts["generation"] = view.index
            facts |= self._measured(view.index)
            facts["terms"] = len(view.meta.terms)
            facts["state"] = "ok"
        except (SearchError, Absent) as error:  # absent: replaced in this very moment
            facts["state"] = type(error).__name__
            facts["reason"] = str(error)
        return facts

    def _measured(self, index: str) -> dict[str, str | int]:
        ask = self._connection.peek
        health = ask(lambda es: es.cluster.health(index=index))
        stats = ask(lambda es: es.indices.stats(index=index, metric=["docs", "store", "segments"]))
        primaries = stats["indices"][index]["primaries"]
        return {
            "documents": primaries["docs"]["count"],
            "segments": primaries["segments"]["count"],
            "bytes": stats["indices"][index]["total"]["store"]["size_in_bytes"],
            "health": health["status"],
            "nodes": health["number_of_nodes"],
        }

    def close(self) -> None:
        with self._looking:
            if self._view is not None:
                self._close_pit(self._view[1].pit)
            for _, pit in self._retired:
                self._close_pit(pit)
            self._view = None
            self._retired.clear()
        self._connection.close()
