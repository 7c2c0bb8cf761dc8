"""F-X4 and E48: working days as the State Council orders them, each step explained."""

from datetime import date, timedelta
from functools import cache

import chinese_calendar
import holidays
import pytest

from marketplace.clock import WorkingCalendar
from marketplace.errors import Invalid
from marketplace.services.upkeep.seeding import calendar_files, read_calendar

FIRST, LAST = date(2019, 1, 1), date(2026, 12, 31)


@cache
def shipped() -> WorkingCalendar:
    rules, years = {}, {}
    for path in calendar_files():
        content = read_calendar(path)
        rules.update(content.days)
        years[content.year] = content.official
    return WorkingCalendar(rules, years)


def weekdays_only(start: date, days: int) -> date:
    day = start
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


@pytest.mark.parametrize(
    ("start", "end", "naive"),
    [
        (date(2024, 2, 7), date(2024, 2, 20), date(2024, 2, 14)),
        (date(2024, 2, 8), date(2024, 2, 21), date(2024, 2, 15)),
        (date(2024, 9, 27), date(2024, 10, 10), date(2024, 10, 4)),
        (date(2026, 2, 11), date(2026, 2, 25), date(2026, 2, 18)),
        (date(2026, 9, 23), date(2026, 10, 8), date(2026, 9, 30)),
    ],
)
def test_five_working_days_over_a_holiday(start, end, naive):
    assert shipped().add(start, 5) == end
    assert weekdays_only(start, 5) == naive


def test_every_day_equals_two_independent_calendars():
    china = holidays.country_holidays("CN", years=range(2019, 2027))
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    assert len(days) == 2922
    ours = [shipped().is_working(day) for day in days]
    assert ours == [chinese_calendar.is_workday(day) for day in days]
    assert ours == [china.is_working_day(day) for day in days]


def test_one_to_thirty_working_days_from_each_start_equal_the_oracle():
    """All starts 2024-01-01 … 2026-11-15 (features.md §6, row “Clock errors”)."""
    working = [
        day
        for n in range((LAST - FIRST).days + 1)
        if chinese_calendar.is_workday(day := FIRST + timedelta(days=n))
    ]
    start = date(2024, 1, 1)
    while start <= date(2026, 11, 15):
        later = [day for day in working if day > start][:30]
        assert [step.day for step in shipped().count(start, 30) if step.working] == later
        start += timedelta(days=1)


def test_each_step_is_explained():
    steps = shipped().count(date(2024, 2, 8), 5)
    assert [(str(step.day), step.working, step.label, step.number) for step in steps] == [
        ("2024-02-09", True, "工作日", 1),
        ("2024-02-10", False, "春节", 0),
        ("2024-02-11", False, "春节", 0),
        ("2024-02-12", False, "春节", 0),
        ("2024-02-13", False, "春节", 0),
        ("2024-02-14", False, "春节", 0),
        ("2024-02-15", False, "春节", 0),
        ("2024-02-16", False, "春节", 0),
        ("2024-02-17", False, "春节", 0),
        ("2024-02-18", True, "调休上班（春节）", 2),
        ("2024-02-19", True, "工作日", 3),
        ("2024-02-20", True, "工作日", 4),
        ("2024-02-21", True, "工作日", 5),
    ]


def test_a_year_without_calendar_is_refused_with_the_remedy():
    with pytest.raises(Invalid) as refusal:
        shipped().add(date(2027, 12, 29), 5)
    assert refusal.value.message == "工作日历中没有2028年的数据"
    assert refusal.value.remedy == "请先在日历中录入该年的放假安排。"


def test_2027_is_provisional():
    calendar = shipped()
    assert calendar.years == {**dict.fromkeys(range(2019, 2027), True), 2027: False}
    assert calendar.is_official(date(2026, 12, 20), date(2026, 12, 31))
    assert not calendar.is_official(date(2026, 12, 28), date(2027, 1, 5))
