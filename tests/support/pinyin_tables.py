"""The tables of readings as they are made: python -m tests.support.pinyin_tables

From pypinyin and the large phrase table of pypinyin-dict (half a gigabyte in memory, a quarter of
a minute), to two small files that hold the same for names: the usual reading of each simplified
character, and the phrases of two to four characters that these readings alone would get wrong.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from pypinyin import constants
from pypinyin.contrib.tone_convert import to_normal
from pypinyin_dict.phrase_pinyin_data import large_pinyin

import search
from search.analysis.normal import normal

FOLDER = Path(search.__file__).parent / "data"
LONGEST = 4
_BASIC = re.compile("[\u4e00-\u9fff]+")


def made() -> dict[str, str]:
    """Contents by file name."""
    large_pinyin.load()
    usual = {
        chr(code): to_normal(readings.split(",")[0], v_to_u=False)
        for code, readings in constants.PINYIN_DICT.items()
        if _kept(chr(code))
    }
    phrases = {
        phrase: tuple(to_normal(each[0], v_to_u=False) for each in readings)
        for phrase, readings in constants.PHRASES_DICT.items()
        if 2 <= len(phrase) <= LONGEST and len(readings) == len(phrase) and _kept(phrase)
    }
    return {
        "pinyin.txt": _by_sound(usual),
        "pinyin_phrases.txt": "".join(
            f"{phrase} {' '.join(readings)}\n"
            for phrase, readings in sorted(_needed(phrases, usual).items())
        ),
    }


def _kept(text: str) -> bool:
    return bool(_BASIC.fullmatch(text)) and normal(text) == text


def _by_sound(usual: Mapping[str, str]) -> str:
    chars: dict[str, list[str]] = defaultdict(list)
    for char, sound in usual.items():
        chars[sound].append(char)
    return "".join(f"{sound} {''.join(sorted(chars[sound]))}\n" for sound in sorted(chars))


def _needed(
    phrases: Mapping[str, tuple[str, ...]], usual: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Those phrases that characters and shorter phrases do not explain."""
    found: dict[str, tuple[str, ...]] = {}
    for phrase in sorted(phrases, key=lambda each: (len(each), each)):
        if all(char in usual for char in phrase) and _read(phrase, found, usual) != phrases[phrase]:
            found[phrase] = phrases[phrase]
    return found


def _read(
    text: str, phrases: Mapping[str, tuple[str, ...]], usual: Mapping[str, str]
) -> tuple[str, ...]:
    sounds: list[str] = []
    while text:
        sizes: Iterable[int] = range(min(LONGEST, len(text)), 1, -1)
        size = next((size for size in sizes if text[:size] in phrases), 1)
        sounds += phrases.get(text[:size], (usual[text[0]],))
        text = text[size:]
    return tuple(sounds)


if __name__ == "__main__":
    for name, text in made().items():
        (FOLDER / name).write_text(text, "utf-8")
