"""How a sheet of the import workbook is declared: its columns, and what a cell may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a cell holds. ``NAMES`` and ``LINES`` are lists of words, ``TERMS`` of codes."""

    TEXT = "text"
    NAME = "name"
    LINES = "lines"
    USCC = "uscc"
    INTEGER = "integer"
    MONEY = "money"
    SCORE = "score"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"
    TERM = "term"
    TERMS = "terms"
    ROUND = "round"
    METRICS = "metrics"


@dataclass(frozen=True)
class Column:
    """One column; ``name`` is the field it fills.

    ``limit``: longest text, or highest integer; ``choices``: code → words.
    """

    name: str
    header: str
    kind: Kind = Kind.TEXT
    required: bool = False
    limit: int = 0
    vocabulary: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    example: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet. ``key``: the fields that tell rows apart; the first is always the unit's USCC."""

    code: str
    title: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    note: str

    def column(self, name: str) -> Column:
        """The column of a field."""
        return next(column for column in self.columns if column.name == name)
