"""Letters of the bureau as files: Word to be edited and stamped, PDF to be read and printed.

The PDF carries its fonts (``documents.typeset``); Word names Song and Hei, with the names under
which other systems have them.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from xml.sax.saxutils import escape

from marketplace.services.documents import typeset
from marketplace.services.documents.plain_pdf import (
    BOTTOM,
    HEAD,
    LINE,
    PAGE,
    SIDE,
    TOP,
    Part,
)
from marketplace.services.documents.typeset import PDF

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MEDIA = {"docx": DOCX, "pdf": PDF}

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
FIXED = (2000, 1, 1, 0, 0, 0)
"""The time inside the file: the same letter is the same bytes."""


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


def _parts(letter: Letter) -> Iterator[Part]:
    yield Part(letter.title, "center", HEAD, heading=True)
    if letter.document_no:
        yield Part(letter.document_no, "center")
    yield Part("")
    if letter.addressee:
        yield Part(f"{letter.addressee}：", "left")
    for text in letter.paragraphs:
        yield Part(text, "left", indent=True)
    yield Part("")
    yield Part(letter.sender, "right")
    yield Part(letter.dated, "right")


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


def _paragraph(part: Part) -> str:
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
    facts = asdict(letter) | {"dated": letter.dated, "day": ""}
    return typeset.pdf("letter", facts, day=letter.day, plain=_parts(letter))
