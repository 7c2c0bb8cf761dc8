"""The only reader of time, and working-day arithmetic.

Times are stored in UTC; days are counted in Asia/Shanghai; deadlines are exclusive instants:
"1月31日24:00" is 2月1日 00:00 +08:00, and that instant is already too late.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketplace.errors import Invalid

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day in Beijing."""
    return now().astimezone(BEIJING).date()


def beijing(instant: datetime) -> datetime:
    """The same instant with Beijing's wall clock."""
    return instant.astimezone(BEIJING)


def start_of_day(day: date) -> datetime:
    """00:00 Beijing time of ``day`` as an aware instant."""
    return datetime.combine(day, time.min, tzinfo=BEIJING)


def end_of_day(day: date) -> datetime:
    """The exclusive end of ``day`` (its "24:00"): 00:00 of the next day, Beijing time."""
    return start_of_day(day + timedelta(days=1))


def last_day(end: datetime) -> date:
    """The day, in Beijing, that an exclusive end is the end of: the last one that counts."""
    return beijing(end - timedelta(microseconds=1)).date()


@dataclass(frozen=True)
class DayRule:
    """One row of the calendar that differs from "Monday to Friday are working days"."""

    working: bool
    label: str


@dataclass(frozen=True)
class CountedDay:
    """One step of a working-day count, for the "怎么算的" list. ``number`` is 0 on days off."""

    day: date
    working: bool
    label: str
    number: int


@dataclass(frozen=True)
class WorkingCalendar:
    """Exceptions by day, and for each year that is known whether it is 官方 (True) or 暂定."""

    exceptions: Mapping[date, DayRule]
    years: Mapping[int, bool]

    def is_official(self, first: date, last: date) -> bool:
        """Whether every year touched by ``first``…``last`` is published by the State Council."""
        return all(self.years.get(y, False) for y in range(first.year, last.year + 1))

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is a working day. Raises ``Invalid`` for a year without a calendar."""
        if day.year not in self.years:
            raise Invalid(
                f"工作日历中没有{day.year}年的数据",
                remedy="请先在日历中录入该年的放假安排。",
            )
        rule = self.exceptions.get(day)
        return rule.working if rule else day.weekday() < 5

    def count(self, start: date, days: int) -> list[CountedDay]:
        """Days after ``start`` (excluded) up to the ``days``-th working day, each explained."""
        if days < 1:
            raise Invalid("工作日天数应不小于1")
        counted: list[CountedDay] = []
        day, number = start, 0
        while number < days:
            day += timedelta(days=1)
            working = self.is_working(day)
            number += working
            counted.append(CountedDay(day, working, self._label(day, working), number * working))
        return counted

    def add(self, start: date, days: int) -> date:
        """The ``days``-th working day after ``start``."""
        return self.count(start, days)[-1].day

    def _label(self, day: date, working: bool) -> str:
        rule = self.exceptions.get(day)
        if rule:
            return rule.label
        return "工作日" if working else "周末"
