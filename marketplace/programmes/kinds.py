"""The closed kinds that a programme file may use."""

from enum import StrEnum


class ProgrammeObject(StrEnum):
    """What is selected: a provider for a pool, or a platform for a title."""

    PROVIDER = "provider"
    PLATFORM_TITLE = "platform_title"


class Severity(StrEnum):
    """hard binds; soft (原则上) can be waived with a reason; preference only ranks."""

    HARD = "hard"
    SOFT = "soft"
    PREFERENCE = "preference"


class RuleKind(StrEnum):
    """What a rule is about."""

    ELIGIBILITY = "eligibility"
    MATERIALS = "materials"
    FUNCTIONAL = "functional"
    CONFLICT = "conflict"


class Checker(StrEnum):
    """Who checks a rule."""

    SYSTEM = "system"
    DISTRICT = "district"
    CITY = "city"
    EXPERTS = "experts"
    THIRD_PARTY = "third_party"


class ConflictKind(StrEnum):
    """Comparisons with other memberships and roles (domain.md §3.6 item 6)."""

    ONE_PER_AFFILIATE_GROUP = "one_per_affiliate_group"
    MAX_DISTINCT_SEGMENTS = "max_distinct_segments"
    OWN_SEGMENT_ONLY = "own_segment_only"
    TYPES_TOGETHER = "types_together"
    ROLES_SEPARATE = "roles_separate"
    NO_REPEAT_WITHIN_YEARS = "no_repeat_within_years"


class QuotaDimension(StrEnum):
    """What places are counted by."""

    TYPE = "type"
    SEGMENT = "segment"
    CITY = "city"
    YEAR = "year"


class QuestionType(StrEnum):
    """How a question is asked and stored."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    MONEY = "money"
    PERCENT = "percent"
    YES_NO = "yes_no"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    DATE = "date"
    FILES = "files"


class SiteVisit(StrEnum):
    """Whether reviewers go and look."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


CHECKER_LABELS: dict[Checker, str] = {
    Checker.SYSTEM: "系统校验",
    Checker.DISTRICT: "区县初审",
    Checker.CITY: "市级审核",
    Checker.EXPERTS: "专家评审",
    Checker.THIRD_PARTY: "第三方机构",
}

SEVERITY_LABELS: dict[Severity, str] = {
    Severity.HARD: "必须满足",
    Severity.SOFT: "原则上满足",
    Severity.PREFERENCE: "优先考虑",
}
