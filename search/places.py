"""Values that count only together.

A thing has its place as one type in one segment of one round. Who is an integrator for one segment
and sells products in another is no integrator of the other: filters on two of these fields must
hold for one and the same place, or lists would show more than the places there are.

Every place is indexed under its combinations; a filter on several members looks those up.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations, product

from search.plan import Filters

MEMBERS = ("type", "segment", "round")
FIELD = "place"
MOST_COMBINATIONS = 2500
SEPARATOR = "\x1f"

Place = Mapping[str, str]


def place_keys(places: Iterable[Place]) -> tuple[str, ...]:
    """What the places are found by: every combination of two or more of their members."""
    keys: dict[str, None] = {}
    for place in places:
        named = [(name, place[name]) for name in MEMBERS if name in place]
        for size in range(2, len(named) + 1):
            for some in combinations(named, size):
                keys[_key(some)] = None
    return tuple(keys)


def every_place(keywords: Mapping[str, tuple[str, ...]]) -> tuple[Place, ...]:
    """The places of a document that states none: each value goes with every other."""
    named = [(name, keywords[name]) for name in MEMBERS if keywords.get(name)]
    return tuple(
        dict(zip((name for name, _ in named), values, strict=True))
        for values in product(*(values for _, values in named))
    )


def joined(groups: Filters) -> Filters:
    """The filters with those on two or more members made into one on the place."""
    chosen = {name: values for name, values in groups if name in MEMBERS}
    if len(chosen) < 2:
        return groups
    names = [name for name in MEMBERS if name in chosen]
    wanted = tuple(
        _key(tuple(zip(names, values, strict=True)))
        for values in product(*(chosen[name] for name in names))
    )
    rest = tuple(group for group in groups if group[0] not in MEMBERS)
    return tuple(sorted((*rest, (FIELD, wanted))))


def linked(name: str, groups: Filters) -> bool:
    """Whether the counts of facet ``name`` depend on the place: another member is filtered by."""
    return name in MEMBERS and any(other in MEMBERS and other != name for other, _ in groups)


def single(groups: Filters) -> bool:
    """Whether each member filtered by is filtered by one value: then no document has two of the
    keys that ``values_of`` reads, and counts of keys are counts of documents.
    """
    return all(len(values) == 1 for name, values in groups if name in MEMBERS)


def values_of(name: str, groups: Filters, counts: Mapping[str, int]) -> dict[str, int]:
    """From counts of place keys, those of the values of ``name`` beside single other members."""
    chosen = {member: values[0] for member, values in groups if member in MEMBERS}
    members = [member for member in MEMBERS if member in chosen or member == name]
    found: dict[str, int] = {}
    for key, count in counts.items():
        parts = dict(part.split("=", 1) for part in key.split(SEPARATOR))
        value = parts.get(name, "")
        if list(parts) == members and parts == chosen | {name: value}:
            found[value] = count
    return found


def _key(some: Iterable[tuple[str, str]]) -> str:
    return SEPARATOR.join(f"{name}={value}" for name, value in some)
