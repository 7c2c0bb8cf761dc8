"""What a caller may ask; everything else is refused before an engine sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from math import prod

from search.errors import InvalidRequest
from search.fields import FACETS, FILTERS, KINDS
from search.places import MEMBERS, MOST_COMBINATIONS
from search.plan import Filters

MOST_PER_PAGE = 100
DEEPEST = 10_000
MOST_VALUES = 50
MOST_VALUE_CHARS = 200


class Sort(Enum):
    """Orders a visitor can choose. Equals always stand in the neutral order of the day."""

    RELEVANCE = "relevance"
    UPDATED = "updated"  # newest first
    PRICE = "price"  # cheapest first, without price last


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. ``day`` chooses the neutral order; page links carry it, so that paging over
    midnight is stable. ``filters``: values of one field are alternatives, fields add up.
    ``facets`` names the fields whose values are to be counted. Page and per_page count from 1.
    ``literal``: exactly what was typed, without correction.
    Raises InvalidRequest with the name of the field.
    """

    day: date
    q: str = ""
    kind: str | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    per_page: int = 20
    facets: tuple[str, ...] = ()
    literal: bool = False

    def __post_init__(self) -> None:
        _check_choice("kind", self.kind, (None, *KINDS))
        _check_choice("sort", self.sort, tuple(Sort))
        for name in self.facets:
            _check_choice("facets", name, FACETS)
        _check_number("per_page", self.per_page, MOST_PER_PAGE)
        _check_number("page", self.page, DEEPEST // self.per_page)
        for name, values in self.filters.items():
            _check_filter(name, values, self.kind)
        together = prod(len(self.filters.get(name, ())) or 1 for name in MEMBERS)
        if together > MOST_COMBINATIONS:
            raise InvalidRequest("filters", "筛选项选得太多")

    @property
    def groups(self) -> Filters:
        """The filters, kind included, sorted, without empty groups."""
        groups = {name: tuple(sorted(set(values))) for name, values in self.filters.items()}
        if self.kind:
            groups["kind"] = (self.kind,)
        return tuple(sorted((name, values) for name, values in groups.items() if values))

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        raise InvalidRequest(name, "没有这个选项")


def _check_number(name: str, value: object, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidRequest(name, f"应为 1 到 {most} 的整数")


def _check_filter(name: str, values: object, kind: str | None) -> None:
    if name not in FILTERS or (name == "kind" and kind):
        raise InvalidRequest(name, "没有这个筛选项")
    if not isinstance(values, tuple | list) or len(values) > MOST_VALUES:
        raise InvalidRequest(name, f"最多选 {MOST_VALUES} 项")
    for value in values:
        if not _usable(value):
            raise InvalidRequest(name, "筛选值无效")


def _usable(value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= MOST_VALUE_CHARS or "\0" in value:
        return False
    return not any("\ud800" <= char <= "\udfff" for char in value)
