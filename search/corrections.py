"""What may have been meant by words that find nothing: a few whole queries, the likeliest first.

Only words of the trade and names in the index are proposed, never general words, and nothing that
was quoted or is known as it stands is touched.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from search.analysis.lexicon import Lexicon, Likely
from search.analysis.normal import normal
from search.analysis.pinyin import has_han
from search.analysis.queries import Query, Unit
from search.analysis.segment import cjk_runs
from search.analysis.spelling import LIKE_SOUND, ONE_SLIP, SAME_SOUND
from search.analysis.tokens import name_key
from search.counting import Cache, Counter
from search.engines import View
from search.names import Names
from search.plan import unit_node

MOST_UNKNOWN = 3
MOST_PROPOSED = 5
LONGEST_PART = 10
MOST_CHINESE = 30  # characters; who writes sentences is not helped by another word
LONGEST_QUERY = 80


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
        self._proposed = Cache[tuple[Correction, ...]]()

    def propose(self, view: View, query: Query) -> tuple[Correction, ...]:
        """The likeliest first; none for quoted or long queries."""
        if not _correctable(query) or query.key in self._lexicon:
            return ()
        key = (view.revision, query.text)
        known = self._proposed.get(key)
        return self._proposed.put(key, self._find(view, query)) if known is None else known

    def _find(self, view: View, query: Query) -> tuple[Correction, ...]:
        found = [*self._whole(view, query), *self._parts(query), *self._units(view, query)]
        found.sort(key=lambda each: each[0])  # stable: of equals the earlier, wider one
        return tuple(dict.fromkeys(correction for _, correction in found))[:MOST_PROPOSED]

    def same_sound(self, query: Query) -> Correction | None:
        """A word of the trade that sounds just like the whole query, without asking the index."""
        if not _correctable(query) or len(query.key) < 4 or not has_han(query.key):
            return None
        words = self._lexicon.same(query.key)
        return Correction(words[0], ((query.text, words[0]),)) if words else None

    def _whole(self, view: View, query: Query) -> Iterator[tuple[int, Correction]]:
        likely = (*self._lexicon.likely(query.key), *self._names.likely(view, query.key))
        for each in likely:
            if _believable(query.key, each):
                yield each.grade, Correction(each.word, ((query.text, each.word),))

    def _parts(self, query: Query) -> Iterator[tuple[int, Correction]]:
        """Parts of Chinese runs that sound like a word; the shorter, the less is believed."""
        for start, run in cjk_runs(query.text):
            for place, part, each in self._lexicon.heard_in(run, LONGEST_PART):
                sure = part != query.key and _believable(part, each)
                if sure and (len(part) > 2 or each.grade == SAME_SOUND):
                    weight = each.grade + (len(part) < 4)
                    yield weight, _replaced(query.text, start + place, part, each)

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


def _correctable(query: Query) -> bool:
    chinese = sum(len(run) for _, run in cjk_runs(query.text))
    return not query.quoted and chinese <= MOST_CHINESE and len(query.text) <= LONGEST_QUERY


def _replaced(text: str, place: int, part: str, likely: Likely) -> Correction:
    changed = text[:place] + likely.word + text[place + len(part) :]
    return Correction(changed, ((part, likely.word),))


def _believable(typed: str, likely: Likely) -> bool:
    """Short words that share no character are other words, not slips."""
    if not has_han(typed):
        return True
    shared = set(typed) & set(normal(likely.word))
    if len(typed) <= 3:
        return likely.grade <= LIKE_SOUND and bool(shared)
    return likely.grade < ONE_SLIP or len(shared) >= len(typed) // 2
