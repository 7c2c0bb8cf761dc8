"""Read a workbook through a confined process (S68–S70): sheets, then rows, as a stream."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

import orjson

from marketplace.errors import Invalid
from marketplace.schemas.import_cells import Cell
from marketplace.schemas.import_columns import BY_TITLE, ERROR_HEADER, SHEETS
from marketplace.schemas.import_sheets import Sheet
from marketplace.services.importing.refusals import TEMPLATE_REMEDY, refusal
from marketplace.services.importing.workbook_process import Refused, check_directory_size

PROCESS = Path(__file__).with_name("workbook_process.py")
MAX_BYTES = 40 * 1024 * 1024
MAX_ROWS = 200_000
GUIDE_TITLE, OPTIONS_TITLE = "填写说明", "选项"
IGNORED_SHEETS = (GUIDE_TITLE, OPTIONS_TITLE)
ZIP_START, OLE_START = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class SheetStart:
    """A sheet begins. ``fields``: the field of each column, None for one that is ignored."""

    sheet: Sheet
    fields: tuple[str | None, ...]
    rows: int

    @property
    def present(self) -> tuple[str, ...]:
        """The fields whose column is there."""
        return tuple(name for name in self.fields if name)


class RawRow(NamedTuple):
    """One row as it stands in the file; ``number`` is the row number people see."""

    number: int
    cells: list[Cell]


def check_outside(file: BinaryIO, max_bytes: int = MAX_BYTES) -> None:
    """Refuse by size, first bytes and number of members: nothing is unpacked. Raises Invalid."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise refusal("empty")
    if size > max_bytes:
        raise refusal("too_large", f"{size / 2**20:.1f} MB，上限 {max_bytes // 2**20} MB")
    file.seek(0)
    start = file.read(4)
    if start == OLE_START:
        raise refusal("old_or_encrypted")
    if start != ZIP_START:
        raise refusal("not_xlsx")
    try:
        check_directory_size(file)
    except Refused as refused:
        raise refusal(refused.code, refused.detail) from None
    file.seek(0)


@contextmanager
def opened(path: Path, max_bytes: int = MAX_BYTES) -> Iterator[Iterator[SheetStart | RawRow]]:
    """The contents of a workbook, streamed. Raises Invalid for what is refused, at any point."""
    with _started(path, max_bytes, *(s.title for s in SHEETS)) as process:
        yield _contents(process)


def one_sheet(path: Path, title: str) -> Iterator[tuple[int, list[Cell]]]:
    """The rows of one sheet with their numbers; none where there is no such sheet.

    Raises Invalid for what is refused.
    """
    with _started(path, MAX_BYTES, title) as process:
        if process.stdout is None:
            raise AssertionError("the process was started with a pipe")
        for line in _lines(process.stdout):
            if line[0] == "refused":
                raise refusal(line[1], line[2])
            if isinstance(line[0], int):
                yield line[0], line[1]
        _check_end(process.wait())


@contextmanager
def _started(path: Path, max_bytes: int, *titles: str) -> Iterator[subprocess.Popen[bytes]]:
    """The confined process on a file, told which sheets to read; it is gone afterwards."""
    with path.open("rb") as file:
        check_outside(file, max_bytes)
    # Nothing of our environment goes along; -I also keeps the folder of the script off the path.
    process = subprocess.Popen(  # noqa: S603  our own interpreter and script
        [sys.executable, "-I", str(PROCESS), str(path.resolve()), *titles],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONUTF8": "1"},
        cwd="/",
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _contents(process: subprocess.Popen[bytes]) -> Iterator[SheetStart | RawRow]:
    if process.stdout is None:
        raise AssertionError("the process was started with a pipe")
    title, rows, header_due, total = "", 0, False, 0
    for line in _lines(process.stdout):
        if line[0] == "sheet":
            title, rows, header_due = line[1], line[2], True
        elif line[0] == "sheets":
            _check_titles(line[1])
        elif line[0] == "refused":
            raise refusal(line[1], line[2])
        elif header_due:
            header_due = False
            sheet = BY_TITLE[title]
            yield SheetStart(sheet, _fields(sheet, line[1]), rows - 1)
        else:
            total += 1
            yield RawRow(line[0], line[1])
        if total > MAX_ROWS:
            raise refusal("rows", f"上限 {MAX_ROWS:,} 行")
    _check_end(process.wait())


def _lines(stream: IO[bytes]) -> Iterator[list[Any]]:
    for line in stream:
        try:
            yield orjson.loads(line)
        except ValueError:
            return  # cut off: the exit code says why


def _check_end(status: int) -> None:
    if status == -signal.SIGXCPU:
        raise refusal("cpu")
    if status in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGKILL):
        raise refusal("memory")  # the parser ends like this when it gets no more memory
    if status != 0:
        raise refusal("broken")


def _check_titles(titles: list[str]) -> None:
    wrong = [title for title in titles if title not in BY_TITLE and title not in IGNORED_SHEETS]
    known = "、".join(BY_TITLE)
    if wrong:
        raise Invalid(
            f"有不认识的工作表：{'、'.join(wrong)[:100]}",
            remedy=f"只能有这些工作表：{known}。{TEMPLATE_REMEDY}",
        )
    if not set(titles) & set(BY_TITLE):
        raise Invalid(
            "没有可以导入的工作表", remedy=f"至少要有其中之一：{known}。{TEMPLATE_REMEDY}"
        )


def _fields(sheet: Sheet, cells: list[Cell]) -> tuple[str | None, ...]:
    """The field of each column by its header. Raises Invalid for unknown, missing, repeated."""
    by_header = {column.header: column for column in sheet.columns}
    headers = [str(cell).strip().rstrip("*") for cell in cells]
    named = [header for header in headers if header and header != ERROR_HEADER]
    missing = [c.header for c in sheet.columns if c.required and c.header not in named]
    problems = {
        "不认识的列": [header for header in named if header not in by_header],
        "重复的列": sorted({header for header in named if named.count(header) > 1}),
        "缺少的列": missing,
    }
    found = [f"{what}：{'、'.join(which)[:100]}" for what, which in problems.items() if which]
    if found:
        raise Invalid(f"工作表“{sheet.title}”{'；'.join(found)}", remedy=TEMPLATE_REMEDY)
    return tuple(
        by_header[header].name if header and header != ERROR_HEADER else None for header in headers
    )
