"""What places are counted by: the quota cells of a programme and the cell of a membership."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from marketplace.programmes.kinds import QuotaDimension as By
from marketplace.programmes.schema import Programme, Quota

UNCAPPED = "all"


@dataclass(frozen=True)
class QuotaCell:
    """One row of the quota table. ``cap`` None: the notice sets no limit."""

    key: str
    label: str
    dims: Mapping[str, str]
    min: int
    cap: int | None
    quota_id: str = ""


def cells(
    programme: Programme, *, year: int | None = None, cities: Iterable[str] = ()
) -> list[QuotaCell]:
    """Every cell of one round. Counting by year needs ``year``, by city the ``cities``.

    A type without a quota shares one cell without a cap. Raises ValueError when a dimension that
    the programme counts by has no values.
    """
    found: list[QuotaCell] = []
    for quota in programme.quotas:
        values = _values(programme, quota, year, cities)
        for combination in product(*values.values()):
            dims = dict(zip(values, combination, strict=True))
            found.append(
                QuotaCell(_key(dims), _label(programme, dims), dims, quota.min, quota.cap, quota.id)
            )
    if any(quota_of(programme, type_.id) is None for type_ in programme.types):
        found.append(QuotaCell(UNCAPPED, "全部（不限名额）", {}, 0, None))
    return found


def cell_key(
    programme: Programme,
    *,
    type: str,
    segment: str,
    city: str | None = None,
    year: int | None = None,
) -> str:
    """The key of the cell in which a membership counts.

    Raises ValueError when the programme counts by city or year and it is not given.
    """
    quota = quota_of(programme, type)
    if quota is None:
        return UNCAPPED
    given = {"type": type, "segment": segment, "city": city, "year": year and str(year)}
    dims = {by.value: given[by.value] for by in quota.by}
    missing = [name for name, value in dims.items() if not value]
    if missing:
        raise ValueError(f"{programme.id} counts by {', '.join(missing)}, which is not given")
    return _key({name: str(value) for name, value in dims.items()})


def quota_of(programme: Programme, type_: str) -> Quota | None:
    """The quota that counts memberships of this type, None when there is no limit."""
    return next((q for q in programme.quotas if not q.types or type_ in q.types), None)


def _key(dims: Mapping[str, str]) -> str:
    return ".".join(dims.values()) or "total"


def _values(
    programme: Programme, quota: Quota, year: int | None, cities: Iterable[str]
) -> dict[str, list[str]]:
    every = {
        By.TYPE: [type_.id for type_ in programme.types if type_.id in (quota.types or [type_.id])],
        By.SEGMENT: [segment.id for segment in programme.segments],
        By.CITY: list(cities),
        By.YEAR: [str(year)] if year else [],
    }
    values = {by.value: every[by] for by in quota.by}
    empty = [name for name, found in values.items() if not found]
    if empty:
        raise ValueError(f"{programme.id} counts by {', '.join(empty)}: pass its values")
    return values


def _label(programme: Programme, dims: Mapping[str, str]) -> str:
    names = {
        "type": programme.type_label,
        "segment": programme.segment_label,
        "year": "{}年度".format,
    }
    return " · ".join(names.get(name, str)(value) for name, value in dims.items()) or "全部"
