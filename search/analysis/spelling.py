"""Names and terms that sound or look like what was typed.

A name is filed under how it sounds, with sounds that are often mixed up made one (zh and z, ing
and in), and under the same with each syllable left out in turn. What was typed is looked up in
the same way, so a homophone, one wrong, missing or doubled character and two exchanged ones meet
their name; a slip in letters is undone by trying all slips that leave whole syllables. What is
found is compared in full before it is believed.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from string import ascii_lowercase

from search.analysis.pinyin import (
    LONGEST_SYLLABLE,
    Sound,
    cut_places,
    full,
    has_han,
    is_spelled,
    sounds,
)

LONGEST = 16  # characters of a name, or syllables; longer ones are not corrected
LONGEST_LETTERS = 40
FEWEST_FOR_SLIP = 4  # characters that leave enough to recognise a name with one wrong
FEWEST_LETTERS = 5
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
    if len(some) >= FEWEST_FOR_SLIP:
        keys += [GAP + key for key in _left_out(some)]
    return tuple(dict.fromkeys(keys))


def same_sound(typed: str) -> str:
    """What to look up for names that sound alike; ``typed`` is a name key."""
    return merged(full(sounds(typed)))


def near_sounds(typed: str, words: Collection[str] = ()) -> tuple[str, ...]:
    """What to look up for names that differ by one slip; empty for very short or long texts.

    ``words``: latin words that stand in names as they are, beside syllables.
    """
    if not has_han(typed):
        return _letter_slips(typed, words)
    some = sounds(typed)
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
    letters, wanted = full(sounds(name)), full(sounds(typed))
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
    found = {word[:start] + new + word[end:] for start, end, new in _edits(word)}
    return found - {word}


def _edits(word: str) -> Iterator[tuple[int, int, str]]:
    """Slips as (start, end, what stands there instead)."""
    for place in range(len(word) + 1):
        if place < len(word):
            yield place, place + 1, ""
            yield from ((place, place + 1, letter) for letter in ascii_lowercase)
        if place + 1 < len(word):
            yield place, place + 2, word[place + 1] + word[place]
        yield from ((place, place, letter) for letter in ascii_lowercase)


def _letter_slips(typed: str, words: Collection[str]) -> tuple[str, ...]:
    """The signatures of all slips that leave whole syllables and words."""
    if not FEWEST_LETTERS <= len(typed) <= LONGEST_LETTERS or not typed.isalpha():
        return ()
    before = cut_places(typed, words)
    after = {len(typed) - place for place in cut_places(typed[::-1], words, backwards=True)}
    found = set()
    for start, end, new in _edits(typed):
        if _joins(typed, (start, end, new), before, after, words):
            found.add(merged(typed[:start] + new + typed[end:]))
    return tuple(sorted(found - {merged(typed)}))


def _joins(
    typed: str,
    edit: tuple[int, int, str],
    before: Collection[int],
    after: Collection[int],
    words: Collection[str],
) -> bool:
    """Whether the piece around a slip closes the gap between what is whole on both sides."""
    start, end, new = edit
    heads = [place for place in before if start - LONGEST_SYLLABLE <= place <= start]
    tails = [place for place in after if end <= place <= end + LONGEST_SYLLABLE]
    return any(
        is_spelled(typed[head:start] + new + typed[end:tail], words)
        for head in heads
        for tail in tails
    )


def _left_out(some: Sequence[Sound]) -> list[str]:
    return [merged(full([*some[:place], *some[place + 1 :]])) for place in range(len(some))]


def _swapped(some: Sequence[Sound]) -> list[list[Sound]]:
    pairs = range(len(some) - 1)
    return [[*some[:at], some[at + 1], some[at], *some[at + 2 :]] for at in pairs]
