"""The working-day calendar in the database: what staff keep, what ``clock`` counts with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Delete, Select, delete, select
from sqlalchemy.orm import Session

from marketplace.clock import DayRule, WorkingCalendar
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import record
from marketplace.models import CalendarDay, CalendarYear
from marketplace.permissions import Actor, Permission, require

WORKING, DAY_OFF = "上班", "放假"
FIRST_YEAR, LAST_YEAR = 2000, 2100

Saved = Callable[[Session, Actor, int], None]
SAVED: list[Saved] = []
"""What follows an edit of a year, in its transaction: windows that were counted with it."""


def on_save(function: Saved) -> Saved:
    """Let ``function`` follow every edit of a year."""
    SAVED.append(function)
    return function


@dataclass(frozen=True)
class YearOfDays:
    """One year of the calendar: its exceptions in order, and whether it is 官方."""

    year: int
    official: bool
    source: str
    days: Mapping[date, DayRule]

    @property
    def as_text(self) -> str:
        """The days as staff edit them: ``2026-02-14 上班 调休上班（春节）`` per line."""
        lines = (
            f"{day.isoformat()} {WORKING if rule.working else DAY_OFF} {rule.label}"
            for day, rule in sorted(self.days.items())
        )
        return "\n".join(lines)


@dataclass(frozen=True)
class _Subject:
    """What the history points at: a year has no other number than itself."""

    id: int
    __tablename__ = "calendar_years"


def load(session: Session) -> WorkingCalendar:
    """The whole calendar, to be handed to ``clock``."""
    rules = {row.day: DayRule(row.working, row.label) for row in session.scalars(_days())}
    years = {row.year: row.official for row in session.scalars(select(CalendarYear))}
    return WorkingCalendar(rules, years)


def years(session: Session) -> list[CalendarYear]:
    """The years the calendar knows, newest first."""
    return list(session.scalars(select(CalendarYear).order_by(CalendarYear.year.desc())))


def year_of_days(session: Session, year: int) -> YearOfDays:
    """One year with its exceptions. Raises NotFound."""
    row = session.get(CalendarYear, year)
    if row is None:
        raise NotFound(f"工作日历中没有{year}年")
    days = {item.day: DayRule(item.working, item.label) for item in session.scalars(_days(year))}
    return YearOfDays(year, row.official, row.source, days)


def parse_days(year: int, text: str) -> dict[date, DayRule]:
    """Read lines of ``day 放假|上班 label``. Raises Invalid naming every wrong line."""
    days: dict[date, DayRule] = {}
    errors: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split(maxsplit=2)
        if not parts:
            continue
        try:
            day, rule = _parse_line(year, parts)
            if day in days:
                raise ValueError(f"{day} 写了两次")
            days[day] = rule
        except ValueError as error:
            errors.append(f"第{number}行：{error}")
    if errors:
        raise Invalid(fields={"days": errors})
    return days


def _parse_line(year: int, parts: list[str]) -> tuple[date, DayRule]:
    if len(parts) < 3 or parts[1] not in (WORKING, DAY_OFF):
        raise ValueError(f"请写成“{year}-10-01 {DAY_OFF} 国庆节”的样子")
    try:
        day = date.fromisoformat(parts[0])
    except ValueError:
        raise ValueError(f"“{parts[0]}”不是日期，请写成 {year}-10-01 的样子") from None
    if day.year != year:
        raise ValueError(f"{day} 不在{year}年")
    label = parts[2].strip()
    if len(label) > 40:
        raise ValueError("名称不超过40个字")
    return day, DayRule(parts[1] == WORKING, label)


def save_year(
    session: Session,
    actor: Actor,
    year: int,
    *,
    official: bool,
    source: str,
    days: Mapping[date, DayRule],
    expected: str | None = None,
) -> YearOfDays:
    """Replace one year by hand; seeding never touches it again. Raises Invalid, Conflict.

    ``expected`` is the text (``as_text``) the editor started from: who was slower must look again.
    """
    require(actor, Permission.CALENDAR_EDIT)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(fields={"year": [f"年份应在{FIRST_YEAR}至{LAST_YEAR}之间"]})
    if official and not source.strip():
        raise Invalid(fields={"source": ["官方安排须填写依据的通知和文号"]})
    row = session.get(CalendarYear, year, with_for_update=True)
    before = year_of_days(session, year) if row else YearOfDays(year, False, "", {})
    if expected is not None and _lines(expected) != _lines(before.as_text):
        raise Conflict("该年的日历已被他人修改", code="stale_version")
    if row is None:
        row = CalendarYear(year=year)
        session.add(row)
    row.official, row.source, row.edited = official, source.strip(), True
    session.execute(_delete(year))
    session.add_all(
        CalendarDay(day=day, working=rule.working, label=rule.label, edited=True)
        for day, rule in days.items()
    )
    session.flush()
    after = YearOfDays(year, official, row.source, days)
    record(session, actor, "calendar_edit", _Subject(year), diff=_changes(before, after))
    for follow in SAVED:
        follow(session, actor, year)
    return after


def _changes(before: YearOfDays, after: YearOfDays) -> dict[str, list[Any]]:
    """What an edit changed, as the history keeps it: ``{field: [before, after]}``."""
    pairs: dict[str, list[Any]] = {
        "official": [before.official, after.official],
        "source": [before.source, after.source],
        "days": [before.as_text, after.as_text],
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def seed_year(session: Session, content: YearOfDays) -> bool:
    """Write a year from a file unless staff edited it; answers whether anything changed."""
    row = session.get(CalendarYear, content.year)
    if row is not None and row.edited:
        return False
    if row is not None and year_of_days(session, content.year) == content:
        return False
    if row is None:
        row = CalendarYear(year=content.year)
        session.add(row)
    row.official, row.source = content.official, content.source
    session.execute(_delete(content.year))
    session.add_all(
        CalendarDay(day=day, working=rule.working, label=rule.label)
        for day, rule in content.days.items()
    )
    session.flush()
    return True


def _days(year: int | None = None) -> Select[CalendarDay]:
    query = select(CalendarDay).order_by(CalendarDay.day)
    if year is None:
        return query
    return query.where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))


def _delete(year: int) -> Delete:
    return delete(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
