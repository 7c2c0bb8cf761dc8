"""The process that opens an uploaded file: it may break, the application may not.

Run as a script: ``check KIND PATH SIDE`` or ``page NUMBER PATH SIDE``; SIDE is the longest side of
a picture in pixels, 0 = as it is. The first line of output is JSON, ``["ok", pages]`` or
``["refused", code, detail]``; a picture follows as bytes. Limits are those of the process that
reads workbooks.
"""

import functools
import importlib.util
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAX_PIXELS = 40_000_000
MAX_OBJECTS = 300_000
MAX_DEPTH = 60
QUALITY = 85
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
FORMATS = {"jpeg": "JPEG", "png": "PNG"}

ACTIVE_KEYS = {
    "/JS": "javascript", "/JavaScript": "javascript", "/XFA": "xfa", "/EF": "embedded",
    "/EmbeddedFiles": "embedded", "/RichMediaContent": "embedded",
}  # fmt: skip
ACTIVE_VALUES = {
    "/JavaScript": "javascript", "/Launch": "launch", "/ImportData": "launch",
    "/EmbeddedFile": "embedded", "/RichMedia": "embedded", "/GoToE": "embedded",
}  # fmt: skip


@functools.cache
def shared() -> Any:
    """The limits, and the checks of an archive, as the reader of workbooks has them.

    Taken from its file: importing it by name would load the whole application into this process.
    """
    path = Path(__file__).parents[1] / "importing" / "workbook_process.py"
    spec = importlib.util.spec_from_file_location("workbook_process", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(kind: str, path: str, side: int) -> tuple[int, bytes]:
    """The number of pages, and a picture made anew; raises what ``main`` turns into a refusal."""
    if kind in PARTS:
        with open(path, "rb") as file:
            shared().check_archive(file, PARTS[kind], formulas=True)
        return 0, b""
    if kind == "pdf":
        return check_pdf(path), b""
    return 1, picture(path, FORMATS[kind], side)


def check_pdf(path: str) -> int:
    """Refuse what acts by itself (S72); answers the number of pages."""
    import pikepdf

    refused = shared().Refused
    try:
        document = pikepdf.open(path)
    except pikepdf.PasswordError:
        raise refused("encrypted") from None
    with document:
        if document.is_encrypted:
            raise refused("encrypted")
        for number, found in enumerate(document.objects):
            if number > MAX_OBJECTS:
                raise refused("too_complex")
            for code in _active(found, 0):
                raise refused(code)
        pages = len(document.pages)
        if pages == 0:
            raise refused("broken", "no pages")
        return pages


def _active(found: Any, depth: int) -> Iterator[str]:
    """Codes of what acts by itself in one object; other objects it points at come by themselves."""
    import pikepdf

    if depth > MAX_DEPTH:
        yield "too_complex"
    elif isinstance(found, pikepdf.Array):
        for item in found:
            yield from _direct(item, depth)
    elif isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        for key, value in found.items():
            if key in ACTIVE_KEYS:
                yield ACTIVE_KEYS[key]
            if key in ("/S", "/Type", "/Subtype") and isinstance(value, pikepdf.Name):
                yield from filter(None, [ACTIVE_VALUES.get(str(value))])
            yield from _direct(value, depth)


def _direct(value: Any, depth: int) -> Iterator[str]:
    if not getattr(value, "is_indirect", False):
        yield from _active(value, depth + 1)


def picture(path: str, format_: str, side: int) -> bytes:
    """The picture decoded and written again: upright, without anything but its pixels (S71)."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow itself refuses at twice this number
    with Image.open(path, formats=[format_]) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise shared().Refused("pixels")
        if side:
            opened.thumbnail((side, side))
        # In place, and converted only when needed: each copy of 40 megapixels takes 120 MB.
        ImageOps.exif_transpose(opened, in_place=True)
        mode = "RGBA" if format_ == "PNG" and _see_through(opened) else "RGB"
        return _written(opened if opened.mode == mode else opened.convert(mode), format_)


def _see_through(image: Any) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _written(image: Any, format_: str) -> bytes:
    image.info.clear()
    out = io.BytesIO()
    options = {"quality": QUALITY, "progressive": True} if format_ == "JPEG" else {}
    image.save(out, format_, **options)
    return out.getvalue()


def page(number: int, path: str, side: int) -> tuple[int, bytes]:
    """One page of a PDF as a picture, ``number`` from 1."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    if not 1 <= number <= len(document):
        raise shared().Refused("no_page")
    sheet = document[number - 1]
    width, height = sheet.get_size()
    image = sheet.render(scale=min(side / max(width, height, 1.0), 4.0)).to_pil()
    return len(document), _written(image.convert("RGB"), "PNG")


def main(job: str, what: str, path: str, side: str) -> None:
    """Do one job; every ending but a killed process is told on standard output."""
    limits = shared()
    limits.confine()
    try:
        given = int(side)
        pages, content = page(int(what), path, given) if job == "page" else check(what, path, given)
        answer: list[Any] = ["ok", pages]
    except limits.Refused as refusal:
        answer, content = ["refused", refusal.code, refusal.detail], b""
    except MemoryError:
        answer, content = ["refused", "memory", ""], b""
    except Exception as error:  # any other trouble is the file's; the parsers have dozens
        bomb = type(error).__name__.startswith("DecompressionBomb")
        code = "pixels" if bomb else "broken"
        answer, content = ["refused", code, type(error).__name__], b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:5])
