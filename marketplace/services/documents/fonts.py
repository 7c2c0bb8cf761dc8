"""The Chinese fonts of this machine, and which characters they can show.

A PDF embeds what it uses of them (``typeset``). Debian's ``fonts-noto-cjk`` brings the first
choice (SIL Open Font Licence: embedding is free); other systems bring one of the others.
"""

import struct
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import typst

MAIN = (
    "Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Source Han Serif CN",
    "Songti SC", "SimSun", "Noto Sans CJK SC", "Source Han Sans SC", "AR PL UMing CN",
    "WenQuanYi Zen Hei",
)  # fmt: skip
"""The first of these that is installed sets the text."""
RARE = ("BabelStone Han", "HanaMinA", "HanaMinB", "SimSun-ExtB", "TW-Sung-Ext-B")
"""They lend the characters that it lacks."""
REGULAR = 400
DROPPED = frozenset(("Cf", "Cs"))
"""Marks without a shape (joiners, directions) and halves of pairs."""
UNASSIGNED = frozenset(("Co", "Cn"))
"""Private characters mean something else on every machine (and PDF/A refuses them)."""
VARIANTS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


@dataclass(frozen=True)
class Fonts:
    """Families in the order they are asked, what the library holds of them, their characters."""

    families: tuple[str, ...]
    library: "typst.Fonts"
    starts: Sequence[int]
    ends: Sequence[int]

    def covers(self, char: str) -> bool:
        """Whether one of the families has a shape for the character."""
        place = bisect_right(self.starts, ord(char)) - 1
        return place >= 0 and ord(char) <= self.ends[place]

    def showable(self, text: str) -> str:
        """``text`` with each character that no family has written out: 〔U+2A6A5〕.

        Nothing disappears in silence; marks that have no shape anyway are left out.
        """
        return "".join(map(self._shown, text))

    def _shown(self, char: str) -> str:
        kind = unicodedata.category(char)
        if char == "\n" or (kind not in UNASSIGNED and self.covers(char)):
            return char
        if kind in ("Cc", "Zs", "Zl", "Zp"):
            return " "
        if kind in DROPPED or any(ord(char) in block for block in VARIANTS):
            return ""
        return f"〔U+{ord(char):04X}〕"


@cache
def installed() -> Fonts | None:
    """The fonts of this machine; None without a Chinese one. Read once per process (0.2 s)."""
    import typst  # it is large, and few requests make a document

    library = typst.Fonts()
    files: dict[str, tuple[str, int]] = {}
    for font in library.fonts():
        if font.path and font.weight == REGULAR and font.style == "normal":
            files.setdefault(font.family, (font.path, font.index))
    main = next((name for name in MAIN if name in files), None)
    if main is None:
        return None
    families = (main, *(name for name in (*RARE, *MAIN) if name in files and name != main))
    spans = _joined(span for name in families for span in _spans(*files[name]))
    return Fonts(families, library, [start for start, _ in spans], [end for _, end in spans])


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, without overlaps."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _spans(path: str, index: int) -> Iterator[tuple[int, int]]:
    """First and last code of each run of characters (OpenType cmap, formats 4 and 12)."""
    with Path(path).open("rb") as file:
        base = _cmap(file, index)
        tables = sorted(
            (struct.unpack_from(">H", _at(file, base + offset, 2))[0], base + offset)
            for _, _, offset in _records(file, base)
        )
        wide = [place for kind, place in tables if kind == 12]
        narrow = [place for kind, place in tables if kind == 4]
        if wide:
            yield from _wide(file, wide[0])
        elif narrow:
            yield from _narrow(file, narrow[0])


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _cmap(file: BinaryIO, index: int) -> int:
    """Where the table of characters begins, in a font or the ``index``-th of a collection."""
    start = 0
    if _at(file, 0, 4) == b"ttcf":
        (start,) = struct.unpack(">I", _at(file, 12 + 4 * index, 4))
    (count,) = struct.unpack(">H", _at(file, start + 4, 2))
    entries = struct.iter_unpack(">4sIII", _at(file, start + 12, 16 * count))
    return next(int(offset) for tag, _, offset, _ in entries if tag == b"cmap")


def _records(file: BinaryIO, base: int) -> Iterator[tuple[int, int, int]]:
    """Platform, encoding and place of each subtable."""
    (count,) = struct.unpack(">H", _at(file, base + 2, 2))
    yield from struct.iter_unpack(">HHI", _at(file, base + 4, 8 * count))


def _wide(file: BinaryIO, place: int) -> Iterator[tuple[int, int]]:
    (count,) = struct.unpack(">I", _at(file, place + 12, 4))
    for start, end, _ in struct.iter_unpack(">III", _at(file, place + 16, 12 * count)):
        yield start, end


def _narrow(file: BinaryIO, place: int) -> Iterator[tuple[int, int]]:
    (double,) = struct.unpack(">H", _at(file, place + 6, 2))
    ends = struct.unpack(f">{double // 2}H", _at(file, place + 14, double))
    starts = struct.unpack(f">{double // 2}H", _at(file, place + 16 + double, double))
    yield from ((start, end) for start, end in zip(starts, ends, strict=True) if start != 0xFFFF)
