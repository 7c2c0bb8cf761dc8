"""Cells become plain values: what people write, and what they must not."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from sqlalchemy import String

from marketplace.schemas import import_cells as cells
from marketplace.schemas.import_cells import Words
from marketplace.schemas.import_columns import SHEETS
from marketplace.schemas.import_sheets import Column, Kind
from marketplace.schemas.imports import SheetReader, words_of
from marketplace.services.importing import targets, template
from tests.factories import uscc

SCENES = Words({"planning": "计划排程", "energy": "能耗管理"}, [("排产", "planning")])
plain_text = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cf"), exclude_characters="；;"), max_size=40
)


def refused(convert, *arguments) -> str:
    with pytest.raises(ValidationError) as caught:
        convert(*arguments)
    return caught.value.messages[0]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("  甲 ", "甲"), ("甲\r\n乙", "甲\n乙"), (3.0, "3"), (3.25, "3.25"), (True, "是"),
        ("零\u200b宽", "零宽"), ("e\u0301", "é"), (["d", "2024-01-31"], "2024-01-31"),
    ],
)  # fmt: skip
def test_texts(value, found):
    assert cells.text(value) == found


def test_names_are_one_line_without_hidden_characters():
    assert cells.name(" 甲\n 乙 ") == "甲 乙"
    for hidden in ("\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad"):
        assert refused(cells.name, f"甲{hidden}乙") == "含有看不见的字符，请删除后重新输入"
    for control in ("\x00", "\x1b", "\x9f"):
        assert refused(cells.name, f"甲{control}乙") == "含有控制字符，请重新输入"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1200, "1200.00"), (1200.5, "1200.50"), ("1,200.50", "1200.50"), ("１２", "12.00"),
        ("9.8万", "98000.00"), ("9.8万元", "98000.00"), ("1.5亿", "150000000.00"), (0, "0.00"),
        (0.1 + 0.2, "0.30"),
    ],
)  # fmt: skip
def test_money(value, found):
    assert cells.money(value) == found


@pytest.mark.parametrize(
    "value",
    [-1, "x", "", "1e400000", "NaN", "Infinity", float("nan"), float("inf"), True, 10**15, 0.123,
     "9" * 50, ["d", "2024-01-31"]],
)  # fmt: skip
def test_what_is_no_money(value):
    assert refused(cells.money, value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (["d", "2024-01-31"], "2024-01-31"), ("2024-1-31", "2024-01-31"),
        ("2024/01/31", "2024-01-31"), ("2024.1.31", "2024-01-31"),
        ("2024年1月31日", "2024-01-31"), (" 2024 年 1 月 31 日 ", "2024-01-31"),
    ],
)  # fmt: skip
def test_days(value, found):
    assert cells.day(value) == found


@pytest.mark.parametrize("value", ["2024-02-30", "2024", "31/01/2024", 45322.0, "昨天", ""])
def test_what_is_no_day(value):
    assert refused(cells.day, value).endswith("不是日期，请写成 2024-01-31 的样子")


def test_integers():
    assert (cells.integer(5.0, 9), cells.integer("5", 9)) == (5, 5)
    assert refused(cells.integer, 5.5, 9) == "“5.5”应为整数"
    assert refused(cells.integer, 10, 9) == "应在0至9之间"
    assert refused(cells.integer, 2**63, 9) == "应在0至9之间"
    assert refused(cells.integer, 2**90, 9).endswith("不是数字")


def test_yes_and_no():
    assert (cells.yes_no("是"), cells.yes_no("否"), cells.yes_no(True)) == (True, False, True)
    assert refused(cells.yes_no, "有") == "“有”应为“是”或“否”"


def test_words_are_found_by_name_alias_code_width_and_case():
    for word in ("计划排程", "排产", "planning", " ＰＬＡＮＮＩＮＧ "):
        assert cells.one_of(word, SCENES) == "planning"
    assert cells.some_of("排产、能耗管理，计划排程", SCENES) == ["planning", "energy"]
    assert refused(cells.some_of, "排产、火星", SCENES) == (
        "“火星”不在选项中，可填：计划排程、能耗管理"
    )


def test_credit_codes():
    good = uscc(1)
    assert cells.credit_code(f" {good.lower()} ") == good
    assert refused(cells.credit_code, good[:-1]) == "应为18位，现在是17位"
    assert "校验位不符" in refused(cells.credit_code, good[:-2] + good[-1] + good[-2])


def test_lines():
    assert cells.lines("甲；乙；甲") == ["甲", "乙"]
    assert cells.lines("甲；一\n乙\n\n") == ["甲；一", "乙"]
    assert refused(cells.lines, "甲甲甲", 2) == "不超过2个字，现在是3个字"


def test_metrics():
    assert cells.metrics("换模时间｜58｜41.5｜分钟｜台账|2025年\n合格率 | 82% | 95 | %") == [
        {"metric": "换模时间", "before": 58, "after": 41.5, "unit": "分钟",
         "measured_by": "台账", "period": "2025年"},
        {"metric": "合格率", "before": 82, "after": 95, "unit": "%", "measured_by": "",
         "period": ""},
    ]  # fmt: skip
    assert "应写成" in refused(cells.metrics, "换模时间 58 41")
    assert refused(cells.metrics, "换模时间｜多｜少｜分钟") == "“多”不是数字"


@given(st.one_of(st.text(max_size=60), st.integers(), st.floats(), st.booleans()))
def test_no_cell_breaks_a_converter(value):
    """Anything a cell may hold is either understood or refused with a reason."""
    for convert in (
        cells.text, cells.name, cells.lines, cells.credit_code, cells.money, cells.score,
        cells.day, cells.yes_no, cells.metrics,
        lambda cell: cells.integer(cell, 10), lambda cell: cells.one_of(cell, SCENES),
        lambda cell: cells.some_of(cell, SCENES),
    ):  # fmt: skip
        try:
            convert(value)
        except ValidationError as error:
            assert all(error.messages)


# ---------------------------------------------------------------- written and read again


def column(kind: Kind, **given) -> Column:
    return Column("x", "某列", kind, **given)


def round_trip(kind, value, words=None, **given):
    words = words or Words({})
    shown = template.shown(column(kind, **given), value, words)
    if isinstance(shown, Decimal):
        shown = float(shown)  # that is what a workbook keeps
    if isinstance(shown, date):
        shown = ["d", shown.isoformat()]
    convert = {
        Kind.LINES: cells.lines, Kind.MONEY: cells.money, Kind.DATE: cells.day,
        Kind.METRICS: cells.metrics, Kind.YES_NO: cells.yes_no,
        Kind.TERMS: lambda cell: cells.some_of(cell, words),
        Kind.TERM: lambda cell: cells.one_of(cell, words),
    }[kind]  # fmt: skip
    return convert(shown)


@given(st.lists(plain_text.map(cells.text).filter(bool), min_size=1, max_size=5, unique=True))
def test_lists_of_texts_survive(items):
    assert round_trip(Kind.LINES, items) == items


@given(st.decimals(0, Decimal("999999999.99"), places=2))
def test_amounts_survive(amount):
    assert Decimal(round_trip(Kind.MONEY, amount)) == amount


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_dates_survive(day):
    assert round_trip(Kind.DATE, day) == day.isoformat()


def test_words_survive():
    assert round_trip(Kind.TERM, "planning", SCENES) == "planning"
    assert round_trip(Kind.TERMS, ["energy", "planning"], SCENES) == ["energy", "planning"]
    assert round_trip(Kind.YES_NO, False) is False


# ---------------------------------------------------------------- the declaration


def test_limits_are_those_of_the_tables():
    """A text that the checks let through fits into its column."""
    targets_ = (targets.ORGANISATION, targets.PROVIDER, *targets.CHILDREN.values())
    wrong = [
        (target.name, name, column.limit, target.table.c[name].type.length)
        for target in targets_
        for name, column in target.columns.items()
        if name != targets.PHONE
        and isinstance(target.table.c[name].type, String)
        and target.table.c[name].type.length
        and column.kind in (Kind.TEXT, Kind.NAME)
        and column.limit != target.table.c[name].type.length
    ]
    assert wrong == []


def test_every_column_of_a_target_exists_in_its_table():
    for target in (targets.ORGANISATION, targets.PROVIDER, *targets.CHILDREN.values()):
        names = set(target.columns) - {targets.PHONE}
        assert names <= set(target.table.c.keys())


def test_headers_and_names_are_told_apart():
    for sheet in SHEETS:
        headers = [column.header for column in sheet.columns]
        names = [column.name for column in sheet.columns]
        assert len(set(headers)) == len(headers)
        assert len(set(names)) == len(names)
        assert set(sheet.key) <= {column.name for column in sheet.columns if column.required}
        assert len(sheet.title) <= 31


def test_choices_are_words():
    reader = SheetReader(SHEETS[0], ["uscc", "name", "kind"], {})
    row, errors = reader.read({"uscc": uscc(3), "name": "甲", "kind": "企业"})
    assert (row, errors) == ({"uscc": uscc(3), "name": "甲", "kind": "enterprise"}, {})
    assert words_of(SHEETS[0].column("kind"), {}).shown["provider"] == "服务商"


ROWS = {
    "organisations": {"uscc": uscc(3), "name": "甲", "kind": "服务商", "website": "https://a.example"},
    "products": {
        "uscc": uscc(3), "name": "甲", "scenes": "计划排程", "typical_days": 3.0,
        "list_price_cny": 1200.0, "price_valid_until": ["d", "2027-01-31"],
    },
    "cases": {
        "uscc": uscc(3), "title": "甲", "year": 2025.0, "start_on": "2025-01-06",
        "finish_on": "2025-04-05", "client_consent": "是", "metrics": "换模｜58｜41.5｜分钟",
    },
}  # fmt: skip
OTHERS = ["x", "是", True, 0.0, 7.0, 7.5, -1.0, 1e300, "2024-01-31", ["d", "1999-12-31"], "9.8万"]


@pytest.mark.parametrize("code", ROWS)
def test_the_short_way_through_a_row_ends_where_the_schema_does(code):
    """Right rows do not go through marshmallow: it must find the same in them."""
    sheet = next(sheet for sheet in SHEETS if sheet.code == code)
    right = ROWS[code]
    reader = SheetReader(sheet, list(right), {"scene": SCENES})
    changed = [right | {name: value} for name in right for value in OTHERS]
    lacking = [{n: right[n] for n in right if n != name} for name in right]

    outcomes = []
    for cut in (right, *changed, *lacking):
        row, errors = reader.read(cut)
        try:
            found = reader._schema.load(cut)
        except ValidationError as error:
            assert (row, errors) == ({}, error.messages)
        else:
            assert ({name: row[name] for name in cut}, errors) == (found, {})
            assert row.keys() == right.keys()
        outcomes.append(bool(errors))
    assert outcomes[0] is False
    assert {True, False} <= set(outcomes[1:])
