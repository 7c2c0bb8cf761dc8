"""Put the sets to a search and take the measures."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Any, Protocol, TypeVar

from search import Document, Page, SearchRequest, Sort, Suggestion, Unavailable
from search.needs import Needs
from tests.support.relevance import (
    Item,
    first_rank,
    grade,
    items,
    lines,
    ndcg,
    needs,
    recall,
    reciprocal,
    sample,
    success,
)

DAY = date(2026, 11, 2)
DEEP = 50
TRIES = 20
T = TypeVar("T")
BEGUN = ("exact", "short", "pinyin", "initials", "traditional")
LABELLED = ("corrected", "some", "none")
"""Rungs of which the page says that it shows something else than was typed."""


class Searching(Protocol):
    """The catalogue of the application, or a searcher."""

    def search(self, request: SearchRequest) -> Page: ...

    def suggest(
        self, text: str, *, kind: str | None = None, limit: int = 8
    ) -> tuple[Suggestion, ...]: ...


class Patient:
    """Asks again when the engine did not answer in time: what is measured here is not its haste."""

    def __init__(self, to: Searching) -> None:
        self._to = to

    def search(self, request: SearchRequest) -> Page:
        return self._again(lambda: self._to.search(request))

    def suggest(
        self, text: str, *, kind: str | None = None, limit: int = 8
    ) -> tuple[Suggestion, ...]:
        return self._again(lambda: self._to.suggest(text, kind=kind, limit=limit))

    @staticmethod
    def _again(ask: Callable[[], T]) -> T:
        for _ in range(TRIES):
            try:
                return ask()
            except Unavailable:
                time.sleep(1)
        return ask()


Measures = dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What one query gave. ``rank``: place of the first right answer among those looked at."""

    id: str
    group: str
    q: str
    rank: int | None
    total: int
    rung: str
    top: str
    ndcg: float = 0.0
    recall: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What one request of the parity set gave."""

    id: str
    total: int
    facets: Mapping[str, Mapping[str, int]]
    ids: Sequence[str]
    rung: str


@dataclass(frozen=True)
class Outcomes:
    """All sets on one engine."""

    known_item: list[Outcome]
    attribute: list[Outcome]
    negative: list[Outcome]
    need: list[Outcome]
    suggest: list[Outcome]
    parity: list[Answer]


def run(to: Searching, documents: Sequence[Document], share: float = 1.0) -> Outcomes:
    """All sets; of the automatic ones only ``share`` of each class."""
    to = Patient(to)
    by_kind: dict[str, list[Document]] = {}
    for document in documents:
        by_kind.setdefault(document.kind, []).append(document)
    said = [Item(need.id, "need", need.text, "product") for need in needs()]
    negative = [Item(row["id"], row["class"], row["q"], "product") for row in lines("negative")]
    return Outcomes(
        known_item=_outcomes(to, by_kind, sample(items("known_item"), share)),
        attribute=_outcomes(to, by_kind, sample(items("attribute"), share), DEEP),
        negative=_outcomes(to, by_kind, negative),
        need=_outcomes(to, by_kind, sample(said, share)),
        suggest=[
            _suggested(to, by_kind[item.kind], item)
            for item in sample(items("known_item"), share)
            if item.group in BEGUN
        ],
        parity=[_answer(to, row) for row in lines("parity")],
    )


def _outcomes(
    to: Searching, by_kind: Mapping[str, list[Document]], asked: Iterable[Item], depth: int = 10
) -> list[Outcome]:
    return [_outcome(to, by_kind[item.kind], item, depth) for item in asked]


def _outcome(to: Searching, documents: Sequence[Document], item: Item, depth: int) -> Outcome:
    page = to.search(SearchRequest(DAY, item.q, item.kind, per_page=depth))
    found = [hit.id for hit in page.hits]
    grades = _grades(item, documents)
    best = {each for each, value in grades.items() if value == 3}
    return Outcome(
        item.id, item.group, item.q, first_rank(found, best), page.total, page.reading.rung,
        found[0] if found else "", ndcg(found, grades), recall(found, best),
    )  # fmt: skip


def _suggested(to: Searching, documents: Sequence[Document], item: Item) -> Outcome:
    """The first four fifths are typed: is the thing among the eight suggestions?"""
    typed = item.q[: math.ceil(len(item.q) * 0.8)]
    found = [each.id for each in to.suggest(typed, kind=item.kind)]
    ids = [each for each in found if each]
    rank = first_rank(ids, set(_grades(item, documents)))
    return Outcome(item.id, item.group, typed, rank, len(ids), "", ids[0] if ids else "")


def _grades(item: Item, documents: Sequence[Document]) -> dict[str, int]:
    if item.asked:
        values = {document.id: grade(item.asked, document) for document in documents}
        return {each: value for each, value in values.items() if value}
    titles = set(item.titles)
    return {document.id: 3 for document in documents if document.title in titles}


def _answer(to: Searching, row: Mapping[str, Any]) -> Answer:
    request = SearchRequest(
        DAY, row["q"], row["kind"],
        {field: tuple(values) for field, values in row.get("filters", {}).items()},
        Sort(row.get("sort", "relevance")), row.get("page", 1), 10, tuple(row["facets"]),
    )  # fmt: skip
    page = to.search(request)
    facets = {
        field: {value.value: value.count for value in values}
        for field, values in page.facets.items()
    }
    return Answer(row["id"], page.total, facets, [hit.id for hit in page.hits], page.reading.rung)


def measures(outcomes: Outcomes) -> Measures:
    """``set/class/measure`` → value, everything the gates may ask for."""
    table: Measures = {}
    for group, rows in _groups(outcomes.known_item).items():
        table |= _ranks(f"known_item/{group}", rows)
    for group, rows in _groups(outcomes.suggest).items():
        table[f"suggest/{group}/success@8"] = fmean(success(row.rank, 8) for row in rows)
    for group, rows in {"all": outcomes.attribute, **_groups(outcomes.attribute)}.items():
        table[f"attribute/{group}/ndcg@10"] = fmean(row.ndcg for row in rows)
        table[f"attribute/{group}/recall@50"] = fmean(row.recall for row in rows)
        table[f"attribute/{group}/zero"] = _share(row.total == 0 for row in rows)
    sought = [*outcomes.known_item, *outcomes.attribute]
    table["all/all/zero"] = _share(row.total == 0 for row in sought)
    # Whole complaints belong to the page for needs; in the search box they are a hard case.
    table["need/search/zero"] = _share(row.total == 0 for row in outcomes.need)
    for group, rows in _groups(outcomes.negative).items():
        silent = (row.total > 0 and row.rung not in LABELLED for row in rows)
        table[f"negative/{group}/silent"] = _share(silent)
        table[f"negative/{group}/corrected"] = _share(row.rung == "corrected" for row in rows)
    return table


def _ranks(name: str, rows: Sequence[Outcome]) -> Measures:
    return {
        f"{name}/success@1": fmean(success(row.rank, 1) for row in rows),
        f"{name}/success@5": fmean(success(row.rank, 5) for row in rows),
        f"{name}/mrr@10": fmean(reciprocal(row.rank) for row in rows),
        f"{name}/zero": _share(row.total == 0 for row in rows),
    }


def _groups(rows: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    return found


def _share(values: Iterable[bool]) -> float:
    return fmean(map(float, values))


@dataclass(frozen=True)
class Parity:
    """How far two engines agree: shares of the requests, mean overlap of the first ten."""

    totals: float
    facets: float
    overlap: float
    same_order: float
    rungs: float


def parity(one: Sequence[Answer], other: Sequence[Answer]) -> Parity:
    """Both answered the same requests in the same order.

    Equals stand in the neutral order on both engines, so the overlap need not be lenient to ties.
    """
    pairs = list(zip(one, other, strict=True))
    assert all(a.id == b.id for a, b in pairs)
    return Parity(
        totals=_share(a.total == b.total for a, b in pairs),
        facets=_share(a.facets == b.facets for a, b in pairs),
        overlap=fmean(_overlap(a.ids, b.ids) for a, b in pairs),
        same_order=_share(list(a.ids) == list(b.ids) for a, b in pairs),
        rungs=_share(a.rung == b.rung for a, b in pairs),
    )


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    most = max(len(one), len(other))
    return len(set(one) & set(other)) / most if most else 1.0


def rank_needs(needs_: Needs) -> list[Outcome]:
    """The graded complaints on the page for needs: what is offered first of all capabilities."""
    known = {capability.code for capability in needs_.capabilities}
    found = []
    for need in needs():
        ranking = [ranked.capability.code for ranked in needs_.rank(need.text, 10)]
        grades = {code: value for code, value in need.grades.items() if code in known}
        best = {code for code, value in grades.items() if value == 3}
        found.append(
            Outcome(
                need.id, "need", need.text, first_rank(ranking, best), len(ranking), "",
                ranking[0] if ranking else "", ndcg(ranking, grades),
            )
        )  # fmt: skip
    return found


def need_measures(way: str, rows: Sequence[Outcome]) -> Measures:
    """``need/lexical/…`` or ``need/fused/…``."""
    return {
        f"need/{way}/ndcg@10": fmean(row.ndcg for row in rows),
        f"need/{way}/success@1": fmean(success(row.rank, 1) for row in rows),
        f"need/{way}/success@3": fmean(success(row.rank, 3) for row in rows),
        f"need/{way}/zero": _share(row.total == 0 for row in rows),
    }
