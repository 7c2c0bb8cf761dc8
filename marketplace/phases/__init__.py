"""The closed enums that code may depend on; names and labels are the business of config.

Every enum is a ``str`` enum whose values are what the database stores.
"""

from marketplace.phases.market import (
    FILED_PHASES,
    OPEN_CASES,
    OPEN_DISPUTES,
    OPEN_REQUESTS,
    SUBMITTED_PHASES,
    WRITING_PHASES,
    AcceptancePhase,
    CasePhase,
    ChangePhase,
    ChoicePhase,
    DisputePhase,
    MilestonePhase,
    ProjectPhase,
    RequestPhase,
)
from marketplace.phases.operation import ImportPhase, RebuildPhase, RowPhase
from marketplace.phases.people import ROLE_LABELS, STAFF_ROLES, OrganisationKind, Role
from marketplace.phases.pool import (
    CANDIDACY_PHASES,
    HOLDING_PHASES,
    LIVE_PHASES,
    NEW_CONTRACT_PHASES,
    PUBLIC_PHASES,
    RoundPhase,
    SelectionPhase,
    StandingPhase,
)
from marketplace.phases.standing import EvaluationPhase, GradeObjectionPhase

__all__ = [
    "CANDIDACY_PHASES",
    "FILED_PHASES",
    "HOLDING_PHASES",
    "LIVE_PHASES",
    "NEW_CONTRACT_PHASES",
    "OPEN_CASES",
    "OPEN_DISPUTES",
    "OPEN_REQUESTS",
    "PUBLIC_PHASES",
    "ROLE_LABELS",
    "STAFF_ROLES",
    "SUBMITTED_PHASES",
    "WRITING_PHASES",
    "AcceptancePhase",
    "CasePhase",
    "ChangePhase",
    "ChoicePhase",
    "DisputePhase",
    "EvaluationPhase",
    "GradeObjectionPhase",
    "ImportPhase",
    "MilestonePhase",
    "OrganisationKind",
    "ProjectPhase",
    "RebuildPhase",
    "RequestPhase",
    "Role",
    "RoundPhase",
    "RowPhase",
    "SelectionPhase",
    "StandingPhase",
]
