"""What differs between two programmes, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.programmes.schema import Programme
from marketplace.programmes.structure import dump

IGNORED = frozenset({"file_sha256"})


@dataclass(frozen=True)
class Difference:
    """One place: its path as texts, and what stands there on each side (None: nothing)."""

    path: tuple[str, ...]
    left: Any
    right: Any


def differences(left: Programme, right: Programme) -> list[Difference]:
    """Every differing value; lists of parts with ids are compared by id, not by position."""
    return list(_walk(dump(left), dump(right), ()))


def _walk(left: Any, right: Any, path: tuple[str, ...]) -> Iterator[Difference]:
    if left == right or (path and path[0] in IGNORED):
        return
    one, other = _keyed(left), _keyed(right)
    if one is None or other is None:
        yield Difference(path, left, right)
        return
    for key in dict.fromkeys((*one, *other)):
        yield from _walk(one.get(key), other.get(key), (*path, key))


def _keyed(value: Any) -> Mapping[str, Any] | None:
    """A mapping, or a list whose items have ids as a mapping by id; None for anything else."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        keys = [str(item.get("id") or item.get("use") or item.get("topic") or "") for item in value]
        if all(keys) and len(set(keys)) == len(keys):
            return dict(zip(keys, value, strict=True))
    return None
