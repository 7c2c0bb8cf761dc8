"""A new Elasticsearch index that is being filled beside the one in use."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any

from search.analysis.entries import entry_of
from search.documents import Document
from search.engines import Versions
from search.engines.elastic_bulk import CHUNK, Action, putting, removing, send
from search.engines.elastic_connection import COPY_SECONDS, Absent, Connection
from search.engines.elastic_lease import Lease
from search.engines.elastic_queries import mapping
from search.engines.elastic_state import State, create_index, writing_alias
from search.engines.elastic_view import walk_ids
from search.engines.meta import Meta
from search.errors import RebuildFailed, Unavailable

SENDERS = 2
IN_FLIGHT = 4
# Deletions are remembered so long that a writer that was held up cannot bring a document back.
GC_DELETES = "10m"
FILLING = {"refresh_interval": -1, "number_of_replicas": 0, "gc_deletes": GC_DELETES}


class ElasticBuild:
    """The Build of Elasticsearch. Analysis and sending overlap: the server has its own cores."""

    def __init__(self, connection: Connection, state: State, lease: Lease, meta: Meta) -> None:
        self.generation = state.new_name()
        self.swapped = False
        self._connection = connection
        self._state = state
        self._lease = lease
        self._dictionary = meta.dictionary
        self._alias = writing_alias(self.generation)
        create_index(
            connection,
            self.generation,
            mappings=mapping(meta),
            settings={**FILLING, "number_of_shards": connection.address.shards},
            aliases={state.building_alias: {}, self._alias: {}},
        )

    def add(self, documents: Iterable[Document]) -> int:
        added = 0
        pending: deque[Future[None]] = deque()
        with ThreadPoolExecutor(SENDERS) as senders:
            for chunk in _chunks(documents):
                actions = [putting(entry_of(document, self._dictionary)) for document in chunk]
                while len(pending) >= IN_FLIGHT:
                    pending.popleft().result()
                pending.append(senders.submit(self._send, actions))
                added += len(chunk)
            for future in pending:
                future.result()
        return added

    def replace(self, document_ids: Sequence[str], documents: Iterable[Document]) -> None:
        actions = {
            document.id: putting(entry_of(document, self._dictionary)) for document in documents
        }
        gone = [each for each in dict.fromkeys(document_ids) if each not in actions]
        there = versions_of(self._connection, self.generation, gone)
        self._send([*actions.values(), *(removing(*item) for item in there.items())])

    def _send(self, actions: list[Action]) -> None:
        outcome = self._connection.tell(
            lambda es: send(es, self._alias, actions, refresh=False), "build"
        )
        if outcome.moved:
            raise RebuildFailed(f"新索引 {self.generation} 中途消失，未切换")

    def touched(self) -> list[str]:
        return self._state.take_touched(self.generation)

    def ids(self) -> Versions:
        self._refresh()
        return walk_ids(self._connection, self.generation)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self._settle()
        old = self._state.places().current
        try:
            if old is not None:
                # Returns when all writes under way have ended; later ones are refused and wait.
                self._connection.tell(lambda es: es.indices.add_block(index=old, block="write"))
            yield
        finally:
            if old is not None and not self.swapped:
                allow_writes(self._connection, old)

    def swap(self) -> None:
        self._lease.check()
        self._refresh()
        state, old = self._state, self._state.places().current
        actions: list[dict[str, Any]] = [
            {"remove": {"index": self.generation, "alias": state.building_alias}},
            {"add": {"index": self.generation, "alias": state.prefix}},
        ]
        if old is not None:
            actions.append({"remove": {"index": old, "alias": state.prefix}})
        self._connection.tell(lambda es: es.indices.update_aliases(actions=actions), "build")
        self.swapped = True
        state.set_mark()

    def _settle(self) -> None:
        """Give the new index its replicas, and wait until they are there."""
        replicas = self._connection.address.replicas
        several = {"auto_expand_replicas": replicas}
        settings = several if "-" in replicas else {"number_of_replicas": int(replicas)}
        self._change({**settings, "refresh_interval": "1s"})
        self._refresh()
        self._connection.tell(
            lambda es: es.options(ignore_status=408).cluster.health(
                index=self.generation,
                wait_for_status="green",
                timeout=f"{COPY_SECONDS:.0f}s",
            ),
            "copy",
        )

    def _change(self, settings: dict[str, Any]) -> None:
        self._connection.tell(
            lambda es: es.indices.put_settings(index=self.generation, settings=settings), "build"
        )

    def _refresh(self) -> None:
        self._connection.tell(lambda es: es.indices.refresh(index=self.generation), "build")


def _chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    source = iter(documents)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def versions_of(connection: Connection, index: str, ids: Sequence[str]) -> dict[str, int]:
    """The versions of those of the documents that are there now, searchable or not. Raises
    Unavailable, Absent when it cannot be told of one of them: that is not the same as not there.
    """
    if not ids:
        return {}
    answer = connection.tell(lambda es: es.mget(index=index, ids=list(ids), source=False))
    for found in answer["docs"]:
        if "error" in found:
            gone = found["error"].get("type") == "index_not_found_exception"
            fault = Absent if gone else Unavailable
            raise fault(f"搜索服务没有给出 {found['_id']}：{found['error'].get('reason')}")
    return {found["_id"]: found["_version"] for found in answer["docs"] if found.get("found")}


def allow_writes(connection: Connection, index: str) -> None:
    """Take the block of a switch away that did not happen."""
    connection.tell(
        lambda es: es.options(ignore_status=404).indices.put_settings(
            index=index, settings={"index.blocks.write": None}
        )
    )
