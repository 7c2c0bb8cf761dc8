"""Names in the index that are found by letters or by their sound."""

from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from dataclasses import replace

from search.analysis.entries import Stored
from search.analysis.lexicon import Lexicon, Likely
from search.analysis.names import LONGEST_PREFIX, forms, heard, without_release
from search.analysis.pinyin import part_spelled, sounds, syllable_count
from search.analysis.queries import Query, Reading, Unit
from search.analysis.spelling import grade, near_sounds, same_sound
from search.analysis.tokens import name_key
from search.counting import Cache, Counter
from search.engines import Glance, Order, View
from search.plan import Best, Everything, Exactly, Term, text_nodes
from search.ties import FIXED

MOST_ROWS = 20
MOST_LIKE = 50
MOST_WORDS = 8
FEWEST_INITIALS = 3


class Names:
    """Reads letters as names, and names from sounds. Shared by threads."""

    def __init__(self, lexicon: Lexicon, counter: Counter) -> None:
        self._lexicon = lexicon
        self._counter = counter
        self._read = Cache[tuple[str, ...]]()

    def resolve(self, view: View, query: Query) -> Query:
        """The query with the names that its letters may stand for."""
        if not any(map(_lettered, query.units)):
            return query
        readings = [
            replace(reading, units=tuple(self._unit(view, unit) for unit in reading.units))
            for reading in query.readings
        ]
        if len(readings) == 1 and len(readings[0].units) > 1 and query.key.isascii():
            whole = self._unit(view, Unit(query.key))
            if whole.pinyin:
                readings.append(Reading("pinyin", (whole,)))
        return replace(query, readings=tuple(readings))

    def _unit(self, view: View, unit: Unit) -> Unit:
        key = name_key(unit.text)
        if unit.exact or not _lettered(unit) or key in self._lexicon:
            return unit
        words = self._words(view, key)
        if not words:
            return unit
        return replace(unit, pinyin=tuple(dict.fromkeys((*unit.pinyin, *words))), key=key)

    def _words(self, view: View, letters: str) -> tuple[str, ...]:
        """Parts of names that are read as the letters, the most frequent first."""
        known = self._read.get((view.revision, letters))
        if known is not None:
            return known
        found: Tally[str] = Tally()
        if self._may_be_name(view, letters):
            bare = without_release(letters)
            whole = Exactly(Term("py", bare), 2.0)
            begun = Exactly(Term("k", bare[:LONGEST_PREFIX]), 1.0)
            for stored in _rows(view, Best((whole, begun)), MOST_ROWS):
                found.update(_read_in(stored, bare))
        words = tuple(word for word, _ in found.most_common(MOST_WORDS))
        return self._read.put((view.revision, letters), words)

    def _may_be_name(self, view: View, letters: str) -> bool:
        """Two whole syllables are; first letters only when they are no word of any text."""
        if syllable_count(letters) > 1:
            return True
        nodes = text_nodes(letters, view.meta.dictionary)
        return len(letters) >= FEWEST_INITIALS and not self._counter.total(view, Best(tuple(nodes)))

    def likely(self, view: View, typed: str) -> tuple[Likely, ...]:
        """Names that sound like ``typed``, a name key, or are one slip away; the nearest first."""
        said = heard(typed)
        found = tuple(_like(view, typed, said, [same_sound(each) for each in said]))
        if not found:
            near = [key for each in said for key in near_sounds(each, self._lexicon.latin)]
            found = tuple(_like(view, typed, said, near))
        best: dict[str, Likely] = {}
        for each in sorted(found, key=lambda like: (like.grade, -_shared(like, typed), like.word)):
            best.setdefault(each.word, each)
        return tuple(best.values())


def _shared(like: Likely, typed: str) -> int:
    return len(set(like.word) & set(typed))


def _lettered(unit: Unit) -> bool:
    return unit.text.isascii() and any(map(str.isalpha, unit.text))


def _rows(view: View, node: Best, most: int) -> Iterator[Stored]:
    _, rows = view.top(node, (), Order(FIXED), 0, most)
    return (Stored.read(row.card) for row in rows)


def _read_in(stored: Stored, letters: str) -> Iterator[str]:
    for form in forms((*stored.alias, stored.title)):
        some = sounds(form)
        place = part_spelled(letters, some)
        if place and place[0] == 0:
            yield form[: some[place[1] - 1].end]
            return


def _like(
    view: View, typed: str, said: Sequence[str], signatures: Sequence[str]
) -> Iterator[Likely]:
    if not signatures:
        return
    filters = (("s", tuple(dict.fromkeys(signatures))),)
    (rows,) = view.glance(FIXED, [Glance(Everything(), filters, MOST_LIKE)])
    for row in rows:
        stored = Stored.read(row.card)
        for name in (*stored.alias, stored.title):
            for form in forms((name,)):
                grades = [how for each in said if (how := grade(each, form)) is not None]
                if grades:
                    # Who typed city or legal form means the whole name.
                    yield Likely(form if len(typed) <= len(form) + 1 else name, min(grades))
