"""Checks of an evaluation scheme: sums, closed sets, and the numbers each formula needs."""

from collections import Counter
from collections.abc import Iterator

from marketplace.programmes.evaluation import Evaluation, Indicator
from marketplace.programmes.indicators import (
    COUNTED,
    MEASURES,
    NO_DATA,
    RATERS,
    SOURCES,
    Measure,
)
from marketplace.programmes.structure import Path, Problem

WHOLE = 100
OWN_IDS = ("not_rated", "")
"""Names that grades may not take: the system uses them itself."""


def evaluation_problems(scheme: Evaluation, types: frozenset[str]) -> Iterator[Problem]:
    """Everything wrong with the scheme; ``types`` are the programme's provider types."""
    yield from _sums(scheme)
    for i, dimension in enumerate(scheme.dimensions):
        for j, indicator in enumerate(dimension.indicators):
            path: Path = ("evaluation", "dimensions", i, "indicators", j)
            for text, advice in _indicator(indicator, types):
                yield Problem(path, f"指标 {indicator.id}：{text}", advice)
    yield from _adjustments(scheme)
    yield from _bands(scheme)
    yield from _limits(scheme)


def _sums(scheme: Evaluation) -> Iterator[Problem]:
    for i, dimension in enumerate(scheme.dimensions):
        total = sum(indicator.points for indicator in dimension.indicators)
        if total != dimension.points:
            yield Problem(
                ("evaluation", "dimensions", i),
                f"{dimension.name}的指标合计 {total} 分，应为 {dimension.points} 分",
                "请调整指标分值。",
            )
    total = sum(dimension.points for dimension in scheme.dimensions)
    if total != WHOLE:
        yield Problem(
            ("evaluation", "dimensions"), f"各维度合计 {total} 分", f"请调整为 {WHOLE} 分。"
        )


def _indicator(indicator: Indicator, types: frozenset[str]) -> Iterator[tuple[str, str]]:
    measure = MEASURES.get(indicator.measure)
    if measure is None:
        yield f"没有算法“{indicator.measure}”", f"可用的算法：{'、'.join(MEASURES)}。"
        return
    if indicator.points <= 0:
        yield f"分值为 {indicator.points}", "分值应大于 0。"
    for name in measure.needs:
        if getattr(indicator, name) is None:
            yield f"缺少“{name}”", f"算法“{indicator.measure}”需要它。"
    yield from _origin(indicator, measure)
    yield from _numbers(indicator, types)


def _origin(indicator: Indicator, measure: Measure) -> Iterator[tuple[str, str]]:
    """Who gives the figure, and from which rows."""
    if indicator.by not in RATERS:
        yield f"没有评价方“{indicator.by}”", f"可用的评价方：{'、'.join(RATERS)}。"
    if indicator.by not in COUNTED:
        if indicator.source:
            yield "人工评分的指标不写数据来源", "请删去 source，或改为 auto。"
        if measure.kinds and not measure.entered:
            yield f"算法“{indicator.measure}”不能由人填写", "请改为 judged 或 share。"
        return
    source = SOURCES.get(indicator.source or "")
    if source is None:
        yield f"没有数据来源“{indicator.source or ''}”", f"可用的来源：{'、'.join(SOURCES)}。"
    elif source.kind not in measure.kinds:
        yield "数据来源与算法不配", f"算法“{indicator.measure}”不能用这个来源。"


def _numbers(indicator: Indicator, types: frozenset[str]) -> Iterator[tuple[str, str]]:
    full, zero = indicator.full_at_percent, indicator.zero_at_percent
    if full is not None and zero is not None and not 0 <= zero < full <= WHOLE:
        yield f"得零分的 {zero}% 应低于得满分的 {full}%", "请核对两个百分数。"
    if indicator.target is not None:
        for type_ in sorted(types ^ set(indicator.target)):
            yield f"目标数与服务商类型不一致：{type_}", "每种类型各写一个目标数。"
        if any(number < 0 for number in indicator.target.values()):
            yield "目标数小于 0", "请改正。"


def _adjustments(scheme: Evaluation) -> Iterator[Problem]:
    ids = Counter(
        [i.id for d in scheme.dimensions for i in d.indicators]
        + [item.id for item in (*scheme.bonuses, *scheme.deductions)]
        + list(scheme.vetoes)
    )
    for id_, times in ids.items():
        if times > 1:
            yield Problem(("evaluation",), f"编号 {id_} 用了 {times} 次", "每个编号只用一次。")
    for name, items in (("bonuses", scheme.bonuses), ("deductions", scheme.deductions)):
        for i, item in enumerate(items):
            source = SOURCES.get(item.source) if item.source else None
            if item.source and (source is None or source.kind != "count"):
                yield Problem(
                    ("evaluation", name, i),
                    f"{item.id} 的数据来源“{item.source}”不能用",
                    "请用计数的来源，或删去 source 由市级登记。",
                )
            if item.points <= 0:
                yield Problem(("evaluation", name, i), f"{item.id} 的分值应大于 0", "请改正。")


def _bands(scheme: Evaluation) -> Iterator[Problem]:
    bounds = [grade.min for grade in scheme.grades]
    if bounds != sorted(set(bounds), reverse=True) or bounds[-1:] != [0]:
        yield Problem(("evaluation", "grades"), "等次须从高到低、最低为 0 分", "请核对 min。")
    ids = [grade.id for grade in scheme.grades]
    if len(set(ids)) < len(ids) or set(ids) & set(OWN_IDS):
        yield Problem(("evaluation", "grades"), "等次编号重复或不能使用", "请改用其他编号。")


def _limits(scheme: Evaluation) -> Iterator[Problem]:
    wrong = {
        "no_data": scheme.no_data not in NO_DATA,
        "min_points": not 0 <= scheme.min_points <= WHOLE,
        "min_experts": scheme.min_experts < 1,
        "objection_working_days": scheme.objection_working_days < 1,
        "bonus_cap": scheme.bonus_cap < 0,
        "rounding": scheme.rounding != "half_up" or not 0 <= scheme.rounding_decimals <= 1,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            value = getattr(scheme, name)
            yield Problem(("evaluation",), f"“{name}”不能是 {value}", "请改为可用的值。")
