"""What may have been meant by words that find nothing: a few whole queries, the likeliest first.

Only words of the trade and names in the index are proposed, never general words, and nothing that
was quoted or is known as it stands is touched.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from search.analysis.lexicon import Lexicon, Likely
from search.analysis.pinyin import has_han
from search.analysis.queries import Query, Unit
from search.analysis.segment import cjk_runs
from search.analysis.spelling import LIKE_SOUND, ONE_SLIP
from search.analysis.tokens import name_key
from search.counting import Counter
from search.engines import View
from search.names import Names
from search.plan import unit_node

MOST_UNKNOWN = 3
MOST_PROPOSED = 5
LONGEST_WINDOW = 10
LONGEST_QUERY = 40  # characters; who writes sentences is not helped by another word


class Correction(NamedTuple):
    """A query to try instead: its text, and what was replaced by what."""

    text: str
    changes: tuple[tuple[str, str], ...]


class Corrector:
    """Finds corrections with the words of the trade and the names of an index."""

    def __init__(self, lexicon: Lexicon, names: Names, counter: Counter) -> None:
        self._lexicon = lexicon
        self._names = names
        self._counter = counter

    def propose(self, view: View, query: Query) -> tuple[Correction, ...]:
        """The likeliest first; none for quoted or long queries."""
        if query.quoted or len(query.text) > LONGEST_QUERY or query.key in self._lexicon:
            return ()
        found = [*self._whole(view, query), *self._windows(query), *self._units(view, query)]
        found.sort(key=lambda each: each[0])  # stable: of equals the earlier, wider one
        texts = dict.fromkeys(correction for _, correction in found)
        return tuple(texts)[:MOST_PROPOSED]

    def same_sound(self, query: Query) -> Correction | None:
        """A word of the trade that sounds just like the whole query, without asking the index."""
        if query.quoted or len(query.key) < 4 or not has_han(query.key):
            return None
        if len(query.text) > LONGEST_QUERY:
            return None
        words = self._lexicon.same(query.key)
        return Correction(words[0], ((query.text, words[0]),)) if words else None

    def _whole(self, view: View, query: Query) -> Iterator[tuple[int, Correction]]:
        likely = (*self._lexicon.likely(query.key), *self._names.likely(view, query.key))
        for each in likely:
            if _believable(query.key, each):
                yield each.grade, Correction(each.word, ((query.text, each.word),))

    def _windows(self, query: Query) -> Iterator[tuple[int, Correction]]:
        """Parts of Chinese runs that sound like a word, wide parts first."""
        for start, run in cjk_runs(query.text):
            for size in range(min(LONGEST_WINDOW, len(run)), 1, -1):
                for place in range(len(run) - size + 1):
                    part = run[place : place + size]
                    if part == query.key:
                        continue
                    for each in self._lexicon.likely(part):
                        if _believable(part, each) and (size > 2 or each.grade == 0):
                            yield (
                                each.grade + (size < 4),
                                _replaced(query.text, start + place, part, each),
                            )

    def _units(self, view: View, query: Query) -> Iterator[tuple[int, Correction]]:
        """Words that nothing contains."""
        units = (
            [unit for unit in query.readings[0].units if not unit.pinyin] if query.readings else []
        )
        unknown = [unit for unit in units if self._unknown(view, unit)]
        for unit in unknown[:MOST_UNKNOWN]:
            key = name_key(unit.text)
            if key == query.key:
                continue
            for each in (*self._lexicon.likely(key), *self._names.likely(view, key)):
                place = query.text.find(unit.text)
                if place >= 0 and _believable(key, each):
                    yield each.grade, _replaced(query.text, place, unit.text, each)

    def unknown(self, view: View, units: Iterable[Unit]) -> bool:
        """Whether nothing contains one of the units."""
        return any(self._unknown(view, unit) for unit in units)

    def _unknown(self, view: View, unit: Unit) -> bool:
        return not self._counter.total(view, unit_node(unit, view.meta.dictionary))


def _replaced(text: str, place: int, part: str, likely: Likely) -> Correction:
    changed = text[:place] + likely.word + text[place + len(part) :]
    return Correction(changed, ((part, likely.word),))


def _believable(typed: str, likely: Likely) -> bool:
    """Short words that share no character are other words, not slips."""
    if not has_han(typed):
        return True
    if len(typed) <= 3:
        return likely.grade <= LIKE_SOUND and bool(set(typed) & set(likely.word))
    return likely.grade < ONE_SLIP or len(set(typed) & set(likely.word)) >= len(typed) // 2
