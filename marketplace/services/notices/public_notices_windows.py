"""How long a notice runs: its working days, each explained, and the calendar they come from."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.clock import CountedDay
from marketplace.errors import Conflict
from marketplace.models import PublicNotice
from marketplace.services.calendar import calendar


@dataclass(frozen=True)
class Window:
    """The days after publication up to the last working day that counts."""

    published_on: date
    days: tuple[CountedDay, ...]
    calendar: tuple[dict[str, Any], ...]
    """The years counted with: ``{year, official, source, sha256}``."""

    @property
    def starts_on(self) -> date:
        """The day after publication: the day itself does not count."""
        return self.days[0].day

    @property
    def ends_on(self) -> date:
        """The last day."""
        return self.days[-1].day

    @property
    def ends_at(self) -> datetime:
        """The exclusive end: 24:00 of the last day."""
        return clock.end_of_day(self.ends_on)

    @property
    def working_days(self) -> int:
        """How many working days were counted."""
        return self.days[-1].number

    @property
    def provisional(self) -> list[int]:
        """Years whose calendar is only 暂定."""
        return [row["year"] for row in self.calendar if not row["official"]]

    def counted(self) -> dict[str, Any]:
        """The count as events keep it."""
        return {
            "from": self.published_on.isoformat(), "days": self.working_days, "unit": "working",
            "until": self.ends_on.isoformat(), "official": not self.provisional,
            "off": [[one.day.isoformat(), one.label] for one in self.days if not one.working],
        }  # fmt: skip

    def plain_days(self) -> list[dict[str, Any]]:
        """Every day as a row keeps it."""
        return [
            {
                "day": one.day.isoformat(), "working": one.working, "label": one.label,
                "number": one.number,
            }
            for one in self.days
        ]  # fmt: skip


def count(session: Session, published_on: date, days: int) -> Window:
    """The window of ``days`` working days after ``published_on``. Raises Invalid (no calendar)."""
    counted = tuple(calendar.load(session).count(published_on, days))
    years = range(counted[0].day.year, counted[-1].day.year + 1)
    return Window(published_on, counted, tuple(_mark(session, year) for year in years))


def _mark(session: Session, year: int) -> dict[str, Any]:
    found = calendar.year_of_days(session, year)
    return {
        "year": year, "official": found.official, "source": found.source,
        "sha256": hashlib.sha256(found.as_text.encode()).hexdigest(),
    }  # fmt: skip


def refuse_provisional(window: Window) -> None:
    """A notice ends on a day that is certain (features.md F-X4). Raises Conflict."""
    if window.provisional:
        years = "、".join(f"{year}年" for year in window.provisional)
        raise Conflict(
            f"{years}的工作日历只是暂定，公示截止日无法确定，不能发布",
            code="calendar_provisional",
            remedy="请在工作日历中录入国务院办公厅正式公布的放假安排，标为官方后再发布。",
        )


def apply(notice: PublicNotice, window: Window) -> None:
    """Write the window into the notice."""
    notice.starts_on, notice.ends_on, notice.ends_at = (
        window.starts_on, window.ends_on, window.ends_at,
    )  # fmt: skip
    notice.days, notice.calendar = window.plain_days(), list(window.calendar)
