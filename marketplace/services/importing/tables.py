"""Small lists out of a file of one sheet: Excel through the confined process, or CSV."""

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from marketplace.errors import Invalid
from marketplace.schemas.import_cells import Cell
from marketplace.services.importing import reader

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 500
Line = tuple[int, dict[str, Cell]]
"""Number of the row as people see it, and its cells by heading."""


def read(
    file: BinaryIO, title: str, headings: Sequence[str], required: Sequence[str]
) -> list[Line]:
    """The rows of ``file`` by heading; the first row names the columns.

    ``title``: the sheet of a workbook. Raises Invalid (``file``): what is not a list, headings
    that are unknown or missing, too many rows.
    """
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _refused(f"文件超过 {MAX_BYTES // 2**20} MB")
    rows = _workbook(data, title) if data.startswith(reader.ZIP_START) else _text(data)
    number, first = next(rows, (0, []))
    names = [str(cell).strip().rstrip("*") for cell in first]
    missing = [name for name in required if name not in names]
    unknown = [name for name in names if name and name not in headings]
    if not number or missing or unknown:
        wrong = (
            "缺少的列：" + "、".join(missing) if missing else "不认识的列：" + "、".join(unknown)
        )
        raise _refused(f"{wrong[:120]}。第一行应为：{'，'.join(headings)}")
    found = [
        (at, {name: cell for name, cell in zip(names, cells, strict=False) if name})
        for at, cells in rows
        if any(str(cell).strip() for cell in cells)
    ]
    if not found:
        raise _refused("没有内容")
    if len(found) > MAX_ROWS:
        raise _refused(f"最多{MAX_ROWS}行，请分几次导入")
    return found


def _refused(text: str) -> Invalid:
    return Invalid(fields={"file": [text]})


def _text(data: bytes) -> Iterator[tuple[int, list[Cell]]]:
    """CSV as office programs here write it: UTF-8, or GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _refused("不是 Excel 或 CSV 文件")
    if "\x00" in text:
        raise _refused("不是 Excel 或 CSV 文件")
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), strict=True), 1):
            yield number, list(cells)
    except csv.Error:
        raise _refused("CSV 文件的引号不配对") from None


def _workbook(data: bytes, title: str) -> Iterator[tuple[int, list[Cell]]]:
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as kept:
        kept.write(data)
        kept.flush()
        try:
            rows = list(reader.one_sheet(Path(kept.name), title))
        except Invalid as error:
            raise _refused(f"{error.message}。{error.remedy}") from None
    if not rows:
        raise _refused(f"没有名为“{title}”的工作表")
    yield from rows
