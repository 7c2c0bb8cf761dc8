"""Dates of a programme as exclusive instants in Beijing time, with the words of the notice.

「1月31日24:00前」 and 「2月8日前」 (the day included) both end at 00:00 of the next day.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from marketplace.programmes.process import Deadline, Recurring
from marketplace.programmes.schema import Programme

# China has had one offset and no summer time since 1991; a fixed one needs no zone database.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
_AT = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2}) (?P<hour>[01]\d|2[0-4]):(?P<minute>[0-5]\d)")
EVERY = {"year": 12, "quarter": 3, "month": 1}
EVERY_LABELS = {"year": "每年", "quarter": "每季度", "month": "每月"}


@dataclass(frozen=True)
class CalendarEntry:
    """One line of a programme's calendar. ``instant`` is exclusive; None when it recurs."""

    id: str
    label: str
    tier: str
    written: str
    instant: datetime | None
    next_instant: datetime | None
    article: str
    quote: str
    note: str
    proposal: bool


def parse_at(text: str) -> datetime:
    """The exclusive instant of ``2024-01-31 24:00``. Raises ValueError for other shapes."""
    match = _AT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a deadline: {text!r}")
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour == 24 and minute:
        raise ValueError(f"no such time: {text!r}")
    start = datetime.combine(date.fromisoformat(match["day"]), time(), BEIJING)
    return start + timedelta(hours=hour, minutes=minute)


def end_of_day(day: date) -> datetime:
    """The exclusive instant at which ``day`` is over in Beijing."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


def instant(deadline: Deadline) -> datetime | None:
    """The exclusive instant of a deadline that happens once, None for a recurring one."""
    if deadline.at:
        return parse_at(deadline.at)
    return end_of_day(deadline.through) if deadline.through else None


def is_open(deadline: Deadline, now: datetime) -> bool:
    """Whether ``now`` (aware) is still in time: the instant itself is too late."""
    end = instant(deadline)
    return end is None or now < end


def days(recurring: Recurring, start: date) -> Iterator[date]:
    """The due days from ``start`` on, without end."""
    step = EVERY[recurring.every]
    # A period ends in December, in each quarter's last month, or in every month.
    last = (recurring.month or 12) if recurring.every == "year" else step
    month = (start.year - 1) * 12 + last - 1
    while True:
        year, index = divmod(month + recurring.month_offset, 12)
        length = calendar.monthrange(year, index + 1)[1]
        day = date(year, index + 1, min(recurring.day or length, length))
        if day >= start:
            yield day
        month += step


def written(deadline: Deadline) -> str:
    """The date as the notice writes it: 2024年1月31日24:00, 每季度次月25日, 每年2月最后一日."""
    if deadline.at:
        parse_at(deadline.at)
        day, clock = deadline.at.split(" ")
        return f"{_chinese(date.fromisoformat(day))}{clock}"
    if deadline.through:
        return _chinese(deadline.through)
    return _recurring(deadline.recurring) if deadline.recurring else ""


def programme_calendar(programme: Programme, now: datetime) -> list[CalendarEntry]:
    """All deadlines, those that happen once by date, then the recurring with their next end."""
    entries = [_entry(deadline, now) for deadline in programme.deadlines]
    far = datetime.max.replace(tzinfo=BEIJING)
    return sorted(entries, key=lambda entry: entry.instant or far)


def expired(programme: Programme, today: date) -> bool:
    """Whether the notice itself is no longer in force on ``today``."""
    last = programme.instrument.expires_on
    return last is not None and today > last


def _entry(deadline: Deadline, now: datetime) -> CalendarEntry:
    following = None
    if deadline.recurring:
        following = end_of_day(next(days(deadline.recurring, now.astimezone(BEIJING).date())))
    return CalendarEntry(
        id=deadline.id,
        label=deadline.label,
        tier=deadline.tier,
        written=written(deadline),
        instant=instant(deadline),
        next_instant=following,
        article=deadline.article,
        quote=deadline.quote,
        note=deadline.note,
        proposal=deadline.proposal,
    )


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _recurring(recurring: Recurring) -> str:
    month = f"{recurring.month}月" if recurring.month else ""
    after = {0: "", 1: "次月"}.get(recurring.month_offset, f"后{recurring.month_offset}个月")
    day = f"{recurring.day}日" if recurring.day else "最后一日"
    return f"{EVERY_LABELS[recurring.every]}{month}{after}{day}"
