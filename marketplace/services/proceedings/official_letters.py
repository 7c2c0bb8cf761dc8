"""Letters of the bureau as files: Word to be edited and stamped, PDF to be read and printed.

Both are made here, from the same few parts. The PDF names the standard Chinese fonts of PDF
(STSong and STHeiti of Adobe-GB1) and does not carry them: every reader brings them along or puts
its own Song and Hei in their place, the text can be searched, and a letter has a few kilobytes.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    import pikepdf

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
MEDIA = {"docx": DOCX, "pdf": PDF}

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
FIXED = (2000, 1, 1, 0, 0, 0)
"""The time inside the file: the same letter is the same bytes."""

PAGE = (595.28, 841.89)
SIDE, TOP, BOTTOM = 79.0, 105.0, 99.0
"""Margins of GB/T 9704 in points: 28 mm, 37 mm and 35 mm."""
LINE = 29.0
BODY, HEAD = 16.0, 22.0
NO_BREAK_BEFORE = "，。、；：？！）》”’…"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter. ``addressee`` is who it is for; every paragraph is one line of ``paragraphs``."""

    title: str
    document_no: str = ""
    addressee: str = ""
    paragraphs: Sequence[str]
    sender: str
    day: date

    @property
    def dated(self) -> str:
        """The day as letters write it."""
        return f"{self.day.year}年{self.day.month}月{self.day.day}日"


@dataclass(frozen=True)
class _Part:
    """A paragraph: what it says, where it stands, how large it is, and with which typeface."""

    text: str
    align: str = "both"
    size: float = BODY
    indent: bool = False
    heading: bool = False


def _parts(letter: Letter) -> Iterator[_Part]:
    yield _Part(letter.title, "center", HEAD, heading=True)
    if letter.document_no:
        yield _Part(letter.document_no, "center")
    yield _Part("")
    if letter.addressee:
        yield _Part(f"{letter.addressee}：", "left")
    for text in letter.paragraphs:
        yield _Part(text, "left", indent=True)
    yield _Part("")
    yield _Part(letter.sender, "right")
    yield _Part(letter.dated, "right")


def docx(letter: Letter) -> bytes:
    """The letter for Word: A4 with the margins of official letters, Song and Hei, no macros."""
    parts = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{DOCX}.main+xml"/></Types>',
        "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
        "</Relationships>",
        "word/document.xml": _document(letter),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(zipfile.ZipInfo(name, FIXED), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _document(letter: Letter) -> str:
    twips = [round(points * 20) for points in (*PAGE, TOP, SIDE, BOTTOM)]
    width, height, top, side, bottom = twips
    page = (
        f'<w:sectPr><w:pgSz w:w="{width}" w:h="{height}"/><w:pgMar w:top="{top}" w:right="{side}"'
        f' w:bottom="{bottom}" w:left="{side}" w:header="720" w:footer="720" w:gutter="0"/>'
        "</w:sectPr>"
    )
    body = "".join(map(_paragraph, _parts(letter)))
    return f'{XML}<w:document xmlns:w="{WORD}"><w:body>{body}{page}</w:body></w:document>'


def _paragraph(part: _Part) -> str:
    font = "黑体" if part.heading else "宋体"
    indent = '<w:ind w:firstLineChars="200" w:firstLine="640"/>' if part.indent else ""
    size = round(part.size * 2)
    return (
        f'<w:p><w:pPr><w:spacing w:line="{round(LINE * 20)}" w:lineRule="exact"/>{indent}'
        f'<w:jc w:val="{part.align}"/></w:pPr><w:r><w:rPr>'
        f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}"/>'
        f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(part.text)}</w:t></w:r></w:p>'
    )


def pdf(letter: Letter) -> bytes:
    """The letter for reading and printing; as many A4 pages as it takes."""
    import pikepdf  # it takes long to load, and few requests make a letter

    with pikepdf.new() as document:
        fonts = pikepdf.Dictionary(
            F1=document.make_indirect(_font("STSong-Light")),
            F2=document.make_indirect(_font("STHeiti-Regular")),
        )
        for content in _pages(letter):
            page = document.add_blank_page(page_size=PAGE)
            page.Resources = pikepdf.Dictionary(Font=fonts)
            page.Contents = document.make_stream(content)
        document.Root.Lang = pikepdf.String("zh-CN")
        document.docinfo["/Title"] = pikepdf.String(letter.title)
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


def _pages(letter: Letter) -> Iterator[bytes]:
    lines = [line for part in _parts(letter) for line in _broken(part)]
    fits = int((PAGE[1] - TOP - BOTTOM) // LINE)
    for start in range(0, len(lines), fits):
        shown = []
        for row, (part, text, left) in enumerate(lines[start : start + fits], 1):
            font, y = ("F2" if part.heading else "F1"), PAGE[1] - TOP - row * LINE
            code = text.encode("utf-16-be").hex()
            shown.append(f"BT /{font} {part.size:g} Tf {left:.1f} {y:.1f} Td <{code}> Tj ET")
        yield "\n".join(shown).encode("ascii")


def _broken(part: _Part) -> Iterator[tuple[_Part, str, float]]:
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
