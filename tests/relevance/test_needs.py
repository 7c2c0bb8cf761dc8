"""Complaints in everyday words: do words find what helps, and does meaning help beyond words?"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from marketplace.indexing.needs import capabilities, everyday
from marketplace.services.vocabulary import Vocabulary
from search.needs import Needs
from search.semantic import open_embedder
from tests.relevance.conftest import Market, once
from tests.relevance.test_relevance import GATES, SHOWN, floor
from tests.support.relevance import bootstrap
from tests.support.relevance_run import Outcome, need_measures, rank_needs

LEAST_GAIN = 0.03


@pytest.fixture(scope="session")
def ranked(market: Market) -> Callable[[str], list[Outcome]]:
    """What the graded complaints gave: ``ranked("lexical")``, ``ranked("fused")``."""

    def of(way: str) -> list[Outcome]:
        def make(path: Path) -> None:
            with market.database.reading() as session:
                words = Vocabulary.load(session)
            embedder = open_embedder() if way == "fused" else None
            needs = Needs(capabilities(words), embedder, synonyms=everyday(words))
            rows = [asdict(row) for row in rank_needs(needs)]
            path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")

        path = once(market.folder / f"needs-{way}.json", make)
        return [Outcome(**row) for row in json.loads(path.read_text("utf-8"))]

    return of


def with_meaning() -> None:
    """Skips where the extra is not installed."""
    if open_embedder() is None:
        pytest.skip("the extra `semantic` is not installed: fusion was not measured")


@pytest.mark.parametrize("name", [name for name in GATES if name.startswith("need/lexical")])
def test_words_alone(name: str, ranked: Callable[[str], list[Outcome]]):
    check(name, ranked("lexical"))


@pytest.mark.parametrize("name", [name for name in GATES if name.startswith("need/fused")])
def test_words_and_meaning(name: str, ranked: Callable[[str], list[Outcome]]):
    with_meaning()
    check(name, ranked("fused"))


def test_meaning_gains_beyond_chance(ranked: Callable[[str], list[Outcome]]):
    with_meaning()
    fused, lexical = ranked("fused"), ranked("lexical")

    gain = bootstrap([row.ndcg for row in fused], [row.ndcg for row in lexical])

    assert gain.mean >= LEAST_GAIN, gain
    assert gain.low > 0, gain


def check(name: str, rows: list[Outcome]) -> None:
    _, way, _ = name.split("/")
    value = round(need_measures(way, rows)[name], 4)
    worst = sorted(rows, key=lambda row: row.ndcg)[:SHOWN]
    shown = "\n".join(f"  {row.ndcg:.2f} {row.q} → {row.top}" for row in worst)
    assert value >= floor(GATES[name]), f"{name}: {value}\n{shown}"
