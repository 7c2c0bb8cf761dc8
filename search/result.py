"""What a search gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.analysis.highlight import Highlighter
from search.query import DEEPEST


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. ``card`` is what was indexed with it."""

    id: str
    version: int
    card: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        return self.id.partition(":")[0]

    @property
    def key(self) -> str:
        """The part of the id after the kind."""
        return self.id.partition(":")[2]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet and how many hits choosing it would give."""

    value: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What was done with the words typed.

    ``rung``: ``browse`` nothing typed, ``all`` the usual demand, ``some`` only part of the words
    is found together, ``none`` nothing in the query can be searched. ``units`` are the words
    looked for, ``synonyms`` the words that were looked for as well, ``mainland`` whether a
    reading in mainland words was added, ``shortened`` whether the end of the query was left out.
    """

    rung: str
    units: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    mainland: bool = False
    shortened: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of hits with the counts of the facets asked for.

    ``facets`` maps field to values, the most frequent first. ``took_ms`` is wall time.
    ``highlighter`` marks the words found in any text of a hit.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, tuple[FacetValue, ...]]
    page: int
    per_page: int
    reading: Reading
    highlighter: Highlighter
    took_ms: float

    @property
    def pages(self) -> int:
        """How many pages can be turned to; at most 10,000 hits are shown."""
        shown = min(self.total, DEEPEST // self.per_page * self.per_page)
        return -(-shown // self.per_page)


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of an empty page: leave out the filters named, get ``total`` hits."""

    without: tuple[str, ...]
    total: int
