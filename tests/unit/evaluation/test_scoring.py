"""From figures to score and grade: scaling, bonuses, vetoes, experts, and what is not rated."""

from dataclasses import replace
from decimal import Decimal

import pytest

from marketplace.programmes.evaluation import Evaluation
from marketplace.services.evaluation import pinned, scoring
from marketplace.services.evaluation.scoring import Figure, reckon
from tests import factories

FULL = [
    Figure("D1-1", "auto", 5, 5, 5), Figure("D1-2", "auto", 9, 10, 10),
    Figure("D1-3", "auto", 3, 4, 4), Figure("D2-1", "auto", 4, 5, 5),
    Figure("D2-2", "auto", 4, 5, 5), Figure("D2-3", "third_party", 6, 8, 8),
    Figure("D2-4", "auto", 3, 3, 3),
    *(Figure("D3-1", "expert", n=1, points=Decimal(mark)) for mark in ("5.5", "6", "6.5")),
    Figure("D3-2", "district", 4, 5, 5), Figure("D3-3", "auto", 5, 5, 5),
    Figure("D3-4", "auto", 2, 2, 2), Figure("D4-1", "enterprise", 21, 5, 5),
    Figure("D4-2", "auto", 2, 2, 2), Figure("D4-3", "district", points=Decimal("2.0")),
    Figure("D4-4", "auto", 1, 0, 1), Figure("N2", "auto", 0, 0, 0),
]  # fmt: skip
"""The worked example of domain.md §4.5."""


@pytest.fixture(scope="module")
def scheme() -> Evaluation:
    found = factories.programmes()[factories.QINGDAO].evaluation
    assert found is not None
    return found


def without(*ids: str) -> list[Figure]:
    return [figure for figure in FULL if figure.indicator not in ids]


def mark(scheme: Evaluation, figures: list[Figure], projects: int = 5) -> tuple[str, str, str]:
    found = reckon(scheme, "product", projects, figures)
    return str(found.score), found.grade, found.why


def test_the_worked_example(scheme: Evaluation) -> None:
    assert mark(scheme, FULL) == ("83.3", "good", "")


def test_what_has_no_data_is_left_out_and_the_rest_scaled(scheme: Evaluation) -> None:
    # 83.3 less 6.3 of 7 points: 77.0 of 93.
    found = reckon(scheme, "product", 5, without("D1-2"))
    assert (found.available, str(found.score)) == (93, "82.8")
    states = {line.indicator.id: line.state for line in found.lines}
    assert (states["D1-2"], states["D1-1"]) == ("no_data", "ok")
    strict = replace(scheme, no_data="not_rated")
    assert mark(strict, without("D1-2")) == ("None", "not_rated", "没有数据：需求响应及时率")


def test_too_little_is_not_rated_and_never_zero(scheme: Evaluation) -> None:
    assert mark(scheme, FULL, projects=0) == (
        "None", "not_rated", "在施和已验收项目0个，少于1个",
    )  # fmt: skip
    few = [figure for figure in FULL if figure.indicator.startswith("D1")]
    assert mark(scheme, few) == ("None", "not_rated", "有数据的指标合计25分，少于60分")


def test_experts_count_together_or_not_at_all(scheme: Evaluation) -> None:
    two = without("D3-1") + [Figure("D3-1", "expert", points=Decimal(8))] * 2
    assert reckon(scheme, "product", 5, two).available == 92
    apart = without("D3-1") + [
        Figure("D3-1", "expert", points=Decimal(given)) for given in ("2", "4", "8")
    ]
    line = next(x for x in reckon(scheme, "product", 5, apart).lines if x.indicator.id == "D3-1")
    assert (line.apart, str(line.as_json()["points"])) == (True, "4.67")


def test_bonus_is_capped_deductions_and_corrections_count(scheme: Evaluation) -> None:
    both = [*FULL, Figure("B1", "city", 1, 1, 1), Figure("B2", "city", 1, 1, 1)]
    assert mark(scheme, both)[0] == "88.3"
    assert mark(replace(scheme, bonus_cap=3), both)[0] == "86.3"
    late = [*without("N2"), Figure("N2", "auto", 2, 0, 2)]
    assert mark(scheme, late) == ("78.3", "pass", "")
    # What the city says goes before what was counted, in both directions.
    assert mark(scheme, [*late, Figure("N2", "city", 0, 1, 1)])[0] == "83.3"
    corrected = [*FULL, Figure("D1-2", "city", points=Decimal("7"))]
    assert mark(scheme, corrected)[0] == "84.0"


def test_a_veto_fails_whatever_the_score_and_whatever_is_missing(scheme: Evaluation) -> None:
    assert mark(scheme, [*FULL, Figure("X07", "city", 1, 1, 1)]) == ("83.3", "fail", "")
    assert mark(scheme, [Figure("X07", "city", 1, 1, 1)], projects=0) == ("0.0", "fail", "")
    assert mark(scheme, [*FULL, Figure("X07", "city", 0, 1, 1)])[1] == "good"


def test_the_grade_is_that_of_the_rounded_score(scheme: Evaluation) -> None:
    almost = replace(scheme, grades=tuple(
        replace(grade, min=84) if grade.id == "good" else grade for grade in scheme.grades
    ))  # fmt: skip
    higher = [*without("D4-3"), Figure("D4-3", "district", points=Decimal("2.65"))]
    assert mark(almost, higher) == ("84.0", "good", "")  # 83.95 exactly


def test_what_is_pinned_is_read_back_whole(scheme: Evaluation) -> None:
    data, digest = pinned.pin(scheme)
    assert pinned.pin(pinned.build(Evaluation, data)) == (data, digest)
    assert len({pinned.sha256(data | {"version": n}) for n in (1, 2)}) == 2
    assert scoring.label(scheme, "not_rated") == "暂不评级"
