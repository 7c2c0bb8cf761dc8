"""The words of the trade in memory: what letters may stand for them, and what they were mistyped
from. A few hundred words; read when the first query needs it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from search.analysis.normal import normal
from search.analysis.pinyin import (
    Sound,
    full,
    has_han,
    initials,
    part_spelled,
    sounds,
    syllable_count,
)
from search.analysis.spelling import (
    LIKE_SOUND,
    ONE_SLIP,
    SAME_SOUND,
    grade,
    letter_edits,
    merged,
    near_letters,
    near_names,
    same_sound,
    signatures,
)
from search.analysis.tokens import FINE, name_key

FEWEST_INITIALS = 3
FEWEST_FIRST_INITIALS = 4  # of a word that goes on: two letters more or less are anything
FEWEST_LATIN = 4  # letters of an abbreviation that may be mistyped otherwise than by exchange
MOST_READ = 5
_LATIN = frozenset({"pro", "plus", "lite", "cloud", "ai"})
MOST_STARTS = 200  # entries looked at below a short beginning


class Likely(NamedTuple):
    """A word that may have been meant; ``grade`` is that of spelling.py, the smaller the nearer."""

    word: str
    grade: int


class Lexicon:
    """Immutable; ``words`` are names of the trade in any script."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {key: word for word in words if len(key := name_key(normal(word))) > 1}

    def __contains__(self, key: str) -> bool:
        """Whether a name key is a word as it stands."""
        return key in self._words

    @cached_property
    def _sounds(self) -> dict[str, tuple[Sound, ...]]:
        return {key: sounds(key) for key in self._words}

    @cached_property
    def _by_letters(self) -> list[tuple[str, str]]:
        """All keys in letters with their word, sorted: readings, and first letters."""
        found = set()
        for key, some in self._sounds.items():
            if has_han(key):
                found.add((full(some), key))
                found.update((short, key) for short in initials(some))
        return sorted(found)

    @cached_property
    def latin(self) -> frozenset[str]:
        """Short words of letters, which stand in Chinese names as they are: MES, ERP, Pro."""
        found = (part for key in self._words for part in FINE.findall(key))
        return frozenset(part for part in found if part.isalpha()) | _LATIN

    @cached_property
    def _by_text(self) -> list[str]:
        return sorted(self._words)

    @cached_property
    def _by_sound(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for key, some in self._sounds.items():
            for signature in signatures(some):
                found[signature].append(key)
        return dict(found)

    def read(self, letters: str) -> tuple[tuple[str, str], ...]:
        """What the letters are the pinyin or the first letters of: the part of a word that was
        typed, and the whole word. Letters that are a whole word are not read as part of others.
        """
        if not letters.isascii() or letters in self._words:
            return ()
        syllables = syllable_count(letters)
        whole, part = [], []
        for letter_key, key in self._beginning(letters):
            exact = letter_key == letters
            if exact and (syllables or len(letters) >= FEWEST_INITIALS):
                whole.append((key, key))
            elif not exact and (syllables > 1 or len(letters) >= FEWEST_FIRST_INITIALS):
                place = part_spelled(letters, self._sounds[key])
                if place and place[0] == 0:
                    end = self._sounds[key][place[1] - 1].end
                    part.append((key[:end], key))
        return tuple(islice(dict.fromkeys(whole or part), MOST_READ))

    def _beginning(self, letters: str) -> Iterator[tuple[str, str]]:
        start = bisect_left(self._by_letters, (letters,))
        for entry in islice(self._by_letters, start, start + MOST_STARTS):
            if not entry[0].startswith(letters):
                return
            yield entry

    def starting(self, typed: str, most: int) -> tuple[str, ...]:
        """Words that begin with what was typed, in Chinese or in letters, the shorter first."""
        found = [key for key in self._texts(typed) if key.startswith(typed)]
        found = sorted(found, key=lambda key: (len(key), key))
        if typed.isascii():
            spelled = sorted(
                self._beginning(typed), key=lambda each: (len(each[0]), len(each[1]), each[1])
            )
            found += [key for _, key in spelled]
        return tuple(islice((self._words[key] for key in dict.fromkeys(found)), most))

    def _texts(self, typed: str) -> list[str]:
        start = bisect_left(self._by_text, typed)
        return self._by_text[start : start + MOST_STARTS]

    def likely(self, typed: str) -> tuple[Likely, ...]:
        """Words that sound like ``typed``, a name key, or are one slip away; the nearest first."""
        if typed in self._words or len(typed) < 2:
            return ()
        return self._near(typed, sounds(typed))

    def _near(self, typed: str, some: tuple[Sound, ...]) -> tuple[Likely, ...]:
        if has_han(typed):
            signatures = [merged(full(some)), *near_names(some)]
        else:
            signatures = [merged(typed), *near_letters(typed, self.latin)]
        keys = {key for each in signatures for key in self._by_sound.get(each, ())}
        found = {key: how for key in keys if (how := grade(typed, key)) is not None}
        if typed.isascii() and typed.isalpha():
            found |= dict.fromkeys(self._mistyped(typed), ONE_SLIP)
        shared = {key: len(set(key) & set(typed)) for key in found}
        order = sorted(found, key=lambda key: (found[key], -shared[key], key))
        return tuple(Likely(self._words[key], found[key]) for key in order)

    def heard_in(self, run: str, longest: int) -> Iterator[tuple[int, str, Likely]]:
        """Parts of a Chinese run that sound like a word or are one slip away from one, with their
        place: wide parts first. Words that stand in the run are left alone.
        """
        some = sounds(run)
        for size in range(min(longest, len(some)), 1, -1):
            for place in range(len(some) - size + 1):
                part = run[place : place + size]
                if part not in self._words:
                    for each in self._near(part, some[place : place + size]):
                        yield place, part, each

    def same(self, typed: str) -> tuple[str, ...]:
        """Words that sound the same as ``typed``, a name key, and are written otherwise."""
        if typed in self._words:
            return ()
        keys = self._by_sound.get(same_sound(typed), ())
        grades = {key: grade(typed, key) for key in keys}
        alike = [key for key, how in grades.items() if how in (SAME_SOUND, LIKE_SOUND)]
        order = sorted(alike, key=lambda key: (grades[key], -len(set(key) & set(typed)), key))
        return tuple(self._words[key] for key in order)

    def _mistyped(self, typed: str) -> set[str]:
        """Abbreviations one slip away; short ones only with two letters exchanged."""
        if len(typed) < FEWEST_INITIALS:
            return set()
        edits = {word for word in letter_edits(typed) if word in self._words}
        if len(typed) > FEWEST_LATIN:
            return edits
        return {word for word in edits if sorted(word) == sorted(typed)}
