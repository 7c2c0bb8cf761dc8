"""How Chinese is read aloud: one syllable for each character, without tones.

The tables hold the usual reading of each character and those phrases in which it is another
(data/NOTICE.txt); they are read when the first Chinese name has to be spelled, not before.
Everything here works on text in normal form.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice, product
from typing import NamedTuple

from search.analysis.normal import HAN, RUN
from search.analysis.tokens import FINE

MOST_SPELLINGS = 4  # of one name whose characters can be read in several ways
LONGEST_SYLLABLE = 6
_LONGEST_PHRASE = 4
_HAN = re.compile(f"[{HAN}]")
_MUTE = {"m", "n", "hm"}  # written as sounds of assent, never part of a name


class Sound(NamedTuple):
    """A Chinese character or a word of letters or digits, and how it is read: the usual reading
    first. ``start`` is its place in the text; a word is read as it is written.
    """

    text: str
    readings: tuple[str, ...]
    han: bool
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def _lines(name: str) -> Iterator[list[str]]:
    for line in files("search").joinpath(f"data/{name}").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split()


@cache
def _usual() -> dict[str, str]:
    return {char: sound for sound, chars in _lines("pinyin.txt") for char in chars}


Readings = tuple[str, ...]


@cache
def _phrases() -> dict[str, tuple[Readings, ...]]:
    return {
        words[0]: tuple(_umlaut((reading,)) for reading in words[1:])
        for name in ("pinyin_phrases.txt", "pinyin_own.txt")
        for words in _lines(name)
    }


@cache
def _phrase_starts() -> frozenset[str]:
    return frozenset(phrase[:2] for phrase in _phrases())


@cache
def _many() -> dict[str, Readings]:
    return {words[0]: tuple(words[1:]) for words in _lines("pinyin_many.txt")}


@lru_cache(maxsize=10_000)
def _alone(char: str) -> Readings:
    """The readings of a character in no known phrase."""
    usual = _usual().get(char, char)
    return _umlaut(tuple(dict.fromkeys((usual, *_many().get(char, ())))))


def _umlaut(readings: Readings) -> Readings:
    """``lü`` is typed as ``lv`` by those who know how, and as ``lu`` by others."""
    plain = (reading.replace("v", "u") for reading in readings)
    return tuple(dict.fromkeys((*readings, *plain)))


@cache
def syllables() -> frozenset[str]:
    """All syllables there are, without tones."""
    return frozenset(_usual().values()) - _MUTE


def has_han(text: str) -> bool:
    """Whether anything in the text is read in syllables."""
    return bool(_HAN.search(text))


def sounds(text: str) -> tuple[Sound, ...]:
    """The text character by character and word by word; blanks and punctuation are left out."""
    found: list[Sound] = []
    for run in RUN.finditer(text):
        if run.lastgroup == "cjk":
            found += _read(run.group(), run.start())
        elif run.lastgroup == "latin":
            found += [
                Sound(part.group(), (part.group(),), False, run.start() + part.start())
                for part in FINE.finditer(run.group())
            ]
    return tuple(found)


def _read(run: str, start: int) -> Iterator[Sound]:
    place = 0
    while place < len(run):
        phrase = _longest(run, place) or (_alone(run[place]),)
        for readings in phrase:
            yield Sound(run[place], readings, True, start + place)
            place += 1


def _longest(run: str, place: int) -> tuple[Readings, ...] | None:
    """The readings of the longest phrase that begins here."""
    if run[place : place + 2] not in _phrase_starts():
        return None
    phrases = _phrases()
    for size in range(min(_LONGEST_PHRASE, len(run) - place), 1, -1):
        phrase = phrases.get(run[place : place + size])
        if phrase:
            return phrase
    return None


def full(some: Sequence[Sound]) -> str:
    """The usual reading, without gaps: ``青岛MES`` → ``qingdaomes``."""
    return "".join(sound.readings[0] for sound in some)


@lru_cache(maxsize=5000)
def spoken(text: str) -> str:
    """The usual reading of a text, as ``full`` gives it."""
    return full(sounds(text))


def spellings(some: Sequence[Sound]) -> tuple[str, ...]:
    """Up to four full readings, the usual one first."""
    ways = product(*(sound.readings for sound in some))
    return tuple(dict.fromkeys("".join(way) for way in islice(ways, MOST_SPELLINGS)))


def initials(some: Sequence[Sound]) -> tuple[str, ...]:
    """First letters, words as they are: ``青岛MES`` → ``qdmes``; up to four readings."""
    letters = [
        tuple(dict.fromkeys(each[0] for each in sound.readings)) if sound.han else sound.readings
        for sound in some
    ]
    return tuple(dict.fromkeys("".join(way) for way in islice(product(*letters), MOST_SPELLINGS)))


def cut_places(text: str, words: Collection[str] = (), *, backwards: bool = False) -> set[int]:
    """The places up to which letters can be read as whole syllables and ``words``.

    ``backwards``: the text is given from its end to its beginning.
    """
    known = syllables()
    reached = {0}
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - LONGEST_SYLLABLE), end):
            piece = text[start:end][::-1] if backwards else text[start:end]
            if start in reached and (piece in known or piece in words):
                reached.add(end)
                break
    return reached


def syllable_count(text: str) -> int:
    """The most syllables the letters can be cut into; 0 when they cannot."""
    most = [0] + [-1] * len(text)
    known = syllables()
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - LONGEST_SYLLABLE), end):
            if most[start] >= 0 and text[start:end] in known:
                most[end] = max(most[end], most[start] + 1)
    return max(most[-1], 0)


def part_spelled(typed: str, some: Sequence[Sound]) -> tuple[int, int] | None:
    """Where in a text the typed letters are read: first and last place in ``some``, exclusive.

    By whole readings first, then by first letters; the last syllable may be unfinished. Early
    places win. None when the letters are not read there.
    """
    for way in (_whole_end, _initials_end):
        for start in range(len(some)):
            end = way(typed, some, start)
            if end:
                return start, end
    return None


def _whole_end(typed: str, some: Sequence[Sound], place: int) -> int:
    if not typed:
        return place
    if place == len(some):
        return 0
    for reading in some[place].readings:
        if typed.startswith(reading):
            end = _whole_end(typed[len(reading) :], some, place + 1)
            if end:
                return end
        elif reading.startswith(typed):
            return place + 1
    return 0


def _initials_end(typed: str, some: Sequence[Sound], place: int) -> int:
    while typed:
        if place == len(some):
            return 0
        sound = some[place]
        if not sound.han:
            if not typed.startswith(sound.text):
                return place + 1 if sound.text.startswith(typed) else 0
            typed = typed[len(sound.text) :]
        elif typed[0] in {reading[0] for reading in sound.readings}:
            typed = typed[1:]
        else:
            return 0
        place += 1
    return place
