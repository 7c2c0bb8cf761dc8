"""What the processes that share an Elasticsearch index tell each other.

``<prefix>``            alias of the index in use
``<prefix>-building``   alias of the index that a rebuild fills
``<prefix>-v…``         the indexes: hash of the fields, a number that grows, a part by chance
``<prefix>-state``      a small index: the mark that changes with every write, ids written during
                        a rebuild, and the lease of the one who rebuilds
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.engines.elastic_bulk import dropping, send
from search.engines.elastic_connection import Absent, Connection
from search.engines.meta import Meta
from search.errors import IndexMismatch, IndexMissing, Unavailable
from search.fields import schema_hash

MARK = "mark"
LEASE = "lease"
MOST_NOTES = 1000
MAPPING = {
    "dynamic": "strict",
    "properties": {
        "build": {"type": "keyword"},  # only notes of ids have it
        "ids": {"type": "object", "enabled": False},
        "mark": {"type": "object", "enabled": False},
        "holder": {"type": "keyword"},
        "until": {"type": "double"},
    },
}
SETTINGS = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": -1}


@dataclass(frozen=True, slots=True)
class Places:
    """Names of indexes: in use, being built, and all there are, oldest first."""

    current: str | None
    building: str | None
    all: tuple[str, ...]


def writing_alias(index: str) -> str:
    """An alias of one index alone. Writes demand it, so that a write to an index that has just
    been dropped cannot create it again by its name.
    """
    return f"{index}-w"


class State:
    """Aliases, marks and notes of one prefix."""

    def __init__(self, connection: Connection) -> None:
        self.prefix = connection.address.prefix
        self.index = f"{self.prefix}-state"
        self.building_alias = f"{self.prefix}-building"
        self._connection = connection
        number, chance = "[0-9]{6,}", "[0-9a-f]{6}"
        self._name = re.compile(rf"{re.escape(self.prefix)}-v[0-9a-f]{{8}}-{number}-{chance}")
        self._metas: dict[str, Meta] = {}

    def make(self) -> None:
        """Create the small index unless it is there."""
        if not self._connection.tell(lambda es: es.indices.exists(index=self.index)):
            create_index(self._connection, self.index, mappings=MAPPING, settings=SETTINGS)

    def new_name(self) -> str:
        """A name for a new index that no other has had; later ones have higher numbers."""
        last = max((_number(name) for name in self.places().all), default=0)
        return f"{self.prefix}-v{schema_hash()[:8]}-{last + 1:06d}-{secrets.token_hex(3)}"

    def places(self, *, patient: bool = True) -> Places:
        """The indexes of this prefix, as the cluster knows them."""
        send = self._connection.tell if patient else self._connection.peek
        answer = send(lambda es: es.indices.get_alias(index=f"{self.prefix}-v*"))
        found: dict[str, Any] = {
            name: set(facts["aliases"])
            for name, facts in answer.items()
            if self._name.fullmatch(name)
        }

        def with_alias(alias: str) -> str | None:
            return next((name for name, aliases in found.items() if alias in aliases), None)

        ordered = sorted(found, key=_number)
        return Places(with_alias(self.prefix), with_alias(self.building_alias), tuple(ordered))

    def current(self, *, patient: bool = True) -> str:
        """Name of the index in use. Raises IndexMissing."""
        name = self.places(patient=patient).current
        if name is None:
            raise IndexMissing("还没有搜索索引，请运行 marketplace search rebuild")
        return name

    def meta(self, index: str, *, patient: bool = True) -> Meta:
        """What an index was made with. Raises IndexMismatch when it does not say, Absent."""
        if index not in self._metas:
            send = self._connection.tell if patient else self._connection.peek
            answer = send(lambda es: es.indices.get_mapping(index=index))
            try:
                self._metas[index] = Meta.from_json(answer[index]["mappings"]["_meta"])
            except (KeyError, TypeError) as error:
                raise IndexMismatch(f"索引 {index} 的说明无法读取") from error
        return self._metas[index]

    def mark(self) -> str:
        """Changes after every write and every switch that is complete; for readers."""
        try:
            answer = self._connection.peek(lambda es: es.get(index=self.index, id=MARK))
        except Absent:
            return ""
        return str(answer["_source"]["mark"])

    def set_mark(self) -> None:
        """Tell all readers to look again."""
        document = {"mark": secrets.token_hex(8)}
        self._connection.tell(lambda es: es.index(index=self.index, id=MARK, document=document))

    def note_touched(self, building: str, ids: Sequence[str]) -> None:
        """Tell a running rebuild which documents it has to read again."""
        document = {"build": building, "ids": list(ids)}
        self._connection.tell(lambda es: es.index(index=self.index, document=document))

    def take_touched(self, building: str) -> list[str]:
        """Ids noted for a rebuild since the last call, each once. Raises Unavailable when they
        cannot be taken away.
        """
        self._connection.tell(lambda es: es.indices.refresh(index=self.index))
        ids: dict[str, None] = {}
        while notes := self._notes(building):
            ids.update((each, None) for note in notes for each in note["_source"]["ids"])
            self._drop(notes)
        return list(ids)

    def _drop(self, notes: Sequence[Mapping[str, Any]]) -> None:
        gone = [dropping(note["_id"]) for note in notes]
        outcome = self._connection.tell(
            lambda es: send(es, self.index, gone, refresh=True, alias=False)
        )
        if outcome.moved:  # they would be read again for ever
            raise Unavailable(f"搜索服务不让写 {self.index}，无法确认补充的条目")

    def _notes(self, building: str) -> list[dict[str, Any]]:
        answer = self._connection.tell(
            lambda es: es.search(
                index=self.index, query={"term": {"build": building}}, size=MOST_NOTES
            )
        )
        return list(answer["hits"]["hits"])

    def lease_runs(self) -> bool:
        """Whether some process is rebuilding, or died less than a lease ago."""
        try:
            lease = self._connection.tell(lambda es: es.get(index=self.index, id=LEASE))
        except Absent:
            return False
        return float(lease["_source"]["until"]) > self.server_time()

    def server_time(self) -> float:
        """Seconds on the servers' clock: those of the machines that rebuild need not agree."""
        (health,) = self._connection.tell(lambda es: es.cat.health(format="json"))
        return float(health["epoch"])


def create_index(connection: Connection, name: str, **what: Any) -> None:
    """Create an index. That it is there already is fine: another process was as quick, or the
    answer to an attempt before this one was lost. Raises Unavailable.
    """
    answer = connection.tell(
        lambda es: es.options(ignore_status=400).indices.create(index=name, **what), "build"
    )
    error = answer.get("error")
    if error and error["type"] != "resource_already_exists_exception":
        raise Unavailable(f"搜索服务没有建立索引 {name}：{error.get('reason')}")


def _number(name: str) -> int:
    return int(name.split("-")[-2])
