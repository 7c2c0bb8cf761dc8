"""The measures themselves, against values worked out by hand."""

import pytest

from tests.support.relevance import (
    Item,
    bootstrap,
    first_rank,
    ndcg,
    recall,
    reciprocal,
    sample,
    success,
)


def test_rank_success_and_reciprocal():
    ranking = ["a", "b", "c"]
    ranks = [first_rank(ranking, {each}) for each in ("a", "c", "x")]

    assert ranks == [1, 3, None]
    assert [success(rank, 1) for rank in ranks] == [1, 0, 0]
    assert [success(rank, 3) for rank in ranks] == [1, 1, 0]
    assert [reciprocal(rank) for rank in ranks] == [1, 1 / 3, 0]
    assert reciprocal(11) == 0


def test_ndcg_by_hand():
    grades = {"a": 3, "b": 2, "c": 1}

    assert ndcg(["a", "b", "c"], grades) == 1
    # 7/log2(3) + 3/log2(2) + 1/log2(4) over 7 + 3/log2(3) + 1/2
    assert ndcg(["b", "a", "c"], grades) == pytest.approx(0.8428, abs=1e-4)
    assert ndcg(["x", "y"], grades) == 0
    assert ndcg([*"vwxyz", *"qrstu", "a"], grades) == 0


def test_recall_counts_what_there_is_room_for():
    assert recall(["a", "x", "b"], {"a", "b", "c", "d"}, within=3) == pytest.approx(2 / 3)
    assert recall(["a", "b"], {"a", "b"}) == 1
    assert recall([], {"a"}) == 0


def test_the_bootstrap_knows_a_gain_from_noise():
    base = [0.2, 0.5, 0.9, 0.4] * 40
    better = [value + 0.05 for value in base]
    noise = [value + (0.3 if place % 2 else -0.3) for place, value in enumerate(base)]

    assert bootstrap(better, base).low == pytest.approx(0.05)
    gain = bootstrap(noise, base)
    assert gain.mean == pytest.approx(0)
    assert gain.low < -0.02 < 0.02 < gain.high


def test_a_sample_is_repeatable_and_takes_from_every_class():
    found = [Item(f"{group}{n}", group, "q", "case") for group in "ab" for n in range(100)]
    found += [Item(f"c{n}", "c", "q", "case") for n in range(5)]

    kept = sample(found, 0.3)

    assert kept == sample(found, 0.3)
    assert [sum(item.group == group for item in kept) for group in "abc"] == [30, 30, 5]
