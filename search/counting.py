"""Facet counts, and numbers of hits that decisions rest on: asked once per state of the index."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Generic, TypeVar

from search.engines import Counted, View
from search.places import FIELD, joined, linked, single, values_of
from search.plan import Filters, Node
from search.query import SearchRequest
from search.result import FacetValue

MOST_CACHED = 1000
Counts = Mapping[str, int]
V = TypeVar("V")


class Cache(Generic[V]):
    """The last thousand values by key. A new revision of the index misses by its key."""

    def __init__(self, most: int = MOST_CACHED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, V] = OrderedDict()

    def get(self, key: object) -> V | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: object, value: V) -> V:
        with self._lock:
            self._kept[key] = value
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return value


class Counter:
    """Counts on any view; shared by threads."""

    def __init__(self) -> None:
        self._facets = Cache[Counts]()
        self._totals = Cache[int]()

    def total(self, view: View, node: Node) -> int:
        """How many documents a plan finds without filters."""
        key = (view.revision, node)
        known = self._totals.get(key)
        return self._totals.put(key, view.count(node, ())) if known is None else known

    def ahead(self, view: View, node: Node, request: SearchRequest) -> tuple[Counted, ...]:
        """What :meth:`facets`, and :meth:`total` when filters leave little, are going to ask the
        view that is not known yet.
        """
        asked: dict[Filters, dict[str, None]] = {}
        if request.groups and self._totals.get((view.revision, node)) is None:
            asked[()] = {}
        for name in request.facets:
            others = tuple(group for group in request.groups if group[0] != name)
            if self._facets.get((view.revision, node, others, name, "linked")) is not None:
                continue
            places = linked(name, others) and single(others)
            field, filters = FIELD if places else name, joined(others)
            if places or self._facets.get((view.revision, node, filters, name)) is None:
                asked.setdefault(filters, {})[field] = None
        return tuple((filters, tuple(fields)) for filters, fields in asked.items())

    def facets(
        self, view: View, node: Node, request: SearchRequest
    ) -> dict[str, tuple[FacetValue, ...]]:
        """Values of one facet are counted under the filters of all others."""
        chosen = dict(request.groups)
        free = tuple(
            name for name in request.facets
            if name not in chosen and not linked(name, request.groups)
        )  # fmt: skip
        counts = dict(self._counts(view, node, joined(request.groups), free))
        for name in set(request.facets) - set(free):
            others = tuple(group for group in request.groups if group[0] != name)
            count = self._linked if linked(name, others) else self._one
            counts[name] = count(view, node, others, name)
        return {name: _values(counts[name], chosen.get(name, ())) for name in request.facets}

    def _one(self, view: View, node: Node, others: Filters, name: str) -> Counts:
        return self._counts(view, node, joined(others), (name,))[name]

    def _linked(self, view: View, node: Node, others: Filters, name: str) -> Counts:
        """How many hits have each value in one place with the other members' filters."""
        key = (view.revision, node, others, name, "linked")
        known = self._facets.get(key)
        if known is not None:
            return known
        if single(others):
            places = view.facets(node, joined(others), (FIELD,))[FIELD]
            return self._facets.put(key, values_of(name, others, places))
        # A document may be here by several places, so each value is asked for by itself.
        possible = self._one(view, node, others, name)
        choices = [joined((*others, (name, (value,)))) for value in possible]
        found = zip(possible, view.count_each(node, choices), strict=True)
        return self._facets.put(key, {value: count for value, count in found if count})

    def _counts(
        self, view: View, node: Node, filters: Filters, fields: tuple[str, ...]
    ) -> dict[str, Counts]:
        keys = {name: (view.revision, node, filters, name) for name in fields}
        found = {name: self._facets.get(key) for name, key in keys.items()}
        missing = [name for name, counts in found.items() if counts is None]
        for name, counts in view.facets(node, filters, missing).items():
            found[name] = self._facets.put(keys[name], counts)
        return {name: counts for name, counts in found.items() if counts is not None}


def _values(counts: Counts, chosen: tuple[str, ...]) -> tuple[FacetValue, ...]:
    shown = {**dict.fromkeys(chosen, 0), **counts}
    ordered = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetValue(value, count, value in chosen) for value, count in ordered)
