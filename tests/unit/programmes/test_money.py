"""Amounts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.programmes import money


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("10亿", 1_000_000_000),
        ("10亿元", 1_000_000_000),
        ("100000万元", 1_000_000_000),
        ("100,000万", 1_000_000_000),
        ("１００，０００ 万元", 1_000_000_000),
        ("1.5亿", 150_000_000),
        ("0.0001万元", 1),
        ("2000000", 2_000_000),
        ("￥2,000,000元", 2_000_000),
        ("人民币200万元", 2_000_000),
        ("0", 0),
    ],
)
def test_parse(text: str, yuan: int) -> None:
    assert money.parse(text) == yuan


def test_a_bare_number_counts_in_the_unit_beside_the_field() -> None:
    assert money.parse("80,000", unit="万元") == 800_000_000
    assert money.parse("8亿", unit="万元") == 800_000_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "十亿",
        "-1",
        "1e9",
        "10 美元",
        "1.2.3",
        "亿",
        "0.5元",
        "0.00001万",
        "99999999999亿",
        "nan",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(money.NotMoney) as refusal:
        money.parse(text)
    assert str(refusal.value).endswith("。")


@pytest.mark.parametrize(
    ("yuan", "text"),
    [
        (1_000_000_000, "10亿元"),
        (150_000_000, "1.5亿元"),
        (2_000_000, "200万元"),
        (12_500, "1.25万元"),
        (12_345, "12345元"),
        (0, "0元"),
    ],
)
def test_show(yuan: int, text: str) -> None:
    assert money.show(yuan) == text


@given(st.integers(0, money.LIMIT - 1))
def test_what_is_shown_reads_back_the_same(yuan: int) -> None:
    assert money.parse(money.show(yuan)) == yuan
