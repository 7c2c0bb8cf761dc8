"""Calls to Elasticsearch: short ones for visitors, patient ones for writers.

Reading calls wait one second and go through a breaker. Writing calls wait longer and are
repeated, which is safe because every write carries its version.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from search.engines.breaker import Breaker
from search.engines.elastic_address import Address
from search.errors import Unavailable, ViewLost

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

PROBE_SECONDS = 0.3
WRITE_SECONDS = 10.0
BUILD_SECONDS = 60.0
COPY_SECONDS = 300.0
MOST_RETRIES = 2
NODE_LOST = 502  # how a node says that the one it asked has disconnected
NO_SHARDS = 503, "search_phase_execution_exception"  # also while an index is being deleted
CONNECTIONS = 16

Call = Callable[["Elasticsearch"], Any]


class Absent(Exception):
    """The index, alias, document or point in time that was named is not there."""


class NodeLost(ViewLost):
    """A node of the cluster went away in the middle of the question, or nothing holds the index
    in this moment: another node, or the index that a rebuild has put in its place, may answer.
    """


class Connection:
    """One client for each process: a fork gets its own. Shared by threads."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.breaker = Breaker()
        self._lock = threading.Lock()
        self._clients: tuple[int, Mapping[str, Elasticsearch]] | None = None

    def ask(self, call: Call, *, small: bool = False) -> Any:
        """The answer to a visitor's question. Raises Unavailable within a second, Absent.

        ``small``: no search, so its success does not show that searches succeed.
        """
        probing = self.breaker.enter()
        try:
            with _translated(1 + self._others):
                answer = call(self.client("probe" if probing else "read"))
                _check_whole(answer)
        except Absent:
            self.breaker.answered()
            raise
        except Unavailable as error:
            self.breaker.failed(str(error), passing=isinstance(error, NodeLost))
            raise
        if small:
            self.breaker.answered()
        else:
            self.breaker.succeeded()
        return answer

    def peek(self, call: Call) -> Any:
        """The answer to something small that comes before a search."""
        return self.ask(call, small=True)

    def tell(self, call: Call, manner: str = "write") -> Any:
        """The answer to a writer's call. Raises Unavailable, Absent."""
        with _translated(1 + MOST_RETRIES):
            answer = call(self.client(manner))
            _check_whole(answer)
        return answer

    def client(self, manner: str) -> "Elasticsearch":
        """The client with the patience of ``read``, ``probe``, ``write``, ``build`` or ``copy``."""
        clients = self._clients
        if clients is None or clients[0] != os.getpid():
            with self._lock:
                if self._clients is None or self._clients[0] != os.getpid():
                    self._clients = os.getpid(), self._connect()
                clients = self._clients
        return clients[1][manner]

    def close(self) -> None:
        """Let go of the sockets."""
        with self._lock:
            if self._clients is not None and self._clients[0] == os.getpid():
                self._clients[1]["read"].close()
            self._clients = None

    @property
    def _others(self) -> int:
        """How many more nodes a question is put to when one refuses it or goes away."""
        return min(len(self.address.hosts) - 1, MOST_RETRIES)

    def _connect(self) -> "Mapping[str, Elasticsearch]":
        # Imported here: who runs on tantivy should not wait for it.
        from elastic_transport import OrjsonSerializer
        from elasticsearch import Elasticsearch

        # Every failure is raised in words of our own; its traceback in the log each time, while a
        # server is down, helps nobody.
        logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
        address = self.address
        known: dict[str, Any] = {}
        if address.api_key:
            known["api_key"] = address.api_key
        elif address.user:
            known["basic_auth"] = (address.user, address.password)
        if address.ca:
            known["ca_certs"] = address.ca
        first = Elasticsearch(
            list(address.hosts),
            serializer=OrjsonSerializer(),
            connections_per_node=CONNECTIONS,
            **known,
        )
        # A node that refuses or resets is asked no more for a while; another one answers at once.
        # Refusals of an overloaded server are never repeated here: see elastic_bulk.
        again = [NODE_LOST]
        quick = first.options(
            max_retries=self._others, retry_on_timeout=False, retry_on_status=again
        )
        patient = first.options(
            max_retries=MOST_RETRIES, retry_on_timeout=True, retry_on_status=again
        )
        return {
            "read": quick.options(request_timeout=address.timeout),
            "probe": quick.options(request_timeout=PROBE_SECONDS),
            "write": patient.options(request_timeout=WRITE_SECONDS),
            "build": patient.options(request_timeout=BUILD_SECONDS),
            "copy": patient.options(request_timeout=COPY_SECONDS + address.timeout),
        }


@contextmanager
def _translated(attempts: int) -> Iterator[None]:
    """What the client raises after so many attempts, in words of this library."""
    from elasticsearch import ApiError, ConnectionError, NotFoundError, TransportError

    try:
        yield
    except NotFoundError as error:
        raise Absent(str(error)) from error
    except ApiError as error:
        raise _trouble(error.status_code, str(error.message)) from error
    except TransportError as error:
        # Attempts that were answered are not among the errors: such a node lives, but told of one
        # that has gone; the client took it for dead and came back to the one that is.
        answered = len(error.errors) + 1 < attempts and isinstance(error, ConnectionError)
        kind = NodeLost if answered else Unavailable
        raise kind(f"搜索服务没有回应（{type(error).__name__}）") from error


def _trouble(status: int, message: str) -> Unavailable:
    lost = status == NODE_LOST or (status == NO_SHARDS[0] and NO_SHARDS[1] in message)
    return (NodeLost if lost else Unavailable)(_reason(status, message))


def _reason(status: int, message: str) -> str:
    if status in (401, 403):
        return (
            f"搜索服务拒绝访问（{status}），请检查 SEARCH_URL 的账号、密钥和权限：{message[:200]}"
        )
    return f"搜索服务出错（{status}）：{message[:200]}"


def _check_whole(answer: Any) -> None:
    """An answer of only some shards, or of the part that was ready in time, is no answer."""
    body = getattr(answer, "body", answer)
    # Errors that the caller does not mind come as answers.
    if not isinstance(body, Mapping) or answer.meta.status >= 400:
        return
    for part in (body, *body.get("responses", ())):
        if part.get("error"):
            _refuse_part(part)
        if part.get("timed_out") or _some_failed(part):
            raise Unavailable("搜索服务只给出了部分结果")


def _refuse_part(part: Mapping[str, Any]) -> None:
    """One of several questions in a request failed, so all of them did."""
    status, reason = part.get("status", 500), str(part["error"])
    if status == 404:
        raise Absent(reason)
    raise _trouble(status, reason)


def _some_failed(part: Mapping[str, Any]) -> bool:
    # A write that was taken has a result: a replica that failed meanwhile is made anew.
    shards = part.get("_shards")
    return "result" not in part and isinstance(shards, Mapping) and bool(shards.get("failed"))
