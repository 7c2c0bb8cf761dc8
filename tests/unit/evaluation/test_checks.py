"""``programmes check`` on evaluation schemes: sums, closed sets, numbers."""

from dataclasses import replace
from typing import Any

import pytest

from marketplace.programmes.evaluation import Evaluation
from marketplace.programmes.evaluation_checks import evaluation_problems
from marketplace.programmes.indicators import SOURCES
from marketplace.services.evaluation import freezing, sources
from tests import factories

TYPES = frozenset({"integrator", "product", "chain_leader"})


@pytest.fixture(scope="module")
def scheme() -> Evaluation:
    found = factories.programmes()[factories.QINGDAO].evaluation
    assert found is not None
    return found


def spoilt(scheme: Evaluation, id_: str, **given: Any) -> Evaluation:
    dimensions = tuple(
        replace(part, indicators=tuple(
            replace(item, **given) if item.id == id_ else item for item in part.indicators
        ))
        for part in scheme.dimensions
    )  # fmt: skip
    return replace(scheme, dimensions=dimensions)


def said(scheme: Evaluation) -> list[str]:
    return [problem.message for problem in evaluation_problems(scheme, TYPES)]


def test_qingdao_is_right_and_every_source_is_read(scheme: Evaluation) -> None:
    assert said(scheme) == []
    assert freezing.RUNNING and set(sources.SOURCES) == set(SOURCES)


def test_points_that_do_not_add_up_are_refused_with_the_sum(scheme: Evaluation) -> None:
    assert said(spoilt(scheme, "D1-1", points=9)) == ["服务企业情况的指标合计 24 分，应为 25 分"]
    first = replace(scheme.dimensions[0], points=24)
    less = spoilt(replace(scheme, dimensions=(first, *scheme.dimensions[1:])), "D1-1", points=9)
    assert said(less) == ["各维度合计 99 分"]


@pytest.mark.parametrize(
    ("id_", "given", "message"),
    [
        ("D1-1", {"measure": "magic"}, "指标 D1-1：没有算法“magic”"),
        ("D1-1", {"source": "rumours"}, "指标 D1-1：没有数据来源“rumours”"),
        ("D1-1", {"source": None}, "指标 D1-1：没有数据来源“”"),
        ("D1-1", {"source": "ratings"}, "指标 D1-1：数据来源与算法不配"),
        ("D1-1", {"target": {"product": 5}}, "指标 D1-1：目标数与服务商类型不一致：chain_leader"),
        ("D2-2", {"zero_at_percent": 95}, "指标 D2-2：得零分的 95% 应低于得满分的 90%"),
        ("D2-2", {"full_at_percent": None}, "指标 D2-2：缺少“full_at_percent”"),
        ("D3-1", {"by": "neighbour"}, "指标 D3-1：没有评价方“neighbour”"),
        ("D3-1", {"source": "ratings"}, "指标 D3-1：人工评分的指标不写数据来源"),
        ("D4-1", {"by": "district"}, "指标 D4-1：算法“mean_rating”不能由人填写"),
    ],
)
def test_what_an_indicator_may_not_say(
    scheme: Evaluation, id_: str, given: dict[str, Any], message: str
) -> None:
    assert message in said(spoilt(scheme, id_, **given))


def test_what_the_scheme_may_not_say(scheme: Evaluation) -> None:
    wrong = replace(
        scheme, no_data="zero", rounding_decimals=2, vetoes=("N1",),
        deductions=(replace(scheme.deductions[1], source="ratings"), *scheme.deductions[:1]),
        grades=tuple(reversed(scheme.grades)),
    )  # fmt: skip
    assert said(wrong) == [
        "编号 N1 用了 2 次", "N2 的数据来源“ratings”不能用", "等次须从高到低、最低为 0 分",
        "“no_data”不能是 zero", "“rounding”不能是 half_up",
    ]  # fmt: skip
