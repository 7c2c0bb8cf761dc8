"""A programme as plain JSON, pinned by rounds: running rounds never look at the file again."""

from typing import Any

from marketplace.programmes.schema import Programme
from marketplace.programmes.structure import build, dump


def to_snapshot(programme: Programme) -> dict[str, Any]:
    """JSON-able data that holds the whole programme with its questions."""
    snapshot: dict[str, Any] = dump(programme)
    return snapshot


def from_snapshot(snapshot: dict[str, Any]) -> Programme:
    """The programme as it was pinned. Raises Malformed for data this code cannot read."""
    return build(Programme, snapshot)
