"""The process that opens an uploaded workbook: it may break, the application may not.

Run as a script with a path and the titles of the sheets to read. It needs nothing of the
application, limits its own memory, time, files and network, looks at the zip archive before any
parser does (S68, S69), and then writes one JSON value per line:

``["refused", code, detail]``, ``["sheets", [titles]]``, ``["sheet", title, rows, columns]``,
``[row number, [cells]]``. A date is ``["d", "2024-01-31"]``.
"""

import ctypes
import json
import re
import resource
import struct
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from math import isfinite
from typing import Any, BinaryIO

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
OPEN_FILES = 16

MAX_MEMBERS = 2000
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
SMALL = 1024 * 1024
"""Members below this size may be packed tighter: an empty sheet of a real program is."""
CHUNK = 1024 * 1024
OVERLAP = 4096

LOCAL_HEADER = struct.Struct("<4s5H3I2H")
END_RECORD = struct.Struct("<4s4H2IH")
ENCRYPTED, SIZES_LATER = 0x1, 0x8
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"\xd0\xcf\x11\xe0")

ACTIVE = re.compile(r"vbaproject\.bin|/activex/|/ctrlprops/|macrosheets/|/dialogsheets/", re.I)
EMBEDDED = re.compile(r"/embeddings/|\.ole$|oleobject", re.I)
EXTERNAL = re.compile(r"/externallinks/|/connections\.xml|/querytables/|/model/item", re.I)
XML = re.compile(r"\.(xml|rels|vml)$", re.I)

DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.I)
MACRO_TYPE = re.compile(rb"macroEnabled|ms-office\.vbaProject", re.I)
FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]+\d+)\"[^>]*>(?:(?!</(?:\w+:)?c>).)*\Z", re.S)
OUTSIDE = re.compile(rb"<Relationship\b[^>]*TargetMode=\"External\"[^>]*>", re.I)


class Refused(Exception):
    """Why the file is not read: a code and, where it helps, the place."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def confine() -> None:
    """Give up memory, time, files and network that reading one workbook does not need."""
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    new_user, new_network = 0x10000000, 0x40000000
    # Where the kernel forbids it the other limits remain.
    ctypes.CDLL(None, use_errno=True).unshare(new_user | new_network)


def check_archive(file: BinaryIO, part: str = "xl/workbook.xml", *, formulas: bool = False) -> None:
    """Refuse an archive that an office program would not have written. Raises Refused.

    ``part`` is the member that makes it a workbook or a text; ``formulas`` lets them stand, in
    files that are kept and never calculated.
    """
    check_directory_size(file)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_names([member.filename for member in members], part)
            _check_sizes(members)
            for member in members:
                _check_local_header(file, member)
            for member in members:
                _check_content(archive, member, formulas=formulas)
    except (zipfile.BadZipFile, EOFError, struct.error, OverflowError, ValueError) as error:
        raise Refused("broken", str(error)) from error
    except (NotImplementedError, RuntimeError) as error:
        raise Refused("encrypted", str(error)) from error


def check_directory_size(file: BinaryIO) -> None:
    """Count the members by the end record: a directory of a million entries is not even read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65557))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END_RECORD.size:
        raise Refused("broken", "no end record")
    record = END_RECORD.unpack_from(tail, at)
    if record[4] > MAX_MEMBERS:
        raise Refused("members", str(record[4]))
    if b"PK\x06\x07" in tail[:at]:
        raise Refused("broken", "zip64")


def _check_names(names: list[str], part: str) -> None:
    folded = [name.casefold() for name in names]
    if len(set(folded)) != len(folded):
        raise Refused("broken", "repeated name")
    if "[content_types].xml" not in folded or part not in folded:
        raise Refused("not_xlsx")
    for name in names:
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
            raise Refused("broken", "path")
        if not name.isprintable():
            raise Refused("broken", "unprintable name")
        for pattern, code in ((ACTIVE, "macros"), (EMBEDDED, "embedded"), (EXTERNAL, "external")):
            if pattern.search("/" + name):
                raise Refused(code, name)


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Refused("bomb", "size")
    for member in members:
        packed = max(member.compress_size, 1)
        if member.file_size > SMALL and member.file_size / packed > MAX_RATIO:
            raise Refused("bomb", "ratio")
    spans = sorted((member.header_offset, member.compress_size) for member in members)
    for (start, length), (following, _) in pairwise(spans):
        if start + LOCAL_HEADER.size + length > following:
            raise Refused("broken", "overlap")


def _check_local_header(file: BinaryIO, member: zipfile.ZipInfo) -> None:
    file.seek(member.header_offset)
    header = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    _, _, flags, method, _, _, crc, packed, size, name_length, _ = header
    name = file.read(name_length)
    if (flags | member.flag_bits) & ENCRYPTED:
        raise Refused("encrypted")
    if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("broken", "compression")
    central = member.orig_filename.encode("utf-8"), member.orig_filename.encode("cp437", "replace")
    same_sizes = (crc, packed, size) == (member.CRC, member.compress_size, member.file_size)
    if header[0] != b"PK\x03\x04" or method != member.compress_type or name not in central:
        raise Refused("broken", "headers differ")
    if not same_sizes and not flags & SIZES_LATER:
        raise Refused("broken", "headers differ")


def _check_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, formulas: bool) -> None:
    """Unpack once, counting; look for what must not be inside. The checksum is checked too."""
    name = member.filename.lower()
    before = b""
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            if not before and chunk.startswith(ARCHIVES):
                raise Refused("embedded", member.filename)
            window = before + chunk
            if XML.search(name):
                _check_xml(name, window)
                if not formulas and name.startswith("xl/worksheets/"):
                    _check_formula(window)
            before = window[-OVERLAP:]


def _check_xml(name: str, window: bytes) -> None:
    if b"\0" in window:
        raise Refused("broken", "encoding")
    if DOCTYPE.search(window):
        raise Refused("doctype", name)
    if name == "[content_types].xml" and MACRO_TYPE.search(window):
        raise Refused("macros", name)
    if name.endswith(".rels"):
        for found in OUTSIDE.finditer(window):
            # A web address in a cell is such a relation too, and harmless: it is not followed.
            if b'/hyperlink"' not in found.group():
                raise Refused("external", name)


def _check_formula(window: bytes) -> None:
    if formula := FORMULA.search(window):
        cell = CELL.search(window[max(0, formula.start() - OVERLAP) : formula.start()])
        raise Refused("formula", cell.group(1).decode() if cell else "")


def rows(path: str, order: list[str]) -> Iterator[list[Any]]:
    """What the workbook holds, line by line; empty rows are left out.

    Sheets come in the given ``order``; the others are named but not read.
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    with CalamineWorkbook.from_path(path) as workbook:
        kinds = {item.name: item.typ for item in workbook.sheets_metadata}
        yield ["sheets", list(kinds)]
        for title in order:
            if title not in kinds:
                continue
            if kinds[title] != SheetTypeEnum.WorkSheet:
                raise Refused("chart", title)
            sheet = workbook.get_sheet_by_name(title)
            yield ["sheet", title, sheet.height, sheet.width]
            left = sheet.start[1] if sheet.start else 0
            # Rows come from the first row of the sheet on, but cells from the first used column.
            for number, cells in enumerate(sheet.iter_rows(), 1):
                if any(cell != "" for cell in cells):
                    yield [number, [""] * left + [_plain(cell) for cell in cells]]


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return ["d", cell.date().isoformat()]
    if isinstance(cell, date):
        return ["d", cell.isoformat()]
    if isinstance(cell, time | timedelta) or (isinstance(cell, float) and not isfinite(cell)):
        return str(cell)
    return cell


def main(path: str, order: list[str]) -> None:
    """Check, then read; every ending but a killed process is told on standard output."""
    confine()
    out = sys.stdout
    try:
        with open(path, "rb") as file:
            check_archive(file)
        for line in rows(path, order):
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    except Refused as refusal:
        out.write(json.dumps(["refused", refusal.code, refusal.detail]) + "\n")
    except MemoryError:
        out.write('["refused", "memory", ""]\n')
    except Exception as error:  # any other trouble is the file's; calamine has a dozen errors
        out.write(json.dumps(["refused", "broken", type(error).__name__]) + "\n")
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
