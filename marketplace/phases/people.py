"""Roles and kinds of organisation."""

from enum import StrEnum


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


WATCHED_ROLES = (Role.AUDITOR,)
"""Roles that only read: each page they open is on record, and they are given for a time (S46)."""


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


PRIVATE_ROLES = (
    Role.ENTERPRISE,
    Role.PROVIDER_OWNER,
    Role.PROVIDER_EDITOR,
    Role.PROVIDER_VIEWER,
)
"""Roles of people outside the offices: the history keeps them by number (PIPL 47, 51)."""


class AccessPhase(StrEnum):
    """Where a request to act for an organisation stands."""

    WAITING = "waiting"
    OWNER = "owner"
    RETURNED = "returned"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN_ACCESS = (AccessPhase.WAITING, AccessPhase.OWNER, AccessPhase.RETURNED)
"""Phases of a request that is not decided yet; a person has one for an organisation."""
