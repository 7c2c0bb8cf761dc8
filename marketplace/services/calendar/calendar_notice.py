"""Reading the yearly notice of the State Council on holidays, as it is published.

``二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。
2月14日（周六）、2月28日（周六）上班。`` becomes nine days off and two working days.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from marketplace.clock import DayRule
from marketplace.errors import Invalid

ITEM = re.compile(
    r"(?:^|\n)[^\S\n]*(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）)\s*([^：:\n]{2,12})[：:]"
)
BRACKETS = re.compile(r"（[^（）]*）|\([^()]*\)")
DAY = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日")
RANGE = re.compile(DAY.pattern + r"至" + DAY.pattern)
OFF, ON = "放假", "上班"
LONGEST = 15
"""Days of one holiday; more is a misreading."""


def read(year: int, text: str) -> dict[date, DayRule]:
    """The days of ``year`` that differ from Monday to Friday. Raises Invalid (field ``notice``)."""
    found: dict[date, DayRule] = {}
    pieces = ITEM.split(text.replace("\r\n", "\n"))[1:]
    for name, words in zip(pieces[::2], pieces[1::2], strict=True):
        for day, working in _days(year, BRACKETS.sub("", words)):
            label = f"调休上班（{name.strip()}）" if working else name.strip()
            if day.year == year:
                found[day] = DayRule(working, label)
    if not any(not rule.working for rule in found.values()):
        raise _wrong("没有读到放假安排，请粘贴通知中“一、元旦：……”各条的原文")
    return found


def _days(year: int, words: str) -> Iterator[tuple[date, bool]]:
    for sentence in re.split("[。；;]", words):
        if OFF in sentence:
            yield from ((day, False) for day in _span(year, sentence.partition(OFF)[0]))
        elif ON in sentence:
            yield from ((day, True) for day in _each(year, sentence.partition(ON)[0]))


def _span(year: int, words: str) -> Iterator[date]:
    """``1月1日至3日``, or a single day."""
    match = RANGE.search(words)
    if match is None:
        yield from _each(year, words)
        return
    first = _date(year, match[1], match[2], match[3])
    last = _date(first.year, match[4], match[5] or str(first.month), match[6])
    if last < first:
        last = _date(first.year + 1, match[4], match[5] or str(first.month), match[6])
    if not 0 <= (last - first).days < LONGEST:
        raise _wrong(f"“{match[0]}”不像一次放假，请核对")
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _each(year: int, words: str) -> Iterator[date]:
    """``2月14日、2月28日``; a month named once holds until the next."""
    month = ""
    for match in DAY.finditer(words):
        month = match[2] or month
        yield _date(year, match[1], month, match[3])


def _date(year: int, own_year: str | None, month: str | None, day: str) -> date:
    try:
        return date(int(own_year or year), int(month or 0), int(day))
    except ValueError:
        raise _wrong(f"“{month or '？'}月{day}日”不是日期，请核对") from None


def _wrong(text: str) -> Invalid:
    return Invalid(text, fields={"notice": [text]})
