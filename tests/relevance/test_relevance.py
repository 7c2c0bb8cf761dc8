"""The gate: no measure of gates.yml may fall below its target, nor below what was seen before."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import yaml

from tests.support.relevance import FOLDER
from tests.support.relevance_run import Outcome, Outcomes, measures, parity

pytestmark = [pytest.mark.xdist_group("relevance"), pytest.mark.timeout(600)]

GATES: Mapping[str, Mapping[str, float]] = yaml.safe_load((FOLDER / "gates.yml").read_text("utf-8"))
SHOWN = 12


def floor(gate: Mapping[str, float]) -> float:
    """The least a measure may be: the target, or what was seen less the tolerance."""
    return max(gate.get("target", 0.0), gate["seen"] - gate["tolerance"])


def ceiling(gate: Mapping[str, float]) -> float:
    """The same for measures of which less is better; they state ``most`` for a target."""
    return min(gate["most"], gate["seen"] + gate["tolerance"])


@pytest.mark.parametrize("name", [name for name in GATES if not name.startswith("need/")])
def test_no_measure_falls(name: str, outcomes_of: Callable[[str], Outcomes]):
    outcomes = outcomes_of("tantivy")
    gate, value = GATES[name], round(measures(outcomes)[name], 4)

    if "most" in gate:
        assert value <= ceiling(gate), f"{name}: {value}\n{worst(outcomes, name)}"
    else:
        assert value >= floor(gate), f"{name}: {value}\n{worst(outcomes, name)}"


def worst(outcomes: Outcomes, name: str) -> str:
    """Some queries that pull the measure down."""
    part, group, measure = name.split("/")
    rows = getattr(outcomes, part) if part != "all" else [*outcomes.known_item, *outcomes.attribute]
    rows = [row for row in rows if group in ("all", row.group)]
    if measure == "zero":
        rows = [row for row in rows if row.total == 0]
    elif measure.startswith(("ndcg", "recall")):
        rows.sort(key=lambda row: row.ndcg)
    else:
        rows = [row for row in rows if row.rank != 1]
    return "\n".join(
        f"  {row.q} → {row.top} (right one at {row.rank}, {row.total} hits, {row.rung})"
        for row in rows[:SHOWN]
    )


def test_both_engines_rank_alike(outcomes_of: Callable[[str], Outcomes]):
    tantivy, elastic = outcomes_of("tantivy"), outcomes_of("elasticsearch")
    for part in ("known_item", "attribute", "negative", "need"):
        theirs = {row.id: row for row in getattr(elastic, part)}
        ours = {row.id: row for row in getattr(tantivy, part) if row.id in theirs}
        pairs = [(ours[key], theirs[key]) for key in theirs]
        differing = [f"{a.q}: {said(a)} and {said(b)}" for a, b in pairs if said(a) != said(b)]
        # Scores are sums of 32-bit floats added in another order: rarely two documents swap.
        assert len(differing) <= math.floor(0.005 * len(theirs)), "\n".join(differing[:SHOWN])


def said(row: Outcome) -> tuple[int | None, int, str]:
    """What must not depend on the engine."""
    return row.rank, row.total, row.rung


def test_300_requests_give_the_same_on_both_engines(outcomes_of: Callable[[str], Outcomes]):
    one, other = outcomes_of("tantivy").parity, outcomes_of("elasticsearch").parity

    found = parity(one, other)

    differing = [a.id for a, b in zip(one, other, strict=True) if a != b]
    assert len(one) == 300
    assert sum(answer.total > 0 for answer in one) >= 240
    assert (found.totals, found.facets, found.rungs) == (1, 1, 1), differing
    assert found.overlap >= 0.999, differing
    assert found.same_order >= 0.99, differing


def test_parity_tells_engines_apart(outcomes_of: Callable[[str], Outcomes]):
    """The negative control: one document fewer, one count more, one hit elsewhere is seen."""
    answers = outcomes_of("tantivy").parity
    place, answer = next(
        (place, each) for place, each in enumerate(answers) if each.total > 10 and each.facets
    )
    field = next(iter(answer.facets))
    value = next(iter(answer.facets[field]))
    counts = {**answer.facets[field], value: answer.facets[field][value] + 1}
    changes = {
        "totals": {"total": answer.total - 1},
        "facets": {"facets": {**answer.facets, field: counts}},
        "overlap": {"ids": [*answer.ids[:-1], "case:elsewhere"]},
        "same_order": {"ids": [*answer.ids[1::-1], *answer.ids[2:]]},
    }
    for measure, change in changes.items():
        other = [*answers]
        other[place] = replace(answer, **change)
        assert getattr(parity(answers, answers), measure) == 1
        assert getattr(parity(answers, other), measure) < 1
