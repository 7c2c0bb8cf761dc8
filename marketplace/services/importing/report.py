"""Give a file back with what was wrong: the same sheets and rows, one more column in red."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session
from xlsxwriter.worksheet import Worksheet

from marketplace.db import Database
from marketplace.models import ImportRow
from marketplace.phases import RowPhase
from marketplace.schemas.import_cells import Cell
from marketplace.schemas.import_columns import BY_CODE, ERROR_HEADER
from marketplace.services.importing.reader import RawRow, SheetStart, opened

WRONG = (RowPhase.INVALID, RowPhase.FAILED)
Messages = Mapping[tuple[str, int], tuple[str, bool]]
"""Sheet and row number → what to say, and whether it is an error."""


def messages(session: Session, job_id: int) -> Messages:
    """What there is to say about the rows of a job."""
    query = select(ImportRow.sheet, ImportRow.number, ImportRow.message, ImportRow.phase)
    query = query.where(ImportRow.job_id == job_id, ImportRow.message != "")
    return {
        (sheet, number): (text, phase in WRONG)
        for sheet, number, text, phase in session.execute(query)
    }


def write(database: Database, job_id: int, source: Path, path: Path) -> int:
    """Write the report of a job on the file ``source``; answers how many rows carry a message."""
    with database.reading() as session:
        said = messages(session, job_id)
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(path, options) as book, opened(source) as contents:
        writer = _Writer(book, said)
        for item in contents:
            if isinstance(item, SheetStart):
                writer.start(item)
            else:
                writer.row(item)
    return len(said)


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, said: Messages) -> None:
        self._book = book
        self._said = said
        wrap = {"text_wrap": True, "valign": "top"}
        self._text = book.add_format({"num_format": "@", **wrap})
        self._date = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
        self._head = book.add_format({"bold": True, "bg_color": "#EAECF0", "border": 1})
        self._red = book.add_format({"font_color": "#B42318", "bold": True, **wrap})
        self._note = book.add_format({"font_color": "#93370D", **wrap})
        self._start: SheetStart | None = None
        self._page: Worksheet | None = None

    def start(self, start: SheetStart) -> None:
        """A new sheet: the columns of the file, and ours in front where nobody overlooks it."""
        self._start = start
        self._page = self._book.add_worksheet(start.sheet.title)
        self._page.freeze_panes(1, 1)
        self._page.set_column(0, 0, 48)
        self._page.set_column(1, len(start.present), 18)
        self._page.write_string(0, 0, ERROR_HEADER, self._head)
        for at, name in enumerate(start.present, 1):
            self._page.write_string(0, at, start.sheet.column(name).header, self._head)

    def row(self, row: RawRow) -> None:
        """One row in its own place, so that the row numbers in the messages stay right."""
        if self._start is None or self._page is None:
            return
        at = row.number - 1
        text, wrong = self._said.get((self._start.sheet.code, row.number), ("", False))
        if text:
            self._page.write_string(at, 0, text, self._red if wrong else self._note)
        named = [cell for name, cell in zip(self._start.fields, row.cells, strict=False) if name]
        for column, cell in enumerate(named, 1):
            self._cell(self._page, at, column, cell)

    def _cell(self, page: Worksheet, row: int, column: int, cell: Cell) -> None:
        if isinstance(cell, list):
            page.write_datetime(row, column, date.fromisoformat(cell[1]), self._date)
        elif isinstance(cell, bool):
            page.write_boolean(row, column, cell)
        elif isinstance(cell, int | float):
            page.write_number(row, column, cell)
        elif cell:
            page.write_string(row, column, cell, self._text)


def lines(said: Messages, limit: int = 20) -> list[str]:
    """The first messages as lines for a terminal or a page: ``产品 第3行：…``."""
    order = {code: at for at, code in enumerate(BY_CODE)}
    found: list[tuple[Any, str]] = [
        ((order[sheet], number), f"{BY_CODE[sheet].title} 第{number}行：{text}")
        for (sheet, number), (text, _) in said.items()
    ]
    return [line for _, line in sorted(found)[:limit]]
