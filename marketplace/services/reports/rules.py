"""What ``config/reports.yml`` declares: the figures of a report and the days of reminders."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "reports.yml"
LARGEST = Decimal(10_000_000)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Figure:
    """One number. ``source``: where the system takes it from, empty for typed ones."""

    id: str
    label: str
    unit: str
    source: str = ""
    money: bool = False

    def text(self, value: Decimal) -> str:
        """As it is kept and shown: a whole number, or 万元 with two decimals."""
        return str(value.quantize(CENT)) if self.money else str(int(value))

    def read(self, text: str) -> Decimal:
        """The number in a text. Raises ValueError with words for the person who typed it."""
        try:
            value = Decimal(text.replace(",", "").replace("，", ""))
        except InvalidOperation:
            raise ValueError("请填写数字") from None
        if not value.is_finite() or value < 0 or value > LARGEST:
            raise ValueError("应为不小于0的数字")
        if self.money:
            if value != value.quantize(CENT):
                raise ValueError("以万元填写，最多两位小数")
        elif value != int(value):
            raise ValueError("请填写整数")
        return value


@dataclass(frozen=True)
class Rules:
    """``figures`` by id, in their order; ``reminders`` in days from the last day, ascending."""

    figures: Mapping[str, Figure]
    reminders: tuple[int, ...]


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, TypeError, ValueError for a wrong file."""
    data = read_yaml(FILE)
    figures = {item["id"]: Figure(**item) for item in data["figures"]}
    if not figures or len(figures) != len(data["figures"]):
        raise ValueError(f"{FILE.name}: figures")
    return Rules(figures, tuple(sorted(data["reminders"])))
