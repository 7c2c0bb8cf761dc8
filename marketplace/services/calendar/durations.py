"""Whole years counted in calendar days: validity, bans, repetition."""

from datetime import date, timedelta


def years_after(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes 1 March, so nobody loses a day."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def last_day(since: date, years: int) -> date:
    """Last day of a term of ``years`` that begins on ``since``."""
    return years_after(since, years) - timedelta(days=1)
