"""Last days as stored instants, by the working-day calendar, with the reason in words."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from marketplace import clock
from marketplace.clock import WorkingCalendar
from marketplace.errors import Invalid

WEEKDAYS = WorkingCalendar({}, dict.fromkeys(range(2000, 2101), False))
"""Monday to Friday: for years that the calendar does not know yet."""


@dataclass(frozen=True)
class Due:
    """``at`` is the exclusive instant, ``on`` its last day, ``note`` why it is that one."""

    at: datetime
    on: date
    note: str = ""


def moved(calendar: WorkingCalendar, day: date) -> Due:
    """``day`` itself, or the next working day after it; the note names the reason."""
    try:
        counted = calendar.count(day - timedelta(days=1), 1)
    except Invalid:
        return Due(clock.end_of_day(day), day, f"工作日历没有{day.year}年的安排，没有顺延")
    last = counted[-1].day
    if last == day:
        return Due(clock.end_of_day(day), day)
    note = f"原定{_said(day)}（{counted[0].label}），顺延到{_said(last)}"
    if not calendar.is_official(day, last):
        note += "（日历暂定）"
    return Due(clock.end_of_day(last), last, note)


def after(calendar: WorkingCalendar, start: date, working_days: int) -> Due:
    """The end of the ``working_days``-th working day after ``start`` (excluded)."""
    try:
        last = calendar.add(start, working_days)
    except Invalid:
        last = WEEKDAYS.add(start, working_days)
        return Due(
            clock.end_of_day(last), last, f"工作日历没有{last.year}年的安排，按周一至周五计算"
        )
    return Due(clock.end_of_day(last), last)


def _said(day: date) -> str:
    return f"{day.month}月{day.day}日"
