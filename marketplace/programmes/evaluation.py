"""The experts' intake sheet and the periodic evaluation scheme; every number is the file's."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One line of the intake sheet; ``points`` by provider type, ``reads`` are rule ids."""

    id: str
    label: str
    points: Mapping[str, int]
    reads: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReviewSheet:
    """How experts score applications and how scores become a ranking."""

    proposal: bool
    basis: str
    min_reviews: int
    blind: bool
    see_others: bool
    recusal_first: bool
    recusal: tuple[str, ...]
    aggregate: str
    outlier_range: int
    pass_mark: int
    criteria: tuple[Criterion, ...]
    ties: tuple[str, ...]
    reserve: str
    waivers_shown: bool


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One measured figure. ``measure`` names the arithmetic, its numbers stand beside it.

    ``source`` names the rows that it counts, for figures that nobody judges; both come from the
    closed sets of ``programmes.indicators``.
    """

    id: str
    name: str
    points: int
    by: str
    measure: str
    formula: str
    source: str | None = None
    target: Mapping[str, int] | None = None
    full_at_percent: int | None = None
    zero_at_percent: int | None = None
    within_working_days: int | None = None
    fresh_months: int | None = None
    per_case_points: int | None = None
    min_ratings: int | None = None
    min_level: int | None = None


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """A group of indicators; ``points`` is their sum."""

    id: str
    name: str
    points: int
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, kw_only=True)
class Grade:
    """A band of the total score, lower bound included, with what follows from it."""

    id: str
    name: str
    min: int
    consequences: tuple[str, ...]
    badge: bool = False
    award_candidate: bool = False
    talk_below: int | None = None


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """Extra points (or points off) for one named fact: found in ``source``, else entered."""

    id: str
    name: str
    points: int
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """How often: files, scored rounds, yearly consolidation, and what triggers one in between."""

    monitoring: str
    file_due_day: int
    scoring: str
    consolidated: str
    ad_hoc: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rectification:
    """Days to mend after a failed evaluation (calendar days unless named otherwise)."""

    days: int
    extendable_days: int
    plan_due_days: int
    check_by: str
    confirm_by: str
    overdue: str


@dataclass(frozen=True, kw_only=True)
class FailedEvaluation:
    """What a fail does the first time, and the second time in a row; ``cause`` is its reason."""

    first: tuple[str, ...]
    second_consecutive: str
    veto: str
    search_boost: bool = False
    cause: str = "X03"


@dataclass(frozen=True, kw_only=True)
class Appeal:
    """Against what, how long, who decides."""

    against: tuple[str, ...]
    window_working_days: int
    decide_within_working_days: int
    decided_by: str
    suspends: str


@dataclass(frozen=True, kw_only=True)
class Supplement:
    """How an empty place is filled."""

    triggers: tuple[str, ...]
    order: tuple[str, ...]
    recheck: tuple[str, ...]
    publicity_working_days: int


@dataclass(frozen=True, kw_only=True)
class Complaints:
    """Clocks of a complaint, in working days."""

    channels: tuple[str, ...]
    acknowledge_working_days: int
    provider_reply_working_days: int
    conclude_working_days: int
    anonymous: str
    upheld_needs: str


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Who sees what of a result."""

    grade: str
    total_score: str
    indicator_scores: str
    reasons_for_removal: str
    retention_years: int


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The scheme by which listed providers are scored (domain.md §4.5).

    ``no_data``: a figure without data is ``left_out`` (the rest is scaled up to 100 points), or
    makes the whole place ``not_rated``. Below ``min_points`` points with data it is not rated.
    ``outlier_range``: experts this far apart, in percent of the points, are pointed out.
    """

    scheme: str
    version: int
    status: str
    unit: str
    basis: str
    cycle: Cycle
    evaluators: tuple[str, ...]
    min_projects: int
    below_min: str
    dimensions: tuple[Dimension, ...]
    bonus_cap: int
    bonuses: tuple[Adjustment, ...]
    deductions: tuple[Adjustment, ...]
    vetoes: tuple[str, ...]
    rounding_decimals: int
    rounding: str
    grades: tuple[Grade, ...]
    failed: FailedEvaluation
    rectification: Rectification
    appeal: Appeal
    supplement: Supplement
    complaints: Complaints
    publication: Publication
    no_data: str = "left_out"
    min_points: int = 60
    min_experts: int = 3
    outlier_range: int = 20
    recusal: tuple[str, ...] = ()
    objection_working_days: int = 5
