"""Periods and duties: keys, first and last days, due days, what goes with the last of the year."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.programmes import duties
from tests import factories


@pytest.mark.parametrize(
    ("key", "since", "until", "label"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2026年"),
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31), "2024年第1季度"),
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31), "2026年第4季度"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024年2月"),
    ],
)
def test_a_key_names_first_and_last_day(key, since, until, label):
    found = duties.period(key)
    assert (found.since, found.until, found.label) == (since, until, label)


@pytest.mark.parametrize("key", ["", "26", "2026Q5", "2026-13", "2026Q1 ", "2026q1"])
def test_other_keys_are_refused(key):
    with pytest.raises(ValueError, match="not a period"):
        duties.period(key)


@given(st.sampled_from(["year", "quarter", "month"]), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_day_lies_in_one_period_and_periods_touch(every, day):
    found = duties.period_of(every, day)
    assert found.since <= day <= found.until
    assert duties.period(found.key) == found
    following = duties.period_of(every, found.until + timedelta(days=1))
    assert following.since == found.until + timedelta(days=1) and following.key > found.key


def only(programme: str) -> duties.Duty:
    (duty,) = duties.of(factories.programmes()[programme])
    return duty


def test_liaocheng_reports_each_quarter_and_sums_up_the_year_with_the_fourth():
    duty = only("lc-2021")
    spring, winter = duties.period("2026Q1"), duties.period("2026Q4")
    # Article 19: the district's summary is due on the 25th of the following month, the platform
    # reports ten days before (our reading)
    assert (duty.final_day(spring), duty.due_day(spring)) == (date(2026, 4, 25), date(2026, 4, 15))
    assert (duty.asks_year(spring), duty.asks_year(winter)) == (False, True)
    assert list(duty.texts(year=True).values()) == [
        "工作开展情况",
        "本年度工作总结",
        "下年度工作计划",
    ]
    assert list(duty.texts(year=False).values()) == ["工作开展情况"]


def test_qingdao_and_chongqing():
    quarterly, yearly = only("qd-2024"), only("cq-2013")
    assert quarterly.due_day(duties.period("2026Q4")) == date(2027, 1, 25)
    assert quarterly.asks_year(duties.period("2026Q4")) is False
    assert quarterly.latest(date(2026, 3, 31)).key == "2025Q4"
    assert quarterly.latest(date(2026, 4, 1)).key == "2026Q1"
    # due on the last day of its own year, so it is opened a month before
    assert yearly.due_day(duties.period("2026")) == date(2026, 12, 31)
    assert [yearly.latest(day).key for day in (date(2026, 11, 30), date(2026, 12, 1))] == [
        "2025", "2026",
    ]  # fmt: skip
    assert [span.key for span in quarterly.between("2025Q3", duties.period("2026Q1"))] == [
        "2025Q4", "2026Q1",
    ]  # fmt: skip


def test_programmes_without_a_duty_owe_nothing():
    assert [duties.of(factories.programmes()[name]) for name in ("zz-2021", "zj-2021")] == [[], []]
