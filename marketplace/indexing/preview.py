"""Try a search with words that are not saved yet: how the query is read, and what comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from marketplace.indexing.wiring import Catalogue, searcher
from marketplace.services.searching.vocabulary import Vocabulary
from search import Page, SearchRequest, Unavailable

SHOWN = 5


@dataclass(frozen=True)
class Found:
    """One of the first hits: kind, number and name."""

    kind: str
    number: str
    name: str


@dataclass(frozen=True)
class Tried:
    """How a query is read with some vocabulary, and its first hits.

    ``synonyms`` and ``pinyin`` are (typed, what was looked for as well), ``corrected`` (typed,
    searched instead), ``rung`` how much of the query was demanded.
    """

    rung: str
    units: Sequence[str]
    synonyms: Sequence[tuple[str, Sequence[str]]]
    pinyin: Sequence[tuple[str, Sequence[str]]]
    corrected: Sequence[tuple[str, str]]
    suggestion: str
    total: int
    found: Sequence[Found]


def tried(catalogue: Catalogue, words: Vocabulary, text: str, day: date) -> Tried | None:
    """Search with ``words``; None when the engine does not answer."""
    try:
        page = searcher(catalogue.engine, words).search(SearchRequest(day, text, per_page=SHOWN))
    except Unavailable:
        return None
    return _tried(page)


def _tried(page: Page) -> Tried:
    reading = page.reading
    hits = [(hit, hit.card or {}) for hit in page.hits]
    return Tried(
        rung=reading.rung,
        units=reading.units,
        synonyms=reading.synonyms,
        pinyin=reading.pinyin,
        corrected=reading.corrected,
        suggestion=reading.suggestion or "",
        total=page.total,
        found=[
            Found(hit.kind, hit.key, str(card.get("name") or card.get("title") or hit.id))
            for hit, card in hits
        ],
    )
