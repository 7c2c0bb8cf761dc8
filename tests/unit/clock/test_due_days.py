"""Last days by the working-day calendar, with the reason in words."""

from datetime import UTC, date, datetime

import pytest

from marketplace.clock import DayRule, WorkingCalendar
from marketplace.services.calendar import due_days

SPRING = {
    date(2026, 5, day): DayRule(False, "劳动节") for day in range(1, 6)
} | {date(2026, 5, 9): DayRule(True, "调休上班（劳动节）")}  # fmt: skip
KNOWN = WorkingCalendar(SPRING, {2026: True, 2027: False})


@pytest.mark.parametrize(
    ("day", "last", "note"),
    [
        (date(2026, 4, 24), date(2026, 4, 24), ""),
        (date(2026, 4, 25), date(2026, 4, 27), "原定4月25日（周末），顺延到4月27日"),
        (date(2026, 5, 1), date(2026, 5, 6), "原定5月1日（劳动节），顺延到5月6日"),
        (date(2026, 5, 9), date(2026, 5, 9), ""),  # a Saturday on which people work
        (date(2027, 4, 25), date(2027, 4, 26), "原定4月25日（周末），顺延到4月26日（日历暂定）"),
        (date(2028, 4, 23), date(2028, 4, 23), "工作日历没有2028年的安排，没有顺延"),
    ],
)
def test_a_day_off_moves_to_the_next_working_day_and_says_so(day, last, note):
    found = due_days.moved(KNOWN, day)
    assert (found.on, found.note) == (last, note)


def test_the_instant_is_the_exclusive_end_of_the_day_in_beijing():
    assert due_days.moved(KNOWN, date(2026, 4, 25)).at == datetime(2026, 4, 27, 16, tzinfo=UTC)


def test_working_days_after_a_day_and_without_a_calendar():
    assert due_days.after(KNOWN, date(2026, 4, 30), 2).on == date(2026, 5, 7)
    unknown = due_days.after(KNOWN, date(2028, 4, 21), 2)
    assert (unknown.on, unknown.note) == (
        date(2028, 4, 25), "工作日历没有2028年的安排，按周一至周五计算",
    )  # fmt: skip
