"""Needs with graded capabilities, and the vocabulary as the files seed it."""

import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from marketplace.programmes import vocabulary
from marketplace.services.searching.vocabulary import Vocabulary, Word
from search.needs import Ranked
from tests.support.source import ROOT

DATA = Path(__file__).parent / "data"


@cache
def seeded() -> Vocabulary:
    """The words of ``config/vocabulary``."""
    return Vocabulary(
        {
            group.kind: {
                term.code: Word(
                    term.code, term.name, term.short_name, tuple(term.aliases), term.data
                )
                for term in group.terms
            }
            for group in vocabulary.load(ROOT / "config" / "vocabulary")
        }
    )


def graded(name: str) -> list[dict[str, Any]]:
    """One set: complaints, each with its capabilities graded 0 to 3."""
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def ndcg(ranked: Sequence[Ranked], grades: dict[str, int], depth: int = 10) -> float:
    """Normalised discounted gain of the first ``depth``, gain 2^grade - 1."""

    def total(values: Sequence[int]) -> float:
        return sum((2**value - 1) / math.log2(place + 2) for place, value in enumerate(values))

    got = [grades.get(item.capability.code, 0) for item in ranked[:depth]]
    return total(got) / total(sorted(grades.values(), reverse=True)[:depth])
