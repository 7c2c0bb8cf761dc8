"""The rows are rows of the import workbook: same columns, and its reader takes each of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from marketplace.demo.dataset import build
from marketplace.schemas.import_cells import Words
from marketplace.schemas.import_columns import BY_CODE, SHEETS
from marketplace.schemas.import_sheets import Column, Kind
from marketplace.schemas.imports import SheetReader, describe
from tests.unit.demo.conftest import Rows

METRIC = ("metric", "before", "after", "unit", "measured_by", "period")


def cell(column: Column, value: Any) -> Any:
    """What a workbook would hold."""
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, Decimal):
        return str(value)
    if column.kind is Kind.METRICS:
        return "\n".join("｜".join(str(metric[name]) for name in METRIC) for metric in value)
    if isinstance(value, list):
        return ("、" if column.kind is Kind.TERMS else "；").join(value)
    return value


def cells(code: str, row: dict[str, Any]) -> dict[str, Any]:
    sheet = BY_CODE[code]
    return {
        column.name: cell(column, row[column.name])
        for column in sheet.columns
        if row[column.name] not in (None, "", [])
    }


def test_every_call_gives_the_same(data: dict[str, Rows]) -> None:
    assert build() == data


def test_sheets_and_columns_are_those_of_the_workbook(data: dict[str, Rows]) -> None:
    assert list(data) == [sheet.code for sheet in SHEETS]
    for sheet in SHEETS:
        names = {column.name for column in sheet.columns}
        assert [row for row in data[sheet.code] if set(row) != names] == []


@pytest.mark.parametrize("code", [sheet.code for sheet in SHEETS])
def test_the_importer_takes_every_row(
    data: dict[str, Rows], words: dict[str, Words], code: str
) -> None:
    sheet = BY_CODE[code]
    reader = SheetReader(sheet, [column.name for column in sheet.columns], words)
    refused = {}
    for number, row in enumerate(data[code]):
        read, errors = reader.read(cells(code, row))
        if errors:
            refused[number] = describe(sheet, errors)
        elif code == "cases":
            assert read["metrics"] == row["metrics"]
    assert refused == {}


@pytest.mark.parametrize("code", [sheet.code for sheet in SHEETS])
def test_keys_are_unique(data: dict[str, Rows], code: str) -> None:
    keys = [tuple(row[name] for name in BY_CODE[code].key) for row in data[code]]
    assert len(set(keys)) == len(keys)


def test_every_row_belongs_to_an_organisation_of_the_right_kind(data: dict[str, Rows]) -> None:
    kinds = {row["uscc"]: row["kind"] for row in data["organisations"]}
    for code in ("products", "cases", "people", "memberships", "candidacies", "affiliates"):
        assert {kinds[row["uscc"]] for row in data[code]} == {"provider"}
    assert {kinds[row["affiliate_uscc"]] for row in data["affiliates"]} == {"provider"}
