"""Measures of a ranking, and the sets they are taken on."""

import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from pathlib import Path
from statistics import fmean
from typing import Any

from search import Document

FOLDER = Path(__file__).resolve().parents[1] / "relevance"
SAMPLES = 10_000


@dataclass(frozen=True)
class Item:
    """One query of a set.

    What answers it is said in one of two ways: ``titles``, any document of the kind so called;
    ``asked``, codes by index field, from which documents are graded.
    """

    id: str
    group: str
    q: str
    kind: str
    titles: tuple[str, ...] = ()
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_json(self) -> str:
        values = {"id": self.id, "class": self.group, "q": self.q, "kind": self.kind}
        answer = {"titles": self.titles} if self.titles else {"asked": dict(self.asked)}
        return json.dumps({**values, **answer}, ensure_ascii=False)


@dataclass(frozen=True)
class Need:
    """One complaint with the grades of the capabilities that answer it, by code."""

    id: str
    text: str
    grades: Mapping[str, int]


def lines(name: str) -> list[dict[str, Any]]:
    """The rows of ``tests/relevance/<name>.jsonl``."""
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]


def items(name: str) -> list[Item]:
    """A set of queries."""
    return [
        Item(
            row["id"], row["class"], row["q"], row.get("kind", "product"),
            tuple(row.get("titles", ())),
            {field: tuple(codes) for field, codes in row.get("asked", {}).items()},
        )
        for row in lines(name)
    ]  # fmt: skip


def needs() -> list[Need]:
    """The graded complaints."""
    return [Need(row["id"], row["text"], row["grades"]) for row in lines("needs")]


def sample(found: Sequence[Item], share: float) -> list[Item]:
    """The same part of every class on every machine: at least 10 of each."""
    kept = []
    for group in sorted({item.group for item in found}):
        members = [item for item in found if item.group == group]
        size = min(len(members), max(10, round(len(members) * share)))
        kept += random.Random(group).sample(members, size)
    return kept


def grade(asked: Mapping[str, tuple[str, ...]], document: Document) -> int:
    """How far a document meets what was asked, from its codes alone.

    3: the capability and all else; 2: the capability and some of the rest; 1: the capability
    alone, or all the rest with another capability of the same scene (``near``); else 0.
    """

    def met(field: str) -> bool:
        return bool(set(asked[field]) & set(document.keywords.get(field, ())))

    able = any(met(field) for field in ("category", "scene") if field in asked)
    rest = [met(field) for field in ("segment", "district") if field in asked]
    if able:
        return 3 if all(rest) else 1 + any(rest)
    near = set(asked.get("near", ())) & set(document.keywords.get("scene", ()))
    return int(bool(near) and all(rest))


def first_rank(ranking: Sequence[str], relevant: Collection[str]) -> int | None:
    """The place of the first relevant one, counted from 1."""
    return next((rank for rank, each in enumerate(ranking, 1) if each in relevant), None)


def success(rank: int | None, within: int) -> float:
    """1 when something relevant stands among the first ``within``."""
    return float(rank is not None and rank <= within)


def reciprocal(rank: int | None, within: int = 10) -> float:
    """1 / rank of the first relevant one among the first ``within``, else 0."""
    return 1 / rank if rank is not None and rank <= within else 0.0


def dcg(grades: Iterable[int]) -> float:
    """Discounted gain: 2^grade - 1 over log2(rank + 1)."""
    return sum((2**grade - 1) / log2(rank + 1) for rank, grade in enumerate(grades, 1))


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], within: int = 10) -> float:
    """Gain of the first ``within`` against the best possible order; 1 when nothing is graded."""
    best = dcg(sorted(grades.values(), reverse=True)[:within])
    return dcg(grades.get(each, 0) for each in ranking[:within]) / best if best else 1.0


def recall(ranking: Sequence[str], relevant: Collection[str], within: int = 50) -> float:
    """The share of the relevant ones, of as many as there is room for, that are found."""
    room = min(within, len(relevant))
    return len(set(ranking[:within]) & set(relevant)) / room if room else 1.0


@dataclass(frozen=True)
class Gain:
    """Mean difference of two methods on the same queries and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def bootstrap(ours: Sequence[float], theirs: Sequence[float], seed: int = 1) -> Gain:
    """Paired bootstrap: queries are drawn again, both methods' values of each together."""
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    dice = random.Random(seed)
    means = sorted(fmean(dice.choices(differences, k=len(differences))) for _ in range(SAMPLES))
    return Gain(fmean(differences), means[int(SAMPLES * 0.025)], means[int(SAMPLES * 0.975)])
