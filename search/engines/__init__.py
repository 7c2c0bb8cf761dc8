"""What an engine must be able to do, and how one is chosen.

An engine stores entries and answers plans. It knows nothing of Chinese, requests or pages: those
are the same for every engine.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from search.documents import Document
from search.engines.meta import Meta
from search.errors import Unavailable
from search.plan import Filters, Node

Deletion = tuple[str, int | None]
Versions = Iterator[tuple[str, int]]
MOST_VALUES = 10_000  # of one field in one answer; more than any vocabulary holds
Counted = tuple[Filters, Sequence[str]]
Place = tuple[int, int]  # value of the field of the order (0 when there is none), tie


@dataclass(frozen=True, slots=True)
class Order:
    """By score when ``field`` is None, else by an integer field. ``tie`` is the integer field
    that orders equals, the smaller first; with Everything and no field it is the whole order.
    """

    tie: str
    field: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One stored document as an engine gives it; ``card`` is JSON."""

    id: str
    version: int
    card: bytes


class Glance(NamedTuple):
    """A small question beside others: the first ``size`` rows, at least one."""

    match: Node
    filters: Filters
    size: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did. ``stale`` are ids for which something newer was there already."""

    written: int
    deleted: int
    stale: tuple[str, ...] = ()


class View(Protocol):
    """The index at one moment; all answers of one view agree with each other. All raise
    Unavailable; ViewLost when a new view would answer.
    """

    @property
    def revision(self) -> str:
        """Changes with every commit and rebuild that becomes visible."""
        ...

    @property
    def meta(self) -> Meta: ...

    def top(
        self,
        match: Node,
        filters: Filters,
        order: Order,
        offset: int,
        size: int,
        counts: Sequence[Counted] = (),
    ) -> tuple[int, list[Row]]:
        """The number of all hits, and the rows from ``offset`` on (offset + size ≤ 10,000).

        ``counts`` names what ``facets`` (or, without fields, ``count``) will be asked next for
        the same ``match``: an engine behind a network fetches it in the same round trip.
        """
        ...

    def glance(self, tie: str, wanted: Sequence[Glance]) -> list[list[Row]]:
        """Several small questions in one round trip, without scores. Rows are in the order of the
        integer field ``tie``, which no two documents share.
        """
        ...

    def after(
        self, filters: Filters, order: Order, place: Place | None, size: int
    ) -> list[tuple[Place, Row]]:
        """The next rows behind a place, or the first ones, each with its own place; for walking
        through everything that the filters leave, beyond 10,000 too. A place stays good when the
        index changes.
        """
        ...

    def count(self, match: Node, filters: Filters) -> int: ...

    def count_each(self, match: Node, choices: Sequence[Filters]) -> list[int]:
        """The number of hits under each of several filters, in one round trip."""
        ...

    def facets(
        self, match: Node, filters: Filters, fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, int]]:
        """For each field, how many hits have each value."""
        ...

    def get(self, document_id: str) -> Row | None: ...

    def ids(self) -> Versions:
        """All ids and versions, in no order."""
        ...


class Build(Protocol):
    """A new generation that is being filled; nobody sees it before ``swap``."""

    @property
    def generation(self) -> str: ...

    def add(self, documents: Iterable[Document]) -> int:
        """Add documents that are not in it yet; returns how many."""
        ...

    def replace(self, document_ids: Sequence[str], documents: Iterable[Document]) -> None:
        """Put ``documents`` in the place of all documents with these ids."""
        ...

    def touched(self) -> list[str]:
        """Ids written to the generation in use since the last call (or since the start)."""
        ...

    def ids(self) -> Versions: ...

    def frozen(self) -> AbstractContextManager[None]:
        """While inside, no other process can write to the generation in use."""
        ...

    def swap(self) -> None:
        """Make this the generation in use, in one step. Only inside ``frozen``."""
        ...


class Engine(Protocol):
    """One index in one place. Readers are threads of many processes, writer is one.

    Where several may write, as on a server, versions keep them in order.
    """

    def view(self) -> View:
        """The index now (at most 50 ms old). Raises Unavailable, IndexMissing, IndexMismatch."""
        ...

    def apply(
        self, documents: Sequence[Document] = (), deletions: Sequence[Deletion] = ()
    ) -> Applied:
        """Write a batch; when it returns, the batch is safe and searchable.

        A document or deletion with an older version than what is there is left out. A deletion
        without version always holds: the thing itself is gone. Raises WriterBusy, BadDocument
        (then nothing is written that entry_of refuses; what a server refuses stands alone),
        IndexMissing, IndexMismatch, Unavailable. Repeating a batch does no harm.
        """
        ...

    def build(self, meta: Meta) -> AbstractContextManager[Build]:
        """Begin a new generation; left without ``swap`` it is dropped. Raises WriterBusy."""
        ...

    def status(self) -> Mapping[str, str | int]:
        """Facts for an operator; never raises."""
        ...

    def close(self) -> None: ...


def _embedded(url: str) -> Engine:
    from search.engines.embedded import EmbeddedEngine

    return EmbeddedEngine(url.removeprefix("tantivy:").removeprefix("//"))


def _elastic(url: str) -> Engine:
    from search.engines.elastic import ElasticEngine
    from search.engines.elastic_address import Address

    return ElasticEngine(Address.parse(url))


def _known(url: str) -> str:
    scheme = url.partition(":")[0] if ":" in url else ""
    if scheme not in _OPENERS:
        known = "、".join(sorted(_OPENERS))
        raise Unavailable(f"SEARCH_URL 的 {scheme or url!r} 不在此版本内，可用：{known}")
    return scheme


def check_address(url: str) -> None:
    """Whether ``open_engine`` would take it. Raises Unavailable, without any secret in the text."""
    if _known(url) in ("http", "https"):
        from search.engines.elastic_address import Address

        Address.parse(url)


_OPENERS: dict[str, Callable[[str], Engine]] = {
    "tantivy": _embedded,
    "http": _elastic,
    "https": _elastic,
}


def open_engine(url: str) -> Engine:
    """The engine of a SEARCH_URL: ``tantivy:///absolute/path``, ``tantivy:relative/path``, or
    Elasticsearch: ``https://user:password@host:9200,host:9200/prefix`` (see ``elastic_address``).

    Raises Unavailable for schemes that are not part of this build and addresses that are none.
    Nothing is connected to yet.
    """
    return _OPENERS[_known(url)](url)
