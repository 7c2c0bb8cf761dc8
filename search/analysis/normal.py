"""One normal form for text of documents and queries.

Each character is mapped on its own (compatibility form, lower case, no accents, traditional to
simplified), never in the light of its neighbours. So any part of a text has the same normal form
as it has inside the whole, which is what makes "the document contains the query" decidable by
tokens, and every normal character knows where it came from.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

SPACE = " "


@cache
def _simplified() -> dict[str, str]:
    pairs = files("search").joinpath("data/t2s.txt").read_text("utf-8").split()
    return {pair[0]: pair[1] for pair in pairs}


def _fold(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":  # zero-width and direction marks
        return ""
    if category[0] in "CZ":  # controls, lone surrogates, unassigned, spaces
        return SPACE
    simplified = _simplified()
    text = unicodedata.normalize("NFKC", char).casefold()
    # Hangul must stay composed; everything else loses its accents.
    if not "\uac00" <= text <= "\ud7a3":
        text = unicodedata.normalize("NFKD", text)
        text = "".join(part for part in text if not unicodedata.combining(part))
    return "".join(simplified.get(part, part) for part in text)


class _Folds(dict[int, str]):
    """A translation table that fills itself."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        if len(folded) != 1:
            _UNEVEN.add(chr(code))
        return folded


_FOLDS = _Folds()
_UNEVEN: set[str] = set()
"""Characters that became none or several: after them nothing stands at its old place."""


def normal(text: str) -> str:
    """The normal form: NFKC, lower case, simplified; controls become spaces."""
    return text.translate(_FOLDS)


def normal_with_offsets(text: str) -> tuple[str, Sequence[int]]:
    """The normal form, and for each of its characters the index in ``text`` it came from."""
    folded = normal(text)
    if _UNEVEN.isdisjoint(text):
        return folded, range(len(text))
    parts = [_FOLDS[ord(char)] for char in text]
    offsets = [index for index, part in enumerate(parts) for _ in part]
    return folded, offsets


def has_traditional(text: str) -> bool:
    """Whether a character is written in the traditional way."""
    simplified = _simplified()
    return any(char in simplified for char in text)


HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005\U00020000-\U0003ffff"
KANA_HANGUL = "\u3041-\u3096\u30a1-\u30fa\u30fc\uac00-\ud7a3"
CJK = HAN + KANA_HANGUL
ONE_CJK = re.compile(f"[{CJK}]")

# A run of Chinese, a word of letters and digits (qd-mes3.0, c++), or a word of another script.
RUN = re.compile(
    rf"(?P<cjk>[{CJK}]+)"
    r"|(?P<latin>[a-z0-9]+(?:[.\-+#][a-z0-9]+)*[+#]*)"
    rf"|(?P<other>(?:(?![a-z0-9{CJK}])[^\W_])+)"
)
