"""What a search gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.analysis.highlight import Highlighter
from search.query import DEEPEST
from search.why import Looked, Match, why


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. ``card`` and ``title`` are what was indexed with it."""

    id: str
    version: int
    card: Mapping[str, Any] | None
    title: str = ""

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

    ``rung``: ``browse`` nothing typed, ``all`` the usual demand, ``corrected`` other words were
    searched instead of those typed, which find nothing, ``some`` only part of the words is found
    together, ``none`` nothing can be found. It depends on the words alone, never on filters.
    ``units`` are the words looked for, ``synonyms`` the words that were looked for as well,
    ``mainland`` whether a reading in mainland words was added, ``shortened`` whether the end of
    the query was left out. ``pinyin``: letters, and the Chinese words they were read as.
    ``corrected``: what was typed, and what was searched instead. ``suggestion``: a whole query
    that may have been meant, when little was found.
    """

    rung: str
    units: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    mainland: bool = False
    shortened: bool = False
    pinyin: tuple[tuple[str, tuple[str, ...]], ...] = ()
    corrected: tuple[tuple[str, str], ...] = ()
    suggestion: str | None = None


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
    looked: tuple[Looked, ...] = ()

    @property
    def pages(self) -> int:
        """How many pages can be turned to; at most 10,000 hits are shown."""
        shown = min(self.total, DEEPEST // self.per_page * self.per_page)
        return -(-shown // self.per_page)

    def why(self, hit: Hit, texts: Mapping[str, Sequence[str]]) -> tuple[Match, ...]:
        """Which word was found where in a hit, and how: one match for each word typed.

        ``texts`` are texts of the hit by the name of their field, the most telling field first;
        without any the title is looked through.
        """
        return why(self.looked, texts or {"title": (hit.title,)})


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of an empty page: leave out the filters named, get ``total`` hits."""

    without: tuple[str, ...]
    total: int
