"""Put the sets to a search and take the measures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from statistics import fmean
from typing import Any

from search import Document, Page, SearchRequest, Sort
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
LABELLED = ("corrected", "some", "none")
"""Rungs of which the page says that it shows something else than was typed."""

Search = Callable[[SearchRequest], Page]
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
    parity: list[Answer]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, list[dict[str, Any]]]) -> "Outcomes":
        parity = [Answer(**row) for row in data["parity"]]
        sets = {
            name: [Outcome(**row) for row in rows]
            for name, rows in data.items()
            if name != "parity"
        }
        return cls(parity=parity, **sets)


def run(search: Search, documents: Sequence[Document], share: float = 1.0) -> Outcomes:
    """All sets; of the automatic ones only ``share`` of each class."""
    by_kind: dict[str, list[Document]] = {}
    for document in documents:
        by_kind.setdefault(document.kind, []).append(document)
    said = [Item(need.id, "need", need.text, "product") for need in needs()]
    negative = [Item(row["id"], row["class"], row["q"], "product") for row in lines("negative")]
    return Outcomes(
        known_item=_outcomes(search, by_kind, sample(items("known_item"), share)),
        attribute=_outcomes(search, by_kind, sample(items("attribute"), share), DEEP),
        negative=_outcomes(search, by_kind, negative),
        need=_outcomes(search, by_kind, sample(said, share)),
        parity=[_answer(search, row) for row in lines("parity")],
    )


def _outcomes(
    search: Search, by_kind: Mapping[str, list[Document]], asked: Iterable[Item], depth: int = 10
) -> list[Outcome]:
    return [_outcome(search, by_kind[item.kind], item, depth) for item in asked]


def _outcome(search: Search, documents: Sequence[Document], item: Item, depth: int) -> Outcome:
    page = search(SearchRequest(DAY, item.q, item.kind, per_page=depth))
    found = [hit.id for hit in page.hits]
    grades = _grades(item, documents)
    best = {each for each, value in grades.items() if value == 3}
    return Outcome(
        item.id, item.group, item.q, first_rank(found, best), page.total, page.reading.rung,
        found[0] if found else "", ndcg(found, grades), recall(found, best),
    )  # fmt: skip


def _grades(item: Item, documents: Sequence[Document]) -> dict[str, int]:
    if item.asked:
        values = {document.id: grade(item.asked, document) for document in documents}
        return {each: value for each, value in values.items() if value}
    titles = set(item.titles)
    return {document.id: 3 for document in documents if document.title in titles}


def _answer(search: Search, row: Mapping[str, Any]) -> Answer:
    request = SearchRequest(
        DAY, row["q"], row["kind"],
        {field: tuple(values) for field, values in row.get("filters", {}).items()},
        Sort(row.get("sort", "relevance")), row.get("page", 1), 10, tuple(row["facets"]),
    )  # fmt: skip
    page = search(request)
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
    for group, rows in {"all": outcomes.attribute, **_groups(outcomes.attribute)}.items():
        table[f"attribute/{group}/ndcg@10"] = fmean(row.ndcg for row in rows)
        table[f"attribute/{group}/recall@50"] = fmean(row.recall for row in rows)
        table[f"attribute/{group}/zero"] = _share(row.total == 0 for row in rows)
    sought = [*outcomes.known_item, *outcomes.attribute, *outcomes.need]
    table["all/all/zero"] = _share(row.total == 0 for row in sought)
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
