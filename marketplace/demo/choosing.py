"""Choices that look free but are the same on every machine: no random source, no clock."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def number(key: str, below: int) -> int:
    """A number from 0 to ``below`` - 1 that depends on ``key`` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % below


def pick(key: str, options: Sequence[T]) -> T:
    """One of the options."""
    return options[number(key, len(options))]


def several(key: str, options: Sequence[T], count: int) -> list[T]:
    """``count`` different options, in the order in which they stand."""
    ranked = sorted(range(len(options)), key=lambda place: number(f"{key}/{place}", 1 << 40))
    return [options[place] for place in sorted(ranked[:count])]


class Wheel:
    """Hands out wordings in turn, pool by pool, so that none is heard more often than another."""

    def __init__(self) -> None:
        self._turn: dict[str, int] = {}

    def next(self, pool: str, options: Sequence[T]) -> T:
        """The next option of a pool; a pool starts somewhere of its own."""
        turn = self._turn.get(pool, number(pool, len(options)))
        self._turn[pool] = turn + 1
        return options[turn % len(options)]
