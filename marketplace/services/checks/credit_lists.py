"""A list of credit findings as a small Excel or CSV file: all of it is written, or nothing."""

from collections.abc import Callable
from datetime import date
from typing import Any, BinaryIO

from marshmallow import ValidationError

from marketplace.errors import Invalid
from marketplace.schemas import import_cells as cells
from marketplace.schemas.import_cells import Cell
from marketplace.services.checks.credit_findings import Given
from marketplace.services.importing import tables

SHEET = "信用信息"
COLUMNS: dict[str, tuple[str, Callable[[Cell], Any]]] = {
    "统一社会信用代码": ("uscc", cells.credit_code),
    "单位名称": ("name", lambda cell: cells.name(cell, 120)),
    "原因代码": ("cause", lambda cell: cells.text(cell, 20).upper()),
    "认定日期": ("found_on", lambda cell: date.fromisoformat(cells.day(cell))),
    "来源文件": ("source", lambda cell: cells.text(cell, 200)),
    "说明": ("detail", lambda cell: cells.text(cell, 4000)),
}
"""By heading: the field and how its cells are read."""
REQUIRED = ("统一社会信用代码", "原因代码", "认定日期", "来源文件")


def read(file: BinaryIO) -> list[tuple[int, Given]]:
    """The findings of a file with the numbers of their rows. Raises Invalid (``file``)."""
    found: list[tuple[int, Given]] = []
    wrong: list[str] = []
    for number, row in tables.read(file, SHEET, tuple(COLUMNS), REQUIRED):
        try:
            found.append((number, Given(**_values(row))))
        except ValidationError as error:
            wrong.append(f"第{number}行：{'；'.join(map(str, error.messages))}")
    if wrong:
        raise Invalid(fields={"file": wrong})
    return found


def _values(row: dict[str, Cell]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for heading, (name, parse) in COLUMNS.items():
        cell = row.get(heading, "")
        if heading in REQUIRED and not str(cell).strip():
            wrong.append(f"“{heading}”没有填写")
            continue
        try:
            if cell != "" or heading in REQUIRED:
                values[name] = parse(cell)
        except ValidationError as error:
            wrong.append(f"“{heading}”{'；'.join(map(str, error.messages))}")
    if wrong:
        raise ValidationError(wrong)
    return values
