"""Documents for Word: A4 with the margins of official letters, Song and Hei, no macros.

Chinese text names its typeface apart from Latin (``eastAsia``), and the table of fonts says what
kind each is: Word and LibreOffice then put their own Song or Hei in its place instead of any font
at all (ECMA-376 part 1, 17.3.2.26 and 17.8.3).
"""

import io
import zipfile
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from marketplace.services.documents.parts import (
    BODY,
    BOTTOM,
    HEAD,
    LINE,
    PAGE,
    SIDE,
    TOP,
    Part,
)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
CORE = "application/vnd.openxmlformats-package.core-properties+xml"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
FIXED = (2000, 1, 1, 0, 0, 0)
"""The time inside the file: the same letter is the same bytes."""

LATIN = "Times New Roman"
SONG, HEI = "SimSun", "SimHei"
"""Their English names: Word knows both, LibreOffice finds its own Song and Hei by these only."""
FONTS = (
    (SONG, "宋体", "02010600030101010101", "86"),
    (HEI, "黑体", "02010609060101010101", "86"),
    (LATIN, "Liberation Serif", "02020603050405020304", "00"),
)
"""Name, other name, PANOSE classification (sans or serif, for a likeness), character set."""
HEADING = "Heading1"


def docx(title: str, parts: Iterable[Part]) -> bytes:
    """The parts as a Word file called ``title``. The same parts give the same bytes."""
    files = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(
            (f"{OFFICE}/officeDocument", "word/document.xml"),
            (f"{PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": _core(title),
        "word/_rels/document.xml.rels": _relations(
            (f"{OFFICE}/styles", "styles.xml"), (f"{OFFICE}/fontTable", "fontTable.xml")
        ),
        "word/styles.xml": _styles(),
        "word/fontTable.xml": _font_table(),
        "word/document.xml": _document(parts),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in files.items():
            package.writestr(zipfile.ZipInfo(name, FIXED), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _content_types() -> str:
    kinds = {
        "/word/document.xml": f"{KIND}.document.main+xml",
        "/word/styles.xml": f"{KIND}.styles+xml",
        "/word/fontTable.xml": f"{KIND}.fontTable+xml",
        "/docProps/core.xml": CORE,
    }
    overrides = "".join(
        f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in kinds.items()
    )
    return (
        f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relations(*pairs: tuple[str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(pairs, 1)
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'


def _core(title: str) -> str:
    return (
        f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title><dc:language>zh-CN</dc:language></cp:coreProperties>"
    )


def _styles() -> str:
    """Defaults, and the style of headings: readers of screens jump to it."""
    return (
        f'{XML}<w:styles xmlns:w="{WORD}"><w:docDefaults><w:rPrDefault><w:rPr>{_faces(SONG)}'
        f'{_size(BODY)}<w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault>'
        "</w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        f'</w:style><w:style w:type="paragraph" w:styleId="{HEADING}"><w:name w:val="heading 1"/>'
        '<w:basedOn w:val="Normal"/><w:next w:val="Normal"/>'
        f'<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'
        f"<w:rPr>{_faces(HEI)}{_size(HEAD)}</w:rPr></w:style></w:styles>"
    )


def _font_table() -> str:
    fonts = "".join(
        f"<w:font w:name={quoteattr(name)}><w:altName w:val={quoteattr(other)}/>"
        f'<w:panose1 w:val="{panose}"/><w:charset w:val="{charset}"/><w:pitch w:val="variable"/>'
        "</w:font>"
        for name, other, panose, charset in FONTS
    )
    return f'{XML}<w:fonts xmlns:w="{WORD}">{fonts}</w:fonts>'


def _document(parts: Iterable[Part]) -> str:
    twips = [round(points * 20) for points in (*PAGE, TOP, SIDE, BOTTOM)]
    width, height, top, side, bottom = twips
    page = (
        f'<w:sectPr><w:pgSz w:w="{width}" w:h="{height}"/><w:pgMar w:top="{top}" w:right="{side}"'
        f' w:bottom="{bottom}" w:left="{side}" w:header="720" w:footer="720" w:gutter="0"/>'
        "</w:sectPr>"
    )
    body = "".join(map(_paragraph, parts))
    return f'{XML}<w:document xmlns:w="{WORD}"><w:body>{body}{page}</w:body></w:document>'


def _paragraph(part: Part) -> str:
    style = f'<w:pStyle w:val="{HEADING}"/>' if part.heading else ""
    indent = '<w:ind w:firstLineChars="200" w:firstLine="640"/>' if part.indent else ""
    faces = _faces(HEI if part.heading else SONG)
    return (
        f'<w:p><w:pPr>{style}<w:spacing w:line="{round(LINE * 20)}" w:lineRule="exact"/>{indent}'
        f'<w:jc w:val="{part.align}"/></w:pPr><w:r><w:rPr>{faces}{_size(part.size)}</w:rPr>'
        f'<w:t xml:space="preserve">{escape(part.text)}</w:t></w:r></w:p>'
    )


def _faces(chinese: str) -> str:
    """``hint``: marks that both scripts have (quotes, dashes) are set as Chinese."""
    return (
        f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" w:eastAsia="{chinese}" '
        'w:hint="eastAsia"/>'
    )


def _size(points: float) -> str:
    half = round(points * 2)
    return f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'
