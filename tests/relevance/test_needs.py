"""Complaints in everyday words: do words find what helps, and does meaning help beyond words?"""

from collections.abc import Callable

import pytest

from search.semantic import open_embedder
from tests.relevance.test_relevance import GATES, SHOWN, floor
from tests.support.relevance import bootstrap
from tests.support.relevance_run import Outcome, need_measures

pytestmark = [pytest.mark.xdist_group("relevance"), pytest.mark.timeout(600)]

LEAST_GAIN = 0.03


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
