"""Excel files hold texts and numbers only (S60)."""

import io
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from marketplace.services.pool import exports

DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "http://x.example", "{=1}")


def sheet_of(content: bytes, name: str = "名单") -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()


@pytest.mark.parametrize("value", DANGEROUS)
def test_texts_stay_texts(value):
    content = exports.workbook([("名单", ("列",), [(value,)])])
    archive = zipfile.ZipFile(io.BytesIO(content))
    sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert 't="s"' in sheet
    assert not [name for name in archive.namelist() if "externalLink" in name]
    shown = sheet_of(content)[1][0]
    assert isinstance(shown, str)
    assert shown.strip() == value.strip()


def test_numbers_stay_numbers_and_nothing_is_empty():
    content = exports.workbook([("名单", ("a", "b", "c", "d"), [(1, 2.5, None, True)])])
    assert sheet_of(content) == [["a", "b", "c", "d"], [1, 2.5, "", "True"]]


def test_several_sheets_and_long_titles():
    content = exports.workbook([("名单", ("a",), []), ("长" * 40, ("b",), [("x",)])])
    assert sheet_of(content) == [["a"]]
    assert sheet_of(content, "长" * 31) == [["b"], ["x"]]
