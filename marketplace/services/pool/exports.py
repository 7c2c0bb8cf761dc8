"""Excel files of lists and boards: every cell is text or a number, never a formula (S60)."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
WIDEST = 40

Row = Sequence[Any]
Sheet = tuple[str, Row, Iterable[Row]]
"""Title, column heads, rows."""


def workbook(sheets: Iterable[Sheet]) -> bytes:
    """An xlsx file with a frozen, bold head row on each sheet."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        bold = book.add_format({"bold": True, "bg_color": "#ECEFF3", "text_wrap": True})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        for title, heads, rows in sheets:
            sheet = book.add_worksheet(title[:31])
            sheet.freeze_panes(1, 0)
            widths = [_width(head) for head in heads]
            for column, head in enumerate(heads):
                sheet.write_string(0, column, head, bold)
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    _write(sheet, number, column, value, plain)
                    widths[column] = max(widths[column], _width(value))
            for column, width in enumerate(widths):
                sheet.set_column(column, column, min(width, WIDEST))
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, plain: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(row, column, value, plain)
    else:
        sheet.write_string(row, column, "" if value is None else str(value), plain)


def _width(value: Any) -> int:
    """About as many columns as the text needs; Chinese characters take two."""
    return 2 + sum(2 if ord(char) > 0x2E80 else 1 for char in str(value or ""))
