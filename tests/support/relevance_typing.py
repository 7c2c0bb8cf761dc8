"""How people type a name: in pinyin, in initials, in other characters, with slips.

Made apart from the library that is measured: its own pinyin, its own homophones, its own distance.
"""

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from opencc_pyo3 import OpenCC
from pypinyin import Style, lazy_pinyin

HAN = re.compile(r"[\u4e00-\u9fff]")
HAN_RUN = re.compile(r"[\u4e00-\u9fff]+")
WORD = re.compile(r"[0-9a-z\u4e00-\u9fff]+")


def fold(text: str) -> str:
    """Letters, digits and characters alone, small and of normal width."""
    return "".join(WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def sound(text: str) -> str:
    """Full pinyin without tones; other letters and digits stay."""
    return fold("".join(lazy_pinyin(text)))


def initials(text: str) -> str:
    """First letters of the pinyin; other letters and digits stay whole."""
    return fold("".join(lazy_pinyin(text, style=Style.FIRST_LETTER)))


READINGS = {"行": "hang", "长": "zhang", "乐": "yue", "重": "chong", "朝": "zhao", "盛": "cheng"}
"""Characters of names that people read in two ways, with the way that is not the first."""


def misread(text: str) -> str | None:
    """Full pinyin with the other reading of a character; None when there is none."""
    parts = [READINGS.get(char, sound(char)) for char in text]
    return "".join(parts) if any(char in READINGS for char in text) else None


def wide(text: str) -> str:
    """Letters and digits in full width."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def traditional(text: str) -> str:
    """In the characters of Taiwan and Hong Kong; the words stay."""
    return _traditional().convert(text)


@cache
def _traditional() -> OpenCC:
    return OpenCC("s2t")


@cache
def common() -> tuple[str, ...]:
    """The 3,755 common characters of GB 2312."""
    rows = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return tuple("".join(row.decode("gb2312", "ignore") for row in rows))


@cache
def _alike() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for char in common():
        found[sound(char)].append(char)
    return {key: tuple(chars) for key, chars in found.items()}


def _places(text: str) -> list[int]:
    return [match.start() for match in HAN.finditer(text)]


def homophone(text: str, dice: random.Random) -> str | None:
    """One character replaced by a common one of the same sound."""
    for place in dice.sample(_places(text), len(_places(text))):
        # The sound of the character in its context, as an input method would offer it.
        syllables = lazy_pinyin(text, errors=list)
        others = [char for char in _alike().get(syllables[place], ()) if char != text[place]]
        if others:
            return text[:place] + dice.choice(others) + text[place + 1 :]
    return None


def wrong_char(text: str, dice: random.Random) -> str | None:
    """One character replaced by a common one of another sound."""
    place = dice.choice(_places(text))
    char = dice.choice(common())
    return None if sound(char) == sound(text[place]) else text[:place] + char + text[place + 1 :]


def transposed(text: str, dice: random.Random) -> str | None:
    """Two neighbouring characters exchanged."""
    pairs = [p for p in range(len(text) - 1) if HAN.match(text[p]) and HAN.match(text[p + 1])]
    if not pairs:
        return None
    place = dice.choice(pairs)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def slip(pinyin: str, dice: random.Random) -> str:
    """One letter left out, doubled, replaced by its neighbour on the keyboard, or exchanged."""
    place = dice.randrange(1, len(pinyin) - 1)
    before, letter, after = pinyin[:place], pinyin[place], pinyin[place + 1 :]
    ways = (
        before + after,
        before + letter + letter + after,
        before + dice.choice(_beside(letter)) + after,
        before + after[0] + letter + after[1:],
    )
    return dice.choice(ways)


def _beside(letter: str) -> str:
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"):
        if letter in row:
            place = row.index(letter)
            return row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    return letter


def pieces(text: str) -> Iterator[str]:
    """Parts of four to eight characters as somebody may remember them.

    No punctuation inside, no Latin word or number cut, no single character torn off a word.
    """
    for run in re.findall(r"[0-9A-Za-z\u4e00-\u9fff]+", text):
        for size in range(4, 9):
            for start in range(len(run) - size + 1):
                end = start + size
                cut = any(
                    run[at - 1 : at + 1].isascii() for at in (start, end) if 0 < at < len(run)
                )
                whole = all(len(part) > 1 for part in HAN_RUN.findall(run[start:end]))
                if not cut and whole:
                    yield run[start:end]


def distance(one: str, other: str, most: int = 2) -> int:
    """Edits between two texts, an exchange of neighbours being one; ``most`` stands for more."""
    if abs(len(one) - len(other)) >= most:
        return most
    rows = [list(range(len(other) + 1))]
    for i, char in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (char != against))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == against:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return min(rows[-1][-1], most)
