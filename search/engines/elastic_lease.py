"""The lease of the one process that may rebuild an Elasticsearch index."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from search.engines.elastic_connection import Absent, Connection
from search.engines.elastic_state import LEASE, State
from search.errors import Unavailable, WriterBusy

LEASE_SECONDS = 40.0
RENEW_SECONDS = 10.0
ANOTHER_BUILD = "另一个进程正在重建搜索索引；如果它已中断，一分钟后可以再试"


class Lease:
    """Held while a thread renews it; who is killed loses it after 40 seconds."""

    def __init__(self, connection: Connection, state: State) -> None:
        self._connection = connection
        self._state = state
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._place: dict[str, Any] = {}
        self._until = 0.0

    @contextmanager
    def held(self) -> Iterator["Lease"]:
        """Take the lease, keep it, give it back. Raises WriterBusy when another one has it."""
        self._take()
        stop = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(stop,), daemon=True)
        renewer.start()
        try:
            yield self
        finally:
            stop.set()
            renewer.join()
            self._release()

    def check(self) -> None:
        """Raises WriterBusy when the lease was lost, because it could not be renewed in time."""
        if time.monotonic() >= self._until:
            raise WriterBusy("重建期间与搜索服务失去联系太久，未切换，请重试")

    def _take(self) -> None:
        try:
            found = self._connection.tell(lambda es: es.get(index=self._state.index, id=LEASE))
        except Absent:
            self._write(op_type="create")
            return
        if float(found["_source"]["until"]) > self._state.server_time():
            raise WriterBusy(ANOTHER_BUILD)
        self._write(if_seq_no=found["_seq_no"], if_primary_term=found["_primary_term"])

    def _write(self, **conditions: Any) -> None:
        from elasticsearch import ConflictError

        # What others see lasts a second longer than what this process counts on.
        end = time.monotonic() + LEASE_SECONDS
        until = self._state.server_time() + LEASE_SECONDS + 1
        document = {"holder": self._holder, "until": until}

        def send(es: Any) -> Any:
            index = self._state.index
            try:
                return es.index(index=index, id=LEASE, document=document, **conditions)
            except ConflictError as error:
                there = es.options(ignore_status=404).get(index=index, id=LEASE)
                if there.get("_source") == document:  # an attempt whose answer was lost
                    return there
                raise WriterBusy(ANOTHER_BUILD) from error

        answer = self._connection.tell(send)
        self._place = {
            "if_seq_no": answer["_seq_no"],
            "if_primary_term": answer["_primary_term"],
        }
        self._until = end

    def _renew(self, stop: threading.Event) -> None:
        while not stop.wait(RENEW_SECONDS):
            try:
                self._write(**self._place)
            except Unavailable:
                continue  # perhaps the next time; until then the lease runs on
            except WriterBusy:
                self._until = 0.0
                return

    def _release(self) -> None:
        try:
            self._connection.tell(
                lambda es: es.delete(index=self._state.index, id=LEASE, **self._place)
            )
        except (Unavailable, Absent):
            return  # then it ends by itself
