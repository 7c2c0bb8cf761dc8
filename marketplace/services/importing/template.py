"""The workbook people fill in: one sheet per kind of row, drop-downs, notes; or filled with rows.

Cells are written as texts, numbers and dates, never as formulas or links (S60).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from marketplace.schemas.import_cells import Words
from marketplace.schemas.import_columns import SHEETS
from marketplace.schemas.import_sheets import Column, Kind, Sheet
from marketplace.schemas.imports import Vocabulary, words_of
from marketplace.services.importing.reader import GUIDE_TITLE, OPTIONS_TITLE

VALIDATED_ROWS = 100_000
LISTED = (Kind.CHOICE, Kind.TERM, Kind.ROUND, Kind.YES_NO)
LONGEST_NOTE = 250
WIDE = 40

KIND_NAMES = {
    Kind.TEXT: "文字",
    Kind.NAME: "文字（一行）",
    Kind.LINES: "多项文字",
    Kind.USCC: "18位代码",
    Kind.INTEGER: "整数",
    Kind.MONEY: "金额（元）",
    Kind.SCORE: "分数",
    Kind.DATE: "日期",
    Kind.YES_NO: "是或否",
    Kind.CHOICE: "下拉选择",
    Kind.TERM: "下拉选择",
    Kind.TERMS: "多选",
    Kind.ROUND: "下拉选择",
    Kind.METRICS: "多项指标",
}
CREATED = datetime(2026, 1, 1, tzinfo=UTC)  # equal rows make equal files
GUIDANCE = (
    "1. 每个工作表一类数据，第一行是列名，不要改动；红底列必填。不需要的工作表可以留空。",
    "2. 各表靠统一社会信用代码相连：单位先在“机构”表中或已经登记，才能有产品、案例、人员。",
    "3. 导入前整体检查：有一处错误就全部不导入，并在同一文件中逐行标出错误。",
    "4. 重复导入同一文件不会产生重复数据；人工改过的内容保留，并在结果中说明。",
    "5. 不要使用公式、宏、外部链接和密码。",
)
Rows = Mapping[str, Iterable[Mapping[str, Any]]]


def write(path: Path, vocabulary: Vocabulary, rows: Rows | None = None) -> None:
    """Write the template to ``path``; ``rows`` (by sheet code, typed values) fill it."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": CREATED})
        writer = _Writer(book, vocabulary)
        writer.guide()
        lists = writer.options()
        for sheet in SHEETS:
            writer.sheet(sheet, lists, (rows or {}).get(sheet.code, ()))


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, vocabulary: Vocabulary) -> None:
        self._book = book
        self._vocabulary = vocabulary
        wrap = {"text_wrap": True, "valign": "top"}
        head = {"bold": True, "font_color": "white", "valign": "vcenter", "border": 1}
        self._text = book.add_format({"num_format": "@", **wrap})
        self._date = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
        self._money = book.add_format({"num_format": "#,##0.00", "valign": "top"})
        self._plain = book.add_format({"valign": "top"})
        self._wrap = book.add_format(wrap)
        self._bold = book.add_format({"bold": True})
        self._needed = book.add_format({**head, "bg_color": "#B42318"})
        self._header = book.add_format({**head, "bg_color": "#175CD3"})

    def guide(self) -> None:
        """The first sheet: what each column takes."""
        page = self._book.add_worksheet(GUIDE_TITLE)
        for column, width in enumerate((12, 22, 14, 8, 60, 44)):
            page.set_column(column, column, width)
        for row, text in enumerate(GUIDANCE):
            page.write_string(row, 0, text)
        for column, text in enumerate(("工作表", "列", "填写方式", "必填", "说明", "示例")):
            page.write_string(6, column, text, self._header)
        row = 7
        for sheet in SHEETS:
            page.write_string(row, 0, sheet.title, self._bold)
            page.write_string(row, 4, sheet.note)
            for item in sheet.columns:
                row += 1
                cells = (sheet.title, item.header, KIND_NAMES[item.kind],
                         "是" if item.required else "", item.note, item.example)  # fmt: skip
                for column, text in enumerate(cells):
                    page.write_string(row, column, text, self._wrap)
            row += 1
        page.freeze_panes(7, 0)

    def options(self) -> dict[str, str]:
        """The hidden sheet with the lists of the drop-downs; answers list → range."""
        lists: dict[str, Sequence[str]] = {}
        for sheet in SHEETS:
            for column in sheet.columns:
                if column.kind in (Kind.CHOICE, Kind.TERM, Kind.ROUND):
                    shown = words_of(column, self._vocabulary).shown
                    keys = shown if column.kind is Kind.ROUND else shown.values()
                    lists[_list_name(column)] = list(keys)
        page = self._book.add_worksheet(OPTIONS_TITLE)
        page.hide()
        columns = list(lists.values())
        for row in range(max(map(len, columns), default=0)):
            for at, words in enumerate(columns):
                if row < len(words):
                    page.write_string(row, at, words[row])
        ranges = {}
        for at, (name, words) in enumerate(lists.items()):
            letter = xl_col_to_name(at)
            ranges[name] = f"='{OPTIONS_TITLE}'!${letter}$1:${letter}${max(len(words), 1)}"
        return ranges

    def sheet(
        self, sheet: Sheet, lists: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """One sheet: header, formats, drop-downs, then the rows."""
        page = self._book.add_worksheet(sheet.title)
        page.freeze_panes(1, 2)
        for at, column in enumerate(sheet.columns):
            width = WIDE if column.limit > 500 else max(12, 2 * len(column.header) + 4)
            page.set_column(at, at, width, self._format(column))
            _validate(page, at, column, lists)
        for at, column in enumerate(sheet.columns):
            style = self._needed if column.required else self._header
            page.write_string(0, at, column.header, style)
        words = [words_of(column, self._vocabulary) for column in sheet.columns]
        for number, row in enumerate(rows, 1):
            for at, column in enumerate(sheet.columns):
                value = row.get(column.name)
                if value not in (None, "", []):
                    self._cell(page, (number, at), column, shown(column, value, words[at]))

    def _cell(self, page: Worksheet, place: tuple[int, int], column: Column, value: Any) -> None:
        style = self._format(column)
        if isinstance(value, date):
            page.write_datetime(*place, value, style)
        elif isinstance(value, int | float | Decimal):
            page.write_number(*place, value, style)
        else:
            page.write_string(*place, str(value), style)

    def _format(self, column: Column) -> Format:
        special = {Kind.DATE: self._date, Kind.MONEY: self._money, Kind.INTEGER: self._plain}
        return special.get(column.kind, self._text)


def shown(column: Column, value: Any, words: Words) -> Any:
    """A typed value as a person would write it into the cell."""
    match column.kind:
        case Kind.CHOICE | Kind.TERM:
            return words.shown.get(value, value)
        case Kind.TERMS:
            return "、".join(words.shown.get(code, code) for code in value)
        case Kind.LINES:
            return "\n".join(value)
        case Kind.YES_NO:
            return "是" if value else "否"
        case Kind.METRICS:
            return "\n".join(_metric_line(item) for item in value)
    return value


def _metric_line(item: Mapping[str, Any]) -> str:
    names = ("metric", "before", "after", "unit", "measured_by", "period")
    return "｜".join(str(item.get(name) or "") if name not in ("before", "after")
                     else str(item[name]) for name in names).rstrip("｜")  # fmt: skip


def _list_name(column: Column) -> str:
    if column.kind is Kind.ROUND:
        return "round"
    return column.vocabulary or f"choice {'/'.join(column.choices)}"


def _validate(page: Worksheet, at: int, column: Column, lists: Mapping[str, str]) -> None:
    note = "；".join(text for text in (("必填" if column.required else ""), column.note) if text)
    rule: dict[str, Any] = {"validate": "any"}
    if column.kind is Kind.YES_NO:
        rule = {"validate": "list", "source": ["是", "否"]}
    elif column.kind in LISTED:
        rule = {"validate": "list", "source": lists[_list_name(column)]}
        rule["error_title"], rule["error_message"] = "不在选项中", "请从下拉列表中选择。"
    if note:
        rule["input_title"] = column.header[:32]
        rule["input_message"] = note[:LONGEST_NOTE]
    if len(rule) > 1:
        page.data_validation(1, at, VALIDATED_ROWS, at, rule)
