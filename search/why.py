"""Why a hit was found: which word of the query stands where in its texts, and by what road."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.analysis.highlight import found_in
from search.analysis.normal import normal
from search.analysis.queries import Query, Unit

WORD, SYNONYM, PINYIN, CORRECTION, MAINLAND = (
    "word", "synonym", "pinyin", "correction", "mainland",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """A word of the query that a hit has. ``found`` is the piece of the text as it stands there,
    ``field`` the name of the text. ``how``: ``word`` as typed, ``synonym``, ``pinyin`` (typed in
    letters), ``correction`` (typed wrong), ``mainland`` (typed in Taiwanese wording).
    """

    word: str
    found: str
    field: str
    how: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A word typed, and the forms it was looked for in, with how each came about."""

    word: str
    forms: tuple[tuple[str, str], ...]


def looked_for(query: Query, corrected: tuple[tuple[str, str], ...] = ()) -> tuple[Looked, ...]:
    """All that was looked for, by the words typed. ``corrected``: what was typed, what instead."""
    instead = {normal(new): old for old, new in corrected}
    found: dict[str, list[tuple[str, str]]] = {}
    for reading in query.readings:
        mainland = reading.source == "mainland"
        for place, unit in enumerate(reading.units):
            word = _typed(query, place) if mainland else unit.text
            typed = next((old for new, old in instead.items() if unit.text in new), None)
            how = CORRECTION if typed else MAINLAND if mainland else WORD
            found.setdefault(typed or word, []).extend(_forms(unit, how))
    return tuple(Looked(word, tuple(dict.fromkeys(forms))) for word, forms in found.items())


def _typed(query: Query, place: int) -> str:
    """The word typed at a place of the first reading, or all of it when the readings differ."""
    units = query.readings[0].units
    same = all(len(reading.units) == len(units) for reading in query.readings)
    return units[place].text if same and place < len(units) else query.text


def _forms(unit: Unit, how: str) -> Iterator[tuple[str, str]]:
    yield unit.text, how
    yield from ((word, PINYIN) for word in unit.pinyin)
    yield from ((word, SYNONYM) for word in unit.alternatives)


def why(looked: Sequence[Looked], texts: Mapping[str, Sequence[str]]) -> tuple[Match, ...]:
    """One match for each word: as typed wherever that stands, else by the next best road."""
    matches = (_match(each, texts) for each in looked)
    return tuple(match for match in matches if match is not None)


def _match(looked: Looked, texts: Mapping[str, Sequence[str]]) -> Match | None:
    for form, how in looked.forms:
        for field, values in texts.items():
            for text in values:
                found = found_in(form, text)
                if found:
                    return Match(looked.word, found, field, how)
    return None
