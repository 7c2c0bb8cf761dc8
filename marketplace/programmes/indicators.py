"""The closed sets that an evaluation scheme may name: arithmetic, rows, and who gives a figure.

``formulas`` of services holds the arithmetic of each measure and ``sources`` reads the rows of
each source; tests compare the names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

COUNT, SHARE, MEAN = "count", "share", "mean"
"""What rows of a source come to: how many, how many of how many, or their mean."""

AUTO, ENTERPRISE, EXPERT, THIRD_PARTY, DISTRICT = (
    "auto", "enterprise", "expert", "third_party", "district",
)  # fmt: skip
RATERS = (AUTO, ENTERPRISE, EXPERT, THIRD_PARTY, DISTRICT)
RATER_LABELS: Mapping[str, str] = MappingProxyType({
    AUTO: "系统计算", ENTERPRISE: "企业评价", EXPERT: "专家评分", THIRD_PARTY: "第三方机构",
    DISTRICT: "区市", "city": "市级",
})  # fmt: skip
COUNTED = (AUTO, ENTERPRISE)
"""Figures that nobody judges: they are read from rows."""

LEFT_OUT, NOT_RATED = "left_out", "not_rated"
NO_DATA = (LEFT_OUT, NOT_RATED)


@dataclass(frozen=True)
class Source:
    """Rows that a figure counts: their name in words, and what they come to."""

    label: str
    kind: str


SOURCES: Mapping[str, Source] = MappingProxyType({
    "filed_contracts": Source("评价期内备案的合同", COUNT),
    "replies_in_time": Source("评价期内应答复的询价", SHARE),
    "milestones_on_time": Source("评价期内到期的里程碑", SHARE),
    "first_acceptances": Source("评价期内验收通过的项目", SHARE),
    "levels_reached": Source("评价期内验收通过的项目的改造后等级", SHARE),
    "live_cases": Source("展厅中本细分行业的案例", COUNT),
    "contract_prices": Source("评价期内备案合同的价格（相同范围）", SHARE),
    "product_ip": Source("本细分行业公开产品的知识产权登记", SHARE),
    "ratings": Source("评价期内企业的满意度评价", MEAN),
    "reports_in_time": Source("评价期内到期的档案报告", SHARE),
    "upheld_complaints": Source("评价期内查实的投诉", COUNT),
    "overdue_rectifications": Source("评价期内逾期的整改", COUNT),
})  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One arithmetic: the kinds of source it can read, and the numbers it needs beside it.

    Without kinds a person gives the points; ``entered``: a person may give the counts instead.
    """

    kinds: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    entered: bool = False


MEASURES: Mapping[str, Measure] = MappingProxyType({
    "count_against_target": Measure((COUNT,), ("target",)),
    "share": Measure((SHARE,), entered=True),
    "linear": Measure((SHARE,), ("full_at_percent", "zero_at_percent"), entered=True),
    "required_cases": Measure((COUNT,), ("target", "fresh_months")),
    "met": Measure((SHARE,), entered=True),
    "mean_rating": Measure((MEAN,), ("min_ratings",)),
    "deduct_per_case": Measure((COUNT,), ("per_case_points",)),
    "judged": Measure(),
})  # fmt: skip
