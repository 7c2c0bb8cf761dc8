"""What the contract tests must do to an engine's own things: look at them, and break them."""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import elasticsearch

from search.engines.elastic_address import Address
from search.engines.elastic_connection import Connection
from search.engines.elastic_state import State


class Lab(Protocol):
    """An index of one test: its SEARCH_URL and what lies behind it."""

    url: str

    def generations(self) -> list[str]:
        """All generations there are, oldest first."""
        ...

    def kept(self, before: str, now: str) -> list[str]:
        """Which generations a rebuild leaves: the one in use, and on a server the one before."""
        ...

    def plant_leftover(self) -> str:
        """Leave behind what a killed rebuild leaves; gives the generation it was filling."""
        ...

    def relabel(self, **facts: str) -> None:
        """Change what the index says it was made with."""
        ...


class TantivyLab:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"tantivy://{folder}"

    def generations(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("g*"))

    def kept(self, before: str, now: str) -> list[str]:
        return [now]

    def plant_leftover(self) -> str:
        (self.folder / "g000777").mkdir()
        (self.folder / "BUILDING").write_text("g000777")
        return "g000777"

    def relabel(self, **facts: str) -> None:
        (about,) = self.folder.glob("g*/about.json")
        about.write_text(json.dumps(json.loads(about.read_text()) | facts))


class ElasticLab:
    """Indexes with a prefix of their own on a server or cluster that others use too."""

    def __init__(self, addresses: Sequence[str], options: str) -> None:
        self.prefix = f"t{secrets.token_hex(6)}"
        hosts = ",".join(address.removeprefix("http://") for address in addresses)
        # What is asked here is what the answers say: on a busy machine they may come late.
        self.url = f"http://{hosts}/{self.prefix}?timeout=20{options}"
        self.client = elasticsearch.Elasticsearch(list(addresses), request_timeout=60)

    def generations(self) -> list[str]:
        found = self.client.indices.get(index=f"{self.prefix}-v*", features="aliases")
        return sorted(found, key=lambda name: int(name.split("-")[-2]))

    def kept(self, before: str, now: str) -> list[str]:
        return [before, now]

    def plant_leftover(self) -> str:
        """Also the block of a switch that did not end."""
        leftover = f"{self.prefix}-v00000000-000777-abcdef"
        aliases: dict[str, Any] = {f"{self.prefix}-building": {}, f"{leftover}-w": {}}
        self.client.indices.create(index=leftover, aliases=aliases)
        self.client.indices.add_block(index=self.prefix, block="write")
        return leftover

    def relabel(self, **facts: str) -> None:
        (mapping,) = self.client.indices.get_mapping(index=self.prefix).values()
        self.client.indices.put_mapping(
            index=self.prefix, meta=mapping["mappings"]["_meta"] | facts
        )

    def settle(self) -> None:
        """Make the small index beside the others, which in operation is there for years, and wait
        for its copies: without one the death of a node would take it away.
        """
        connection = Connection(Address.parse(self.url))
        State(connection).make()
        connection.close()
        self.client.cluster.health(index=f"{self.prefix}-state", wait_for_status="green")

    def remove(self) -> None:
        """Leave nothing on the server."""
        names = [*self.client.indices.get(index=f"{self.prefix}-*", features="aliases")]
        if names:
            self.client.indices.delete(index=names)
        self.client.close()


@contextmanager
def elastic_lab(addresses: Sequence[str], options: str = "") -> Iterator[ElasticLab]:
    """A lab on the nodes with these addresses, cleared away at the end."""
    lab = ElasticLab(addresses, options)
    try:
        if len(addresses) > 1:
            lab.settle()
        yield lab
    finally:
        lab.remove()
