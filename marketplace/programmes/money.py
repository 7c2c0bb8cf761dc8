"""Amounts as people write them (10亿, 100000万元) to whole yuan and back."""

import re
import unicodedata
from decimal import Decimal

UNITS = {"": 1, "元": 1, "万": 10**4, "万元": 10**4, "亿": 10**8, "亿元": 10**8}
LIMIT = 10**16
_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>元|万元?|亿元?)?")


class NotMoney(ValueError):
    """The text is no amount; its message tells the writer in Chinese what to do."""


def parse(text: str, *, unit: str = "元") -> int:
    """Yuan from ``text``; a bare number counts in ``unit``. Raises NotMoney.

    Accepts full-width digits, thousands separators, ¥ and CNY; refuses negative amounts, amounts
    below one yuan's precision and amounts from 10^16 yuan.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = re.sub(r"[\s,，]|人民币|CNY|RMB|¥", "", plain)
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise NotMoney("请填写金额，例如 10亿、100000万元 或 2000000元。")
    amount = Decimal(match["number"]) * UNITS[match["unit"] or unit]
    if amount >= LIMIT:
        raise NotMoney("金额过大，请核对单位。")
    if amount != amount.to_integral_value():
        raise NotMoney("金额请精确到元。")
    return int(amount)


def show(yuan: int) -> str:
    """Short and exact: 10亿元, 200万元, 12345元."""
    for name, size in (("亿元", 10**8), ("万元", 10**4)):
        if yuan >= size and yuan % (size // 100) == 0:
            return f"{Decimal(yuan) / size:f}{name}"
    return f"{yuan}元"
