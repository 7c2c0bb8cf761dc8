"""The closed enums that code may depend on; names and labels are the business of config.

Every enum is a ``str`` enum whose values are what the database stores.
"""

from enum import StrEnum


class RoundPhase(StrEnum):
    """Where a selection round stands."""

    DRAFT = "draft"
    COMING = "coming"
    OPEN = "open"
    REVIEW = "review"
    PUBLICITY = "publicity"
    LISTED = "listed"
    CLOSED = "closed"


class SelectionPhase(StrEnum):
    """Phases of one application; candidacies use the last four."""

    DRAFT = "draft"
    RETURNED = "returned"
    DISTRICT_REVIEW = "district_review"
    CITY_REVIEW = "city_review"
    EXPERT_REVIEW = "expert_review"
    DECISION = "decision"
    PUBLICITY = "publicity"
    RESERVE = "reserve"
    CLOSED = "closed"


class StandingPhase(StrEnum):
    """Phases of one pool membership."""

    LISTED = "listed"
    WARNED = "warned"
    RECTIFYING = "rectifying"
    SUSPENDED = "suspended"
    EXITED = "exited"


LIVE_PHASES = (
    StandingPhase.LISTED,
    StandingPhase.WARNED,
    StandingPhase.RECTIFYING,
    StandingPhase.SUSPENDED,
)
"""Phases that hold a place of the quota."""

PUBLIC_PHASES = (StandingPhase.LISTED, StandingPhase.WARNED, StandingPhase.RECTIFYING)
"""Phases shown in search and lists; a suspended or exited provider keeps only its page."""

CANDIDACY_PHASES = (
    SelectionPhase.DECISION,
    SelectionPhase.PUBLICITY,
    SelectionPhase.RESERVE,
    SelectionPhase.CLOSED,
)

HOLDING_PHASES = (SelectionPhase.DECISION, SelectionPhase.PUBLICITY)
"""Candidacy phases that hold a place not yet listed."""


class Role(StrEnum):
    """Roles a user may be granted, each for one organisation (domain.md §1.1)."""

    ENTERPRISE = "enterprise"
    PROVIDER_OWNER = "provider_owner"
    PROVIDER_EDITOR = "provider_editor"
    PROVIDER_VIEWER = "provider_viewer"
    DISTRICT_REVIEWER = "district_reviewer"
    CITY_OFFICER = "city_officer"
    CITY_LEADER = "city_leader"
    COSIGNER = "cosigner"
    EXPERT = "expert"
    THIRD_PARTY = "third_party"
    AUDITOR = "auditor"
    ADMIN_USERS = "admin_users"
    ADMIN_SECURITY = "admin_security"


STAFF_ROLES = (
    Role.DISTRICT_REVIEWER,
    Role.CITY_OFFICER,
    Role.CITY_LEADER,
    Role.COSIGNER,
    Role.EXPERT,
    Role.THIRD_PARTY,
    Role.AUDITOR,
    Role.ADMIN_USERS,
    Role.ADMIN_SECURITY,
)
"""Roles that need a second factor and the short session (quality.md S28, S30)."""

ROLE_LABELS: dict[Role, str] = {
    Role.ENTERPRISE: "企业用户",
    Role.PROVIDER_OWNER: "服务商负责人",
    Role.PROVIDER_EDITOR: "服务商编辑",
    Role.PROVIDER_VIEWER: "服务商只读",
    Role.DISTRICT_REVIEWER: "区市初审员",
    Role.CITY_OFFICER: "市级经办人",
    Role.CITY_LEADER: "市级签发人",
    Role.COSIGNER: "会签人",
    Role.EXPERT: "评审专家",
    Role.THIRD_PARTY: "第三方机构",
    Role.AUDITOR: "审计员",
    Role.ADMIN_USERS: "用户管理员",
    Role.ADMIN_SECURITY: "安全管理员",
}


class OrganisationKind(StrEnum):
    """Kinds of organisation (domain.md §1.1)."""

    PROVIDER = "provider"
    ENTERPRISE = "enterprise"
    DISTRICT_OFFICE = "district_office"
    LEAD_BUREAU = "lead_bureau"
    CO_BUREAU = "co_bureau"
    THIRD_PARTY = "third_party"


class ImportPhase(StrEnum):
    """Where an import job stands."""

    CHECKING = "checking"
    STAGED = "staged"
    REFUSED = "refused"
    APPLYING = "applying"
    DONE = "done"


class RowPhase(StrEnum):
    """Where one row of an import stands."""

    VALID = "valid"
    INVALID = "invalid"
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class RebuildPhase(StrEnum):
    """Where a rebuild of the search index stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ProjectPhase(StrEnum):
    """Where a transformation project stands, from its filing to its end."""

    DRAFT = "draft"
    CONFIRMING = "confirming"
    FILING = "filing"
    RETURNED = "returned"
    RUNNING = "running"
    ACCEPTANCE = "acceptance"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"
    DISCARDED = "discarded"


WRITING_PHASES = (ProjectPhase.DRAFT, ProjectPhase.RETURNED)
"""Project phases in which the provider writes the filing."""

SUBMITTED_PHASES = (
    ProjectPhase.CONFIRMING,
    ProjectPhase.FILING,
    ProjectPhase.RETURNED,
    ProjectPhase.RUNNING,
    ProjectPhase.ACCEPTANCE,
    ProjectPhase.ACCEPTED,
    ProjectPhase.TERMINATED,
)
"""Project phases that others than the provider may know of; drafts are the provider's own."""

FILED_PHASES = (
    ProjectPhase.RUNNING,
    ProjectPhase.ACCEPTANCE,
    ProjectPhase.ACCEPTED,
    ProjectPhase.TERMINATED,
)
"""Project phases of a contract that the district has taken on file."""


class MilestonePhase(StrEnum):
    """Where a milestone of a project stands."""

    PLANNED = "planned"
    DONE = "done"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class ChangePhase(StrEnum):
    """Where a change notice of a project stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"


class AcceptancePhase(StrEnum):
    """Where one acceptance of a project stands."""

    APPLIED = "applied"
    ENTERED = "entered"
    PASSED = "passed"
    FAILED = "failed"
    REOPENED = "reopened"
    ABANDONED = "abandoned"


class DisputePhase(StrEnum):
    """Where a dispute about a project stands."""

    MEDIATING = "mediating"
    DECIDING = "deciding"
    SETTLED = "settled"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


OPEN_DISPUTES = (DisputePhase.MEDIATING, DisputePhase.DECIDING)


class ChoicePhase(StrEnum):
    """Where a selection file of an enterprise stands."""

    OPEN = "open"
    LOCKED = "locked"
    CHOSEN = "chosen"
    HANDED_OVER = "handed_over"
    ABANDONED = "abandoned"


NEW_CONTRACT_PHASES = (StandingPhase.LISTED, StandingPhase.WARNED)
"""Standings with which a provider may take new contracts: not while it rectifies (house.md §6)."""


class CasePhase(StrEnum):
    """Where one version of a case stands, from its draft to its end."""

    DRAFT = "draft"
    CONSENT = "consent"
    CHECK = "check"
    PUBLISHED = "published"
    RETURNED = "returned"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


OPEN_CASES = (CasePhase.DRAFT, CasePhase.CONSENT, CasePhase.CHECK, CasePhase.RETURNED)
"""Phases of a version on its way to the hall; a case has at most one such version."""
