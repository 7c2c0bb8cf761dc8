"""Names and terms that sound or look like what was typed.

A name is filed under how it sounds, with sounds that are often mixed up made one (zh and z, ing
and in), and under the same with each syllable left out in turn. What was typed is looked up in
the same way, so a homophone, one wrong, missing or doubled character and two exchanged ones meet
their name, and so does a slip in letters, which spoils one syllable. What is found is compared in
full before it is believed.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from string import ascii_lowercase

from search.analysis.pinyin import (
    LONGEST_SYLLABLE,
    Sound,
    cut_places,
    full,
    has_han,
    sounds,
    spoken,
    syllables,
)

LONGEST = 16  # characters of a name, or syllables; longer ones are not corrected
LONGEST_LETTERS = 64
FEWEST_FOR_SLIP = 4  # characters that leave enough to recognise a name with one wrong
FEWEST_FILED = 3  # syllables of which one is left out
FEWEST_LETTERS = 5
FEW_LETTERS = 10  # of which all slips are tried
GAP = "~"  # before a signature with one syllable left out

SAME_SOUND, LIKE_SOUND, ONE_SLIP = range(3)
"""Grades of likeness, the best first."""

_MIXED_UP = re.compile(r"(?<=[zcs])h|(?<=[aei]n)g|v")


def merged(letters: str) -> str:
    """Sounds that are often mixed up made one."""
    return _MIXED_UP.sub(lambda found: "u" if found.group() == "v" else "", letters)


def signatures(some: Sequence[Sound]) -> tuple[str, ...]:
    """What a name of two to sixteen characters is filed under."""
    if not 2 <= len(some) <= LONGEST:
        return ()
    keys = [merged(full(some))]
    if len(some) >= FEWEST_FILED:
        keys += [GAP + key for key in _left_out(some)]
    return tuple(dict.fromkeys(keys))


def same_sound(typed: str) -> str:
    """What to look up for names that sound alike; ``typed`` is a name key."""
    return merged(spoken(typed))


def near_sounds(typed: str, words: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What to look up for names that differ by one slip; empty for very short or long texts.

    ``words``: latin words that stand in names as they are, beside syllables.
    """
    return near_names(sounds(typed)) if has_han(typed) else near_letters(typed, words)


def near_names(some: Sequence[Sound]) -> tuple[str, ...]:
    """``near_sounds`` of what was typed in characters."""
    if not FEWEST_FOR_SLIP <= len(some) <= LONGEST:
        return ()
    left_out = _left_out(some)
    keys = [merged(full(swapped)) for swapped in _swapped(some)]
    keys += [GAP + key for key in left_out]
    keys += left_out if len(some) > FEWEST_FOR_SLIP else []
    keys.append(GAP + merged(full(some)))
    return tuple(dict.fromkeys(keys))


def grade(typed: str, name: str) -> int | None:
    """How like the typed text a name is; None when it is too far off or the very same."""
    if typed == name:
        return None
    letters, wanted = spoken(name), spoken(typed)
    if letters == wanted:
        return SAME_SOUND
    if merged(letters) == merged(wanted):
        return LIKE_SOUND
    one, other = (typed, name) if has_han(typed) else (wanted, letters)
    fewest = FEWEST_FOR_SLIP if has_han(typed) else FEWEST_LETTERS
    if min(len(one), len(other)) >= fewest - 1 and one_apart(one, other):
        return ONE_SLIP
    return None


def one_apart(one: str, other: str) -> bool:
    """Whether one letter was changed, left out, added, or two neighbours were exchanged."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    most = min(len(one), len(other)) - start
    while end < most and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if max(len(left), len(right)) <= 1:
        return left != right
    return len(left) == len(right) == 2 and left == right[::-1]


def letter_edits(word: str) -> set[str]:
    """Every word one slip away."""
    return {word[:start] + new + word[end:] for start, end, new in _edits(word)} - {word}


def _edits(word: str) -> Iterator[tuple[int, int, str]]:
    """Slips: where they begin and end, and what stands there instead."""
    for place in range(len(word) + 1):
        yield from ((place, place, letter) for letter in ascii_lowercase)
        if place < len(word):
            yield place, place + 1, ""
            yield from ((place, place + 1, letter) for letter in ascii_lowercase)
        if place + 1 < len(word):
            yield place, place + 2, word[place + 1] + word[place]


@lru_cache(maxsize=500)
def near_letters(typed: str, words: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """``near_sounds`` of what was typed in letters.

    A slip spoils one syllable: what stands between two whole parts is left out. Two letters
    exchanged may spoil two, and a short word has too little left: there the slip is undone.
    """
    if not FEWEST_LETTERS <= len(typed) <= LONGEST_LETTERS or not typed.isalpha():
        return ()
    before = cut_places(typed, words)
    after = {len(typed) - place for place in cut_places(typed[::-1], words, backwards=True)}
    keys = [
        GAP + merged(typed[:start] + typed[end:])
        for start in sorted(before)
        for end in sorted(after)
        if start <= end <= start + LONGEST_SYLLABLE + 1 and (start or end < len(typed))
    ]
    keys += [merged(_swap(typed, place)) for place in range(len(typed) - 1)]
    if len(typed) <= FEW_LETTERS:
        keys += [merged(word) for word in _undone(typed, before, after, words)]
    return tuple(dict.fromkeys(keys))


def _undone(
    typed: str, before: Collection[int], after: Collection[int], words: Collection[str]
) -> Iterator[str]:
    """Every word one slip away that is whole syllables and words: the slip closes the gap between
    what is whole ``before`` it and ``after`` it.
    """
    known = syllables().union(words)
    for start, end, new in _edits(typed):
        word = typed[:start] + new + typed[end:]
        past, shift = start + len(new), len(new) - (end - start)
        places = [place for place in before if start - LONGEST_SYLLABLE <= place <= start]
        while places:
            place = places.pop()
            if place >= past and place - shift in after:
                yield word
                break
            ends = range(place + 1, min(place + LONGEST_SYLLABLE, len(word)) + 1)
            places += [far for far in ends if word[place:far] in known] if place <= past else []


def _swap(word: str, place: int) -> str:
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _left_out(some: Sequence[Sound]) -> list[str]:
    return [merged(full([*some[:place], *some[place + 1 :]])) for place in range(len(some))]


def _swapped(some: Sequence[Sound]) -> list[list[Sound]]:
    pairs = range(len(some) - 1)
    return [[*some[:at], some[at + 1], some[at], *some[at + 2 :]] for at in pairs]
