"""Deadlines are exclusive instants in Beijing time, shown as the notice writes them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

from marketplace.programmes.deadlines import (
    BEIJING,
    days,
    end_of_day,
    expired,
    instant,
    is_open,
    parse_at,
    programme_calendar,
    written,
)
from marketplace.programmes.process import Deadline, Recurring
from marketplace.programmes.schema import Programme


def deadline(programme: Programme, id_: str) -> Deadline:
    return {each.id: each for each in programme.deadlines}[id_]


def test_24_00_is_the_first_instant_of_the_next_day(qingdao: Programme) -> None:
    end = deadline(qingdao, "QD-F2")
    assert instant(end) == datetime(2024, 1, 31, 16, tzinfo=UTC)
    assert written(end) == "2024年1月31日24:00"
    second = timedelta(seconds=1)
    midnight = datetime(2024, 2, 1, tzinfo=BEIJING)
    assert is_open(end, midnight - second)
    assert not is_open(end, midnight)
    # The instant does not depend on where the clock hangs.
    assert is_open(end, datetime(2024, 1, 31, 15, 59, 59, tzinfo=UTC))
    assert not is_open(end, datetime(2024, 1, 31, 16, tzinfo=UTC))


def test_a_day_named_as_before_is_inclusive(qingdao: Programme) -> None:
    end = deadline(qingdao, "QD-F5")
    assert instant(end) == datetime(2024, 2, 9, tzinfo=BEIJING)
    assert written(end) == "2024年2月8日"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31 17:30", datetime(2024, 1, 31, 17, 30, tzinfo=BEIJING)),
        ("2024-12-31 24:00", datetime(2025, 1, 1, tzinfo=BEIJING)),
        ("2024-02-29 24:00", datetime(2024, 3, 1, tzinfo=BEIJING)),
    ],
)
def test_parse_at(text: str, expected: datetime) -> None:
    assert parse_at(text) == expected


@pytest.mark.parametrize(
    "text", ["2024-01-31", "2024-01-31 25:00", "2024-01-31 24:30", "2023-02-29 10:00", "soon", ""]
)
def test_parse_at_refuses(text: str) -> None:
    with pytest.raises(ValueError):
        parse_at(text)


@pytest.mark.parametrize(
    ("recurring", "start", "expected"),
    [
        (  # Chongqing: the last day of February, leap years too
            Recurring(every="year", month=2, day=0),
            date(2024, 2, 29),
            [date(2024, 2, 29), date(2025, 2, 28), date(2026, 2, 28)],
        ),
        (  # Liaocheng: the 25th of the month after the quarter
            Recurring(every="quarter", month_offset=1, day=25),
            date(2024, 1, 26),
            [date(2024, 4, 25), date(2024, 7, 25), date(2024, 10, 25), date(2025, 1, 25)],
        ),
        (
            Recurring(every="month", day=0),
            date(2024, 1, 31),
            [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)],
        ),
        (  # a 31st that a month does not have falls on its last day
            Recurring(every="quarter", day=31),
            date(2024, 1, 1),
            [date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30)],
        ),
        (
            Recurring(every="year", day=0),
            date(2024, 12, 31),
            [date(2024, 12, 31), date(2025, 12, 31)],
        ),
    ],
)
def test_recurring_days(recurring: Recurring, start: date, expected: list[date]) -> None:
    assert list(islice(days(recurring, start), len(expected))) == expected


@pytest.mark.parametrize(
    ("programme_id", "id_", "text"),
    [
        ("cq-2013", "CQ-D1", "每年2月最后一日"),
        ("lc-2021", "LC-D1", "每季度次月25日"),
        ("xm-2024", "XM-D1", "每月最后一日"),
        ("zj-2021", "ZJ-D1", "2021年5月16日"),
    ],
)
def test_written(
    programmes: Mapping[str, Programme], programme_id: str, id_: str, text: str
) -> None:
    assert written(deadline(programmes[programme_id], id_)) == text


def test_calendar_gives_dates_first_and_the_next_end_of_the_recurring(qingdao: Programme) -> None:
    entries = programme_calendar(qingdao, datetime(2024, 4, 25, 23, 59, tzinfo=BEIJING))
    assert [(e.id, e.instant, e.next_instant) for e in entries] == [
        ("QD-F2", end_of_day(date(2024, 1, 31)), None),
        ("QD-F5", end_of_day(date(2024, 2, 8)), None),
        ("QD-E1", None, end_of_day(date(2024, 4, 25))),
    ]
    later = programme_calendar(qingdao, datetime(2024, 4, 25, 16, tzinfo=UTC))
    assert later[-1].next_instant == end_of_day(date(2024, 7, 25))


def test_an_instrument_is_in_force_on_its_last_day(programmes: Mapping[str, Programme]) -> None:
    zaozhuang = programmes["zz-2021"]
    assert not expired(zaozhuang, date(2024, 11, 26))
    assert expired(zaozhuang, date(2024, 11, 27))
    assert not expired(programmes["qd-2024"], date(2099, 1, 1))
