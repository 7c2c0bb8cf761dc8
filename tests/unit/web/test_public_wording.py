"""How figures of cases, prices and addresses are written on the public pages."""

from decimal import Decimal

import pytest
from werkzeug.datastructures import MultiDict

from marketplace.services.choosing.compare import Group, Row, only_different, wan_range
from marketplace.services.searching.vocabulary import Vocabulary, Word
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import category_name, money, price_range
from marketplace.web.public.metrics import metrics

WORDS = Vocabulary(
    {
        "outcome_metric": {
            "oee": Word("oee", "设备综合效率", data={"direction": "up"}),
            "days": Word("days", "交付周期", data={"direction": "down"}),
        },
        "category": {
            "mes": Word("mes", "制造执行系统", "MES"),
            "remote": Word("remote", "远程运维平台", "远程运维"),
            "portal": Word("portal", "门户"),
        },
    }
)


def figure(metric: str, before: float, after: float, unit: str) -> tuple[str, str, bool]:
    (shown,) = metrics([{"metric": metric, "before": before, "after": after, "unit": unit}], WORDS)
    return shown["name"], shown["change"], shown["good"]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (("oee", 58, 71, "%"), ("设备综合效率", "提高 13 个百分点", True)),
        (("oee", 71, 58.4, "%"), ("设备综合效率", "降低 12.6 个百分点", False)),
        (("days", 20, 12.5, "天"), ("交付周期", "降低 37.5%", True)),
        (("交付周期", 12, 18, "天"), ("交付周期", "提高 50.0%", False)),
        (("days", 12, 12, "天"), ("交付周期", "持平", True)),
        (("自写指标", 0, 30, "次"), ("自写指标", "提高 30 次", True)),
        (("自写指标", 9, 3, "次"), ("自写指标", "降低 66.7%", True)),
    ],
)  # fmt: skip
def test_changes_in_words(row, shown):
    assert figure(*row) == shown


def test_figures_keep_no_needless_zeros():
    (shown,) = metrics(
        [{"metric": "oee", "before": 58.0, "after": 71.25, "unit": "%", "period": "2025年"}], WORDS
    )
    assert (shown["before"], shown["after"], shown["measured_by"], shown["period"]) == (
        "58", "71.25", "", "2025年",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, ""),
        (128000, "12.8 万元"),
        (100000, "10 万元"),
        (12345678, "1,234.57 万元"),
        (0, "0 万元"),
    ],
)
def test_money(amount, text):
    assert money(amount) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(120000, 200000, "12–20 万元"), (35000, 35000, "3.5 万元"), (None, 1, ""), (None, None, "")],
)
def test_price_range(low, high, text):
    assert price_range(low, high) == text


def test_amounts_of_a_comparison_have_two_decimals():
    assert wan_range([Decimal(200000), None, Decimal(45000)]) == "4.50–20.00"
    assert wan_range([Decimal(45000)]) == "4.50"
    assert wan_range([None]) == ""


@pytest.mark.parametrize(
    ("code", "text"),
    [("mes", "MES 制造执行系统"), ("remote", "远程运维"), ("portal", "门户"), ("x", "x")],
)
def test_categories_are_called_by_both_names(code, text):
    assert category_name(WORDS, code) == text


def test_only_different_rows_and_their_groups_stay():
    same, different = Row("a", ("x", "x")), Row("b", (("x",), ("y",)))
    groups = (Group("1", (same,)), Group("2", (same, different)))
    assert only_different(groups) == (Group("2", (different,)),)


def test_addresses_keep_order_and_repetition():
    params = MultiDict([("q", "注塑 MES"), ("segment", "a"), ("segment", "b")])
    assert address("/x", params) == "/x?q=%E6%B3%A8%E5%A1%91+MES&segment=a&segment=b"
    assert address("/x", []) == "/x"
