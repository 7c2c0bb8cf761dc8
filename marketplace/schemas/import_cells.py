"""One cell of a workbook → one plain JSON value. Every function raises ``ValidationError``.

Dates become ISO texts, money and scores texts with two decimals, so that the staged row is JSON.
Cells arrive as the reader sends them: text, number, truth value, or ``["d", "2024-01-31"]``.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError

from marketplace import uscc

Cell = str | int | float | bool | list[str]

INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
SEPARATORS = re.compile(r"[、，,；;\n]+")
LINE_SEPARATORS = re.compile(r"[；;]+")
PIPES = re.compile(r"[|｜]")
DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
UNITS = {"万": 10_000, "亿": 100_000_000}
HIGHEST_MONEY = Decimal("999999999999.99")
EXAMPLES = 8


class Words(dict[str, str]):
    """The words a column understands, folded, to their codes; ``shown`` go into the drop-down."""

    def __init__(self, shown: Mapping[str, str], more: Iterable[tuple[str, str]] = ()) -> None:
        """``shown``: code → the word to show. ``more``: further (word, code), the first wins."""
        super().__init__()
        self.shown = dict(shown)
        for code, word in shown.items():
            self.setdefault(fold(word), code)
        for word, code in (*more, *((code, code) for code in shown)):
            self.setdefault(fold(word), code)


def text(value: Cell, limit: int = 0) -> str:
    """A text, NFC, trimmed; invisible characters from other programs are dropped."""
    found = _as_text(value)
    if not found.isprintable():  # rules out most texts without looking for each character
        found = _without_controls(INVISIBLE.sub("", found))
    return _within(_composed(found), limit)


def name(value: Cell, limit: int = 0) -> str:
    """A name: one line; invisible and direction-changing characters are refused (S63)."""
    found = _as_text(value)
    if INVISIBLE.search(found):
        raise ValidationError("含有看不见的字符，请删除后重新输入")
    if not found.isprintable():
        found = _without_controls(found)
    return _within(" ".join(_composed(found).split()), limit)


def lines(value: Cell, limit: int = 0) -> list[str]:
    """A list of texts: one per line; without line breaks, semicolons separate."""
    whole = text(value)
    parts = whole.split("\n") if "\n" in whole else LINE_SEPARATORS.split(whole)
    found = [part.strip() for part in parts if part.strip()]
    for part in found:
        _within(part, limit)
    return list(dict.fromkeys(found))


def credit_code(value: Cell) -> str:
    """A 统一社会信用代码 with a right check digit (GB 32100)."""
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        raise ValidationError("是数字格式，末位可能已丢失；请把单元格设为文本格式后重新填写")
    return _credit_code(_as_text(value))


@lru_cache(maxsize=4096)
def _credit_code(written: str) -> str:
    found = unicodedata.normalize("NFKC", written).strip().upper()
    if len(found) != 18:
        raise ValidationError(f"应为18位，现在是{len(found)}位")
    if not uscc.is_valid(found):
        raise ValidationError(f"“{found}”校验位不符，请核对")
    return found


def integer(value: Cell, limit: int) -> int:
    """A whole number from 0 to ``limit``."""
    if isinstance(value, float) and value.is_integer() and 0 <= value <= limit:
        return int(value)  # what most cells hold; the rest is looked at closely
    number = _number(value)
    if number != number.to_integral_value():
        raise ValidationError(f"“{value}”应为整数")
    if not 0 <= number <= limit:
        raise ValidationError(f"应在0至{limit}之间")
    return int(number)


def money(value: Cell, highest: Decimal = HIGHEST_MONEY) -> str:
    """An amount as a text with two decimals; 12万 and 1.5亿元 are understood."""
    if isinstance(value, float) and value.is_integer() and 0 <= value <= highest:
        return f"{int(value)}.00"
    factor = 1
    if isinstance(value, str):
        shown = value.strip().removesuffix("元")
        factor = UNITS.get(shown[-1:], 1)
        value = shown[:-1] if factor > 1 else shown
    number = _number(value) * factor
    if not 0 <= number <= highest:
        raise ValidationError(f"应在0至{highest:,}之间")
    rounded = number.quantize(Decimal("0.01"))
    if abs(rounded - number) > Decimal("1e-6"):
        raise ValidationError(f"“{value}”最多两位小数")
    return str(rounded)


def score(value: Cell) -> str:
    """Points from 0 to 100 as a text with two decimals."""
    return money(value, Decimal(100))


def day(value: Cell) -> str:
    """A date as ISO text: a date cell, or 2024-01-31, 2024/1/31, 2024年1月31日."""
    if isinstance(value, list):
        return value[1]
    found = DAY.fullmatch(_as_text(value).strip())
    try:
        if not found:
            raise ValueError
        return date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        raise ValidationError(f"“{_as_text(value)}”不是日期，请写成 2024-01-31 的样子") from None


def yes_no(value: Cell) -> bool:
    """是 or 否."""
    if isinstance(value, bool):
        return value
    found = text(value)
    if found not in ("是", "否"):
        raise ValidationError(f"“{found}”应为“是”或“否”")
    return found == "是"


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """How words are compared: full-width, case and spaces do not matter."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())


def one_of(value: Cell, words: Words) -> str:
    """The code of one word."""
    found = text(value)
    try:
        return words[fold(found)]
    except KeyError:
        raise ValidationError(_unknown([found], words)) from None


def some_of(value: Cell, words: Words) -> list[str]:
    """The codes of several words."""
    whole = text(value)
    if fold(whole) in words:
        return [words[fold(whole)]]
    parts = [part.strip() for part in SEPARATORS.split(whole) if part.strip()]
    unknown = [part for part in parts if fold(part) not in words]
    if unknown:
        raise ValidationError(_unknown(unknown, words))
    return list(dict.fromkeys(words[fold(part)] for part in parts))


def metrics(value: Cell) -> list[dict[str, Any]]:
    """Lines of ``指标｜改造前｜改造后｜单位｜取数口径｜周期``; the last two may be left out."""
    return [_metric(line) for line in text(value).split("\n") if line.strip()]


def _metric(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in PIPES.split(line)]
    if not 4 <= len(parts) <= 6 or not parts[0]:
        raise ValidationError(f"“{line[:40]}”应写成 指标｜改造前｜改造后｜单位｜取数口径｜周期")
    parts += [""] * (6 - len(parts))
    return {
        "metric": _within(parts[0], 60),
        "before": _plain_number(parts[1]),
        "after": _plain_number(parts[2]),
        "unit": _within(parts[3], 20),
        "measured_by": _within(parts[4], 80),
        "period": _within(parts[5], 40),
    }


def _as_text(value: Cell) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return value[1]
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _without_controls(found: str) -> str:
    """Line ends as one character; other control characters are refused."""
    if "\r" in found:
        found = found.replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(found):
        raise ValidationError("含有控制字符，请重新输入")
    return found


def _composed(found: str) -> str:
    if not unicodedata.is_normalized("NFC", found):
        found = unicodedata.normalize("NFC", found)
    return found.strip()


def _within(found: str, limit: int) -> str:
    if limit and len(found) > limit:
        raise ValidationError(f"不超过{limit}个字，现在是{len(found)}个字")
    return found


def _number(value: Cell) -> Decimal:
    if isinstance(value, bool | list) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValidationError(f"“{_shown(value)}”不是数字")
    shown = unicodedata.normalize("NFKC", str(value)).replace(",", "").strip()
    try:
        if len(shown) > 30:
            raise InvalidOperation
        number = Decimal(shown)
    except InvalidOperation:
        raise ValidationError(f"“{shown[:30]}”不是数字") from None
    # 1e400000 would be a number, and days of work to print (S62).
    if not number.is_finite() or number.adjusted() > 20:
        raise ValidationError(f"“{shown[:30]}”不是数字")
    return number


def _shown(value: Cell) -> str:
    return str(value) if isinstance(value, float) else _as_text(value)


def _plain_number(found: str) -> int | float:
    number = _number(found.removesuffix("%"))
    return int(number) if number == number.to_integral_value() else float(number)


def _unknown(found: list[str], words: Words) -> str:
    known = list(words.shown.values())
    shown = "、".join(known[:EXAMPLES]) + ("等" if len(known) > EXAMPLES else "")
    return f"“{'、'.join(found)[:60]}”不在选项中，可填：{shown}"
