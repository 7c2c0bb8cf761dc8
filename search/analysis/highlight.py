"""Mark what was found, in the original text.

The result is plain text in pieces, never markup: a template escapes each piece and puts its own
element around the hits, so no text can smuggle in HTML.
"""

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple

from search.analysis.normal import CJK, normal, normal_with_offsets
from search.analysis.pinyin import part_spelled, sounds
from search.analysis.tokens import pieces

ELLIPSIS = "…"
MOST_STARTS = 50
_GAP = rf"[^a-z0-9{CJK}]{{0,3}}"


class Segment(NamedTuple):
    """A piece of text, and whether it is a hit."""

    text: str
    hit: bool


Span = tuple[int, int]


class Highlighter:
    """Marks words; made from the units of a query and their alternatives."""

    def __init__(self, words: Iterable[str]) -> None:
        self._patterns = {pattern for pattern in map(_pattern, words) if pattern}

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        longest_first = sorted(self._patterns, key=lambda pattern: (-len(pattern), pattern))
        # Looking ahead finds words that overlap: 制造执行 and 执行系统.
        return re.compile(f"(?=({'|'.join(longest_first)}))")

    def __bool__(self) -> bool:
        """Whether there is anything to mark."""
        return bool(self._patterns)

    def mark(self, text: str) -> tuple[Segment, ...]:
        """The whole text in pieces; joined they are the text again."""
        return _cut(text, self._spans(text), 0, len(text))

    def snippet(self, text: str, width: int) -> tuple[Segment, ...]:
        """About ``width`` characters around the densest hits, with … for what is left out."""
        if len(text) <= width:
            return self.mark(text)
        spans = self._spans(text)
        start = _best_start(text, spans, width)
        end = min(len(text), start + width)
        head = [Segment(ELLIPSIS, False)] if start else []
        tail = [Segment(ELLIPSIS, False)] if end < len(text) else []
        return (*head, *_cut(text, spans, start, end), *tail)

    def _spans(self, text: str) -> list[Span]:
        if not self._patterns:
            return []
        folded, offsets = normal_with_offsets(text)
        merged: list[Span] = []
        for found in self._regex.finditer(folded):
            if found.end(1) == found.start(1):
                continue
            start, end = offsets[found.start(1)], offsets[found.end(1) - 1] + 1
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged


def found_in(word: str, text: str) -> str:
    """The first piece of a text that is the word, as it stands there, or nothing."""
    pattern = _compiled(word)
    if pattern is None:
        return ""
    found = pattern.search(normal(text))
    if found is None:
        return ""
    _, offsets = normal_with_offsets(text)
    return text[offsets[found.start()] : offsets[found.end() - 1] + 1]


@lru_cache(maxsize=2000)
def _compiled(word: str) -> re.Pattern[str] | None:
    pattern = _pattern(word)
    return re.compile(pattern) if pattern else None


def _pattern(word: str) -> str:
    """The word as a regular expression over normal text; only literals and short gaps."""
    parts = pieces(normal(word))
    if not parts:
        return ""
    body = _GAP.join(map(re.escape, parts))
    return f"{_edge(parts[0][0], before=True)}{body}{_edge(parts[-1][-1], before=False)}"


def _edge(char: str, *, before: bool) -> str:
    """A latin word is marked whole only, as it is found: ``oa`` not in ``load``."""
    if not char.isascii() or not char.isalnum():
        return ""
    same = "[0-9]" if char.isdigit() else "[a-z]"
    return f"(?<!{same})" if before else f"(?!{same})"


def _best_start(text: str, spans: list[Span], width: int) -> int:
    """Where to begin so that most different words are seen; the earliest of the best."""
    best, best_score = 0, (0, 0)
    for start, _ in spans[:MOST_STARTS]:
        begin = max(0, min(start - width // 6, len(text) - width))
        inside = [text[a:b] for a, b in spans if begin <= a and b <= begin + width]
        score = (len(set(inside)), len(inside))
        if score > best_score:
            best, best_score = begin, score
    return best


def _cut(text: str, spans: list[Span], start: int, end: int) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    position = start
    for span in spans:
        begin, stop = max(span[0], start), min(span[1], end)
        if begin >= stop:
            continue
        if position < begin:
            segments.append(Segment(text[position:begin], False))
        segments.append(Segment(text[begin:stop], True))
        position = stop
    if position < end:
        segments.append(Segment(text[position:end], False))
    return tuple(segments)


def mark_letters(name: str, typed: str) -> tuple[Segment, ...]:
    """A name with the typed text marked: as it stands, or where it is read as the typed letters.

    ``typed`` is in normal form.
    """
    folded, offsets = normal_with_offsets(name)
    whole = _compiled(typed)
    found = whole.search(folded) if whole else None
    start = found.start() if found else folded.find(typed)
    if found or start >= 0:
        end = found.end() if found else start + len(typed)
    else:
        some = sounds(folded)
        place = part_spelled(typed, some) if typed.isascii() else None
        if place is None:
            return (Segment(name, False),)
        start, end = some[place[0]].start, some[place[1] - 1].end
    return _cut(name, [(offsets[start], offsets[end - 1] + 1)], 0, len(name))
