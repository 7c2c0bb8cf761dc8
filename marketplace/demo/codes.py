"""Codes and numbers that pass every check and can belong to nobody."""

from marketplace.demo.choosing import number
from marketplace.uscc import ALPHABET, check_digit

NOWHERE = "999999"  # no such administrative division
WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
AREA_CODES = {
    "青岛": "0532", "济南": "0531", "苏州": "0512", "杭州": "0571", "北京": "010", "深圳": "0755",
}  # fmt: skip


def credit_code(name: str, *, public_body: bool = False) -> str:
    """A 统一社会信用代码 for an invented ``name``: right check characters, impossible area."""
    left = number(name, len(ALPHABET) ** 6)
    letters = ""
    for _ in range(6):
        left, place = divmod(left, len(ALPHABET))
        letters += ALPHABET[place]
    unit = "MA" + letters
    body = ("11" if public_body else "91") + NOWHERE + unit + unit_check(unit)
    return body + check_digit(body)


def unit_check(unit: str) -> str:
    """The ninth character of an organisation code (GB 11714): remainder 11 by fixed weights."""
    total = sum(int(char, 36) * weight for char, weight in zip(unit, WEIGHTS, strict=True))
    left = 11 - total % 11
    return "X" if left == 10 else str(left % 11)


def phone(name: str, city: str) -> str:
    """A landline in a range that is never given out."""
    return f"{AREA_CODES[city]}-0000{number(name + '电话', 10_000):04d}"
