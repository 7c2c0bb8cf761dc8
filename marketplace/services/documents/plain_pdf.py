"""PDF in the standard Chinese fonts of PDF (STSong and STHeiti of Adobe-GB1), not embedded.

For a machine without a Chinese font: readers with the Asian font pack, or a Song and Hei of
their own, show it; the text can be searched and copied in all of them.
"""

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from marketplace.services.documents.parts import BOTTOM, LINE, PAGE, SIDE, TOP, Part

if TYPE_CHECKING:
    import pikepdf

NO_BREAK_BEFORE = "，。、；：？！）》”’…"


def pdf(title: str, parts: Iterable[Part]) -> bytes:
    """The parts one under the other, on as many A4 pages as they take."""
    import pikepdf  # it takes long to load, and few requests make a letter

    with pikepdf.new() as document:
        fonts = pikepdf.Dictionary(
            F1=document.make_indirect(_font("STSong-Light")),
            F2=document.make_indirect(_font("STHeiti-Regular")),
        )
        for content in _pages(parts):
            page = document.add_blank_page(page_size=PAGE)
            page.Resources = pikepdf.Dictionary(Font=fonts)
            page.Contents = document.make_stream(content)
        document.Root.Lang = pikepdf.String("zh-CN")
        document.docinfo["/Title"] = pikepdf.String(title)
        out = io.BytesIO()
        document.save(out, deterministic_id=True, compress_streams=True)
    return out.getvalue()


def _font(name: str) -> "pikepdf.Dictionary":
    import pikepdf

    described = pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor, FontName=pikepdf.Name(f"/{name}"), Flags=4,
        FontBBox=[-25, -254, 1000, 880], ItalicAngle=0, Ascent=880, Descent=-120, CapHeight=880,
        StemV=93,
    )  # fmt: skip
    collection = pikepdf.Dictionary(
        Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("GB1"), Supplement=5
    )
    # Latin letters and digits (CID 1–95) take half a square, as they are measured here.
    descendant = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.CIDFontType0,
        BaseFont=pikepdf.Name(f"/{name}"), CIDSystemInfo=collection, FontDescriptor=described,
        DW=1000, W=[1, 95, 500],
    )  # fmt: skip
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type0, BaseFont=pikepdf.Name(f"/{name}"),
        Encoding=pikepdf.Name("/UniGB-UTF16-H"), DescendantFonts=[descendant],
    )  # fmt: skip


def _pages(parts: Iterable[Part]) -> Iterator[bytes]:
    lines = [line for part in parts for line in _broken(part)]
    fits = int((PAGE[1] - TOP - BOTTOM) // LINE)
    for start in range(0, len(lines), fits):
        shown = []
        for row, (part, text, left) in enumerate(lines[start : start + fits], 1):
            font, y = ("F2" if part.heading else "F1"), PAGE[1] - TOP - row * LINE
            code = text.encode("utf-16-be").hex()
            shown.append(f"BT /{font} {part.size:g} Tf {left:.1f} {y:.1f} Td <{code}> Tj ET")
        yield "\n".join(shown).encode("ascii")


def _broken(part: Part) -> Iterator[tuple[Part, str, float]]:
    """The lines of a paragraph, each with where it begins from the left edge."""
    room = PAGE[0] - 2 * SIDE
    indent = 2 * part.size if part.indent else 0.0
    text = part.text
    while True:
        line, text = _cut(text, (room - indent) / part.size)
        width = _width(line) * part.size
        left = {"center": (room - width) / 2, "right": room - width}.get(part.align, indent)
        yield part, line, SIDE + left
        indent = 0.0
        if not text:
            return


def _cut(text: str, squares: float) -> tuple[str, str]:
    """What fits into a line, and the rest; closing marks never begin a line."""
    used = 0.0
    for place, char in enumerate(text):
        used += _width(char)
        if used > squares and char not in NO_BREAK_BEFORE:
            start = place
            while start and _solid(text[start - 1]) and _solid(text[start]):
                start -= 1  # numbers and words stay whole
            start = start or place
            return text[:start], text[start:]
    return text, ""


def _solid(char: str) -> bool:
    return char.isascii() and not char.isspace()


def _width(text: str) -> float:
    return sum(0.5 if char.isascii() else 1.0 for char in text)
