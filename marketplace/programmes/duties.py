"""Periodic reports as duties: who owes which report for which period, and until when.

A programme's reports of the tier ``provider…`` are owed by each place in the pool. A report of
another tier that comes each year (聊城第十九条: 第四季度将本年度工作总结及下年度工作计划一并报送)
goes with the last one of the year.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from marketplace.programmes import deadlines
from marketplace.programmes.process import Recurring
from marketplace.programmes.schema import Programme
from marketplace.programmes.standing import Report

ENDS = {"year": 12, "quarter": 3, "month": 1}
"""Months of a period."""
EARLY = timedelta(days=30)
"""How long before its day a report is opened that is due before its period is over."""
_KEY = re.compile(r"(?P<year>\d{4})(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Period:
    """One year, quarter or month: ``2026``, ``2026Q1``, ``2026-05``; both days included."""

    key: str
    since: date
    until: date

    @property
    def label(self) -> str:
        """2026年第1季度, 2026年5月, 2026年."""
        year, quarter, month = _parts(self.key)
        if quarter:
            return f"{year}年第{quarter}季度"
        return f"{year}年{month}月" if month else f"{year}年"

    @property
    def ends_year(self) -> bool:
        """Whether it is the last one of its year."""
        return self.until.month == ENDS["year"]


def _parts(key: str) -> tuple[int, int, int]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"not a period: {key!r}")
    return int(match["year"]), int(match["quarter"] or 0), int(match["month"] or 0)


def period(key: str) -> Period:
    """The period with this key. Raises ValueError."""
    year, quarter, month = _parts(key)
    first, months = (1, 12) if not quarter and not month else (month, 1)
    if quarter:
        first, months = quarter * 3 - 2, 3
    last = first + months
    end = date(year + (last > 12), (last - 1) % 12 + 1, 1) - timedelta(days=1)
    return Period(key, date(year, first, 1), end)


def period_of(every: str, day: date) -> Period:
    """The period of a kind (``year``, ``quarter``, ``month``) in which ``day`` lies."""
    if every == "year":
        return period(f"{day.year}")
    if every == "quarter":
        return period(f"{day.year}Q{(day.month + 2) // 3}")
    return period(f"{day.year}-{day.month:02}")


@dataclass(frozen=True)
class Duty:
    """One report that each place owes for each period; ``yearly`` goes with the year's last."""

    report: Report
    recurring: Recurring
    yearly: tuple[Report, ...] = ()

    @property
    def id(self) -> str:
        """The id of the programme's report."""
        return self.report.id

    def final_day(self, span: Period) -> date:
        """The programme's own last day, on which the districts' summaries are due as well."""
        return next(deadlines.days(self.recurring, span.until))

    def due_day(self, span: Period) -> date:
        """The last day for the provider: earlier where a district has to sum up first."""
        return self.final_day(span) - timedelta(days=self.report.lead_days)

    def opens_on(self, span: Period) -> date:
        """The day on which the report can be written: after its period, or well before its due."""
        due = self.due_day(span)
        return span.until + timedelta(days=1) if due > span.until else due - EARLY

    def latest(self, today: date) -> Period:
        """The last period that is open for reports on ``today``."""
        span = period_of(self.report.every, today)
        while self.opens_on(span) > today:
            span = period_of(self.report.every, span.since - timedelta(days=1))
        return span

    def between(self, after: str, until: Period) -> Iterator[Period]:
        """The periods after the one called ``after``, up to ``until``, the oldest first."""
        span = period(after)
        while span.until < until.until:
            span = period_of(self.report.every, span.until + timedelta(days=1))
            yield span

    def asks_year(self, span: Period) -> bool:
        """Whether the reports of the year go with this one."""
        return bool(self.yearly) and span.ends_year

    def texts(self, *, year: bool) -> dict[str, str]:
        """What is asked in words: heading by id, from the programme's ``contents``."""
        asked = [(f"{self.id}-{n}", text) for n, text in enumerate(self.report.contents, 1)]
        if year:
            asked += [
                (f"{item.id}-{n}", text)
                for item in self.yearly
                for n, text in enumerate(item.contents, 1)
            ]
        return dict(asked)


def of(programme: Programme) -> list[Duty]:
    """The duties of the places of a programme, in its order."""
    recurring = {item.id: item.recurring for item in programme.deadlines}
    found = []
    for report in programme.reports:
        rule = recurring.get(report.deadline)
        if not report.tier.startswith("provider") or rule is None:
            continue
        yearly = tuple(
            other
            for other in programme.reports
            if other.deadline == report.deadline
            and other is not report
            and other.every == "year"
            and not other.tier.startswith("provider")
        )
        found.append(Duty(report, rule, yearly if report.every != "year" else ()))
    return found


def get(programme: Programme, duty_id: str) -> Duty:
    """The duty with this id. Raises KeyError."""
    return {duty.id: duty for duty in of(programme)}[duty_id]
