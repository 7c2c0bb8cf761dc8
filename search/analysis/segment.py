"""Cut a query into units: terms of the trade first, general words for what is between them.

Units are matched as parts of the text, so a wrong cut costs precision, never a result.
"""

import re
import threading
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick

from search.analysis.normal import CJK, RUN, normal

if TYPE_CHECKING:
    from rjieba import Jieba

_CJK = re.compile(rf"[{CJK}]+")
_RJIEBA_LOCK = threading.Lock()
Span = tuple[int, int]


@cache
def _jieba() -> "Jieba":
    # Imported here: it reads its dictionary then, and most commands cut no text.
    from rjieba import Jieba

    return Jieba()


def _is_word_char(char: str) -> bool:
    return char.isascii() and char.isalnum()


class Segmenter:
    """Knows the terms; immutable."""

    def __init__(self, terms: Iterable[str]) -> None:
        words = {normal(term).strip() for term in terms}
        self._terms = sorted(word for word in words if len(word) > 1)
        self._automaton = AhoCorasick(self._terms, store_patterns=False) if self._terms else None

    def cut(self, text: str) -> list[str]:
        """Units of a text in normal form, in order; blanks and punctuation are left out."""
        units: list[str] = []
        start = 0
        for begin, end in [*self._term_spans(text), (len(text), len(text))]:
            units += _between(text[start:begin])
            if begin < end:
                units.append(text[begin:end])
            start = end
        return units

    def is_odd(self, unit: str) -> bool:
        """Whether a Chinese unit is no word, but characters that stand side by side."""
        whole = len(unit) > 1 and _CJK.fullmatch(unit)
        return bool(whole) and all(len(word) == 1 for word in _general_words(unit, 1))

    def _term_spans(self, text: str) -> list[Span]:
        if self._automaton is None:
            return []
        matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        spans = sorted({(begin, end) for _, begin, end in matches}, key=lambda s: (s[0], -s[1]))
        chosen: list[Span] = []
        for begin, end in spans:
            free = not chosen or begin >= chosen[-1][1]
            if free and _whole(text, begin, end):
                chosen.append((begin, end))
        return chosen


def _whole(text: str, begin: int, end: int) -> bool:
    """Whether no latin word is torn at either edge: ``oa`` is no part of ``load``."""
    left = begin > 0 and _same_kind(text[begin - 1], text[begin])
    right = end < len(text) and _same_kind(text[end - 1], text[end])
    return not left and not right


def _same_kind(one: str, other: str) -> bool:
    return _is_word_char(one) and _is_word_char(other) and one.isdigit() == other.isdigit()


def _between(text: str) -> list[str]:
    units: list[str] = []
    for run in RUN.finditer(text):
        if run.lastgroup == "cjk":
            units += _merge_lone(_general_words(run.group()))
        else:
            units.append(run.group())
    return units


def _general_words(run: str, uncut: int = 2) -> list[str]:
    """Words of a run; runs of up to ``uncut`` characters stay whole."""
    if len(run) <= uncut:
        return [run]
    with _RJIEBA_LOCK:
        jieba = _jieba()
    return jieba.cut(run, hmm=False)


def _merge_lone(words: list[str]) -> list[str]:
    """Neighbouring single characters are probably one unknown name: ``澜 图`` is ``澜图``."""
    if not words:
        return []
    merged = [words[0]]
    lone = len(words[0]) == 1
    for _, word in pairwise(words):
        if lone and len(word) == 1:
            merged[-1] += word
        else:
            merged.append(word)
            lone = len(word) == 1
    return merged


def cjk_runs(text: str) -> list[tuple[int, str]]:
    """The Chinese runs of a text with their places."""
    return [(run.start(), run.group()) for run in _CJK.finditer(text)]
