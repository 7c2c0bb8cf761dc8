"""Who may do what: ``RULES`` maps each permission to atoms joined by & and |."""

from __future__ import annotations

from typing import Any

from marketplace.atoms import (
    AccessDistrict,
    AccessHere,
    AccessOf,
    Applicant,
    AtDesk,
    Attends,
    CaseSent,
    Checked,
    Complained,
    Heard,
    InDistrict,
    Is,
    IsSystem,
    Kept,
    NoDistrict,
    ObjectionAsked,
    Outside,
    Own,
    ProjectDistrict,
    ProjectIn,
    ProjectSide,
    Rule,
    SheetIn,
)
from marketplace.models import (
    Acceptance,
    AccessRequest,
    Activity,
    Appeal,
    Attendance,
    Award,
    Candidacy,
    CaseStudy,
    CaseVersion,
    ChangeNotice,
    ChangeRequest,
    Complaint,
    CreditFinding,
    Dispute,
    EvaluationSheet,
    Favourite,
    GradeObjection,
    HandOver,
    Membership,
    Milestone,
    Objection,
    Organisation,
    PeriodicReport,
    Person,
    Proceeding,
    Product,
    Project,
    Provider,
    Rating,
    Replacement,
    SavedSearch,
    Selection,
    Shortlist,
    SpotCheck,
)
from marketplace.models.proceedings import CASES
from marketplace.permissions.market import MARKET_READS, MARKET_RULES
from marketplace.permissions.names import Permission
from marketplace.phases import FILED_PHASES, SUBMITTED_PHASES, EvaluationPhase, Role

TEAM = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR, Role.PROVIDER_VIEWER)

_P = Permission
_CITY = Is(Role.CITY_OFFICER, Role.CITY_LEADER)
_OFFICER = Is(Role.CITY_OFFICER) | IsSystem()
_LEADER = Is(Role.CITY_LEADER) | IsSystem()
_DISTRICT = Is(Role.DISTRICT_REVIEWER) & InDistrict()
_WATCHERS = Is(Role.COSIGNER, Role.AUDITOR)
_TEAM = Is(*TEAM) & Own()
_BUREAU = Is(
    Role.CITY_OFFICER, Role.CITY_LEADER, Role.COSIGNER, Role.AUDITOR, Role.DISTRICT_REVIEWER
)
_ADMIN = Is(Role.ADMIN_USERS)
_EVALUATORS = Is(Role.EXPERT, Role.THIRD_PARTY)
_PROVIDER_SIDE = ProjectSide("provider")
_EDITORS = Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & _PROVIDER_SIDE
_CLIENT = Is(Role.ENTERPRISE) & ProjectSide("enterprise")
_DESK = Is(Role.DISTRICT_REVIEWER) & ProjectDistrict()
_SHOWN = ProjectIn(*SUBMITTED_PHASES)
_FILED = ProjectIn(*FILED_PHASES)
_SECURITY = Is(Role.ADMIN_SECURITY)
_SENDER = Is(Role.ENTERPRISE, *TEAM)
_KEEPER = Is(Role.ENTERPRISE) & Kept()
_MANAGERS = Is(Role.PROVIDER_OWNER, Role.ENTERPRISE)
_REGISTERS = Is(Role.DISTRICT_REVIEWER) & AccessOf("register") & AccessDistrict()
_CLAIMS = AccessOf("claim") | AccessOf("enrol") | AccessOf("evaluate")

RULES: dict[Permission, Rule] = {
    _P.ACCEPTANCE_REOPEN: _CITY & _FILED,
    _P.ACCEPTANCE_SEAL: _DESK & _FILED,
    _P.ACCESS_ANSWER: _MANAGERS & AccessHere(),
    _P.ACCESS_DECIDE: _REGISTERS | Is(Role.CITY_OFFICER) & _CLAIMS,
    _P.ACCESS_FILE: Outside() & Applicant(),
    _P.ACCESS_READ: _REGISTERS | _CITY & _CLAIMS | _MANAGERS & AccessHere() | Applicant(),
    _P.ACTIVITY_ATTEND: Is(Role.ENTERPRISE, Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Attends(),
    _P.ACTIVITY_MANAGE: _CITY | Is(Role.DISTRICT_REVIEWER) & AtDesk(),
    _P.ACTIVITY_READ: _CITY
    | _WATCHERS
    | Is(Role.DISTRICT_REVIEWER) & AtDesk()
    | _SENDER & Attends(),
    _P.APPEAL_DECIDE: _CITY | Is(Role.COSIGNER),
    _P.APPEAL_FILE: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Own(),
    _P.APPEAL_READ: _CITY | _WATCHERS | _DISTRICT | _TEAM | IsSystem(),
    _P.APPEAL_RUN: _CITY | IsSystem(),
    _P.AWARD_DECIDE: _CITY,
    _P.AWARD_READ: _CITY | _WATCHERS | _DISTRICT,
    _P.BAN_IMPOSE: _LEADER,
    _P.BAN_LIFT: _LEADER,
    _P.CALENDAR_EDIT: _CITY,
    _P.CANDIDACY_LIST: _OFFICER,
    _P.CASE_CHECK: Is(Role.CITY_OFFICER) & CaseSent(),
    _P.CASE_CONSENT: IsSystem(),
    _P.CASE_EDIT: _OFFICER,
    _P.CASE_HIDE: _OFFICER,
    _P.CASE_READ: (_CITY | _WATCHERS | _DISTRICT) & CaseSent() | _TEAM | IsSystem(),
    _P.CASE_WITHDRAW: Is(Role.CITY_OFFICER) & CaseSent() | IsSystem(),
    _P.CASE_WRITE: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Own(),
    _P.CHANGE_DECIDE: Is(Role.CITY_OFFICER),
    _P.CHANGE_READ: _CITY | _WATCHERS | _DISTRICT | _TEAM | IsSystem(),
    _P.COMPLAINT_DECIDE: _CITY,
    _P.COMPLAINT_HANDLE: _CITY | _DISTRICT | IsSystem(),
    _P.COMPLAINT_LODGE: Is(Role.ENTERPRISE) & Complained(),
    _P.COMPLAINT_READ: _CITY
    | _WATCHERS
    | _DISTRICT
    | _TEAM & Heard()
    | Is(Role.ENTERPRISE) & Complained()
    | IsSystem(),
    _P.COMPLAINT_REPLY: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Own() & Heard(),
    _P.COMPLAINT_UNMASK: _CITY | _DISTRICT,
    _P.COMPONENTS_READ: _BUREAU | _ADMIN | _SECURITY,
    _P.CONTACT_UNMASK: _CITY | _DISTRICT,
    _P.CREDIT_KEEP: _CITY,
    _P.CREDIT_READ: _CITY | _WATCHERS,
    _P.DISPUTE_DECIDE: _CITY & _FILED,
    _P.DISPUTE_MEDIATE: _DESK & _FILED,
    _P.DISPUTE_OPEN: (_EDITORS | _CLIENT) & _FILED,
    _P.ENTERPRISE_DESK: Is(Role.ENTERPRISE),
    _P.EVALUATION_DESK: _BUREAU | _EVALUATORS,
    _P.EVALUATION_MANAGE: _OFFICER,
    _P.EVALUATION_OBJECT: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
    & Own()
    & SheetIn(EvaluationPhase.DRAFTED),
    _P.EVALUATION_PUBLISH: _LEADER,
    _P.EVALUATION_READ: _CITY
    | _WATCHERS
    | _DISTRICT
    | _EVALUATORS & SheetIn(EvaluationPhase.SCORING)
    | _TEAM & SheetIn(EvaluationPhase.DRAFTED, EvaluationPhase.PUBLISHED)
    | IsSystem(),
    _P.EVALUATION_SCORE: (_EVALUATORS | _DISTRICT | Is(Role.CITY_OFFICER) & NoDistrict())
    & SheetIn(EvaluationPhase.SCORING),
    _P.EVALUATION_SIMULATE: _CITY,
    _P.EVENT_READ: Is(Role.AUDITOR, Role.CITY_LEADER) | _SECURITY,
    _P.EVIDENCE_EXPORT: _CITY | Is(Role.AUDITOR),
    _P.EVIDENCE_FULL_EXPORT: _CITY | Is(Role.AUDITOR),
    _P.FAVOURITE_KEEP: _KEEPER,
    _P.HAND_OVER_AGREE: _CLIENT,
    _P.HAND_OVER_READ: _CITY | _WATCHERS | _DESK | _CLIENT | Is(*TEAM) & _PROVIDER_SIDE,
    _P.IMPORT_RUN: _OFFICER,
    _P.LETTER_SEND: _CITY,
    _P.MEMBERSHIP_ADMIT: _OFFICER,
    _P.MEMBERSHIP_READ: _CITY | _WATCHERS | _DISTRICT | _TEAM | IsSystem(),
    _P.MEMBERSHIP_RECTIFY: _OFFICER,
    _P.MEMBERSHIP_REMOVE: _LEADER,
    _P.MEMBERSHIP_RESTORE: _OFFICER,
    _P.MEMBERSHIP_SUSPEND: _OFFICER,
    _P.MEMBERSHIP_WARN: _OFFICER,
    _P.MEMBERSHIP_WITHDRAW: _OFFICER,
    _P.NOTICE_EDIT: _OFFICER,
    _P.NOTICE_FINISH: _CITY | IsSystem(),
    _P.NOTICE_PUBLISH: _CITY | IsSystem(),
    _P.NOTICE_READ: _BUREAU,
    _P.OBJECTION_DECIDE: _CITY | IsSystem(),
    _P.OBJECTION_HANDLE: _CITY | IsSystem(),
    _P.OBJECTION_READ: _CITY | _WATCHERS | _TEAM & ObjectionAsked() | IsSystem(),
    _P.OBJECTION_REPLY: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Own() & ObjectionAsked(),
    _P.OBJECTION_UNMASK: _CITY,
    _P.ORGANISATION_MANAGE: _ADMIN | IsSystem(),
    _P.ORGANISATION_READ: _CITY | _WATCHERS | _DISTRICT | _ADMIN | _SECURITY | IsSystem(),
    _P.PERSON_READ: _CITY | _WATCHERS | _DISTRICT,
    _P.POOL_EXPORT: _BUREAU,
    _P.POOL_READ: _BUREAU,
    _P.PROCEEDING_ANSWER: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Own(),
    _P.PROCEEDING_CHECK: _DISTRICT | Is(Role.CITY_OFFICER) & NoDistrict(),
    _P.PROCEEDING_DECIDE: _LEADER,
    _P.PROCEEDING_OPEN: _CITY | _DISTRICT | IsSystem(),
    _P.PROCEEDING_OPINE: Is(Role.COSIGNER, Role.CITY_LEADER),
    _P.PROCEEDING_READ: _CITY | _WATCHERS | _DISTRICT | _TEAM | IsSystem(),
    _P.PROCEEDING_RUN: _CITY | IsSystem(),
    _P.PROCEEDING_TICK: IsSystem(),
    _P.PROCEEDING_WORK: _CITY | _DISTRICT | Is(Role.COSIGNER),
    _P.PRODUCT_EDIT: _OFFICER,
    _P.PRODUCT_HIDE: _OFFICER,
    _P.PROFILE_WRITE: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Own(),
    _P.PROGRAMME_READ: _BUREAU,
    _P.PROJECT_CONFIRM: _CLIENT & _SHOWN,
    _P.PROJECT_DELIVER: _EDITORS & _FILED,
    _P.PROJECT_DRAFT: _EDITORS,
    _P.PROJECT_FILE: _DESK & _SHOWN,
    _P.PROJECT_READ: Is(*TEAM) & _PROVIDER_SIDE
    | (_CITY | _WATCHERS | _DESK | _CLIENT | IsSystem()) & _SHOWN,
    _P.PROJECT_TERMINATE: (_CITY | _DESK | IsSystem()) & _FILED,
    _P.PROVIDER_DESK: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR, Role.PROVIDER_VIEWER),
    _P.PROVIDER_EDIT: _OFFICER,
    _P.PROVIDER_HIDE: _OFFICER,
    _P.PROVIDER_READ: _CITY | _WATCHERS | _DISTRICT | _TEAM | IsSystem(),
    _P.QUOTA_CHANGE: _LEADER,
    _P.RATING_HIDE: _CITY & _FILED,
    _P.RATING_REPLY: _EDITORS & _FILED,
    _P.RATING_WRITE: _CLIENT & _FILED,
    _P.REPLACEMENT_READ: _CITY | _WATCHERS,
    _P.REPLACEMENT_RUN: _OFFICER,
    _P.REPORT_CHECK: _CITY | _DISTRICT,
    _P.REPORT_READ: _CITY | _WATCHERS | _DISTRICT | _TEAM | IsSystem(),
    _P.REPORT_SUMMARISE: Is(Role.DISTRICT_REVIEWER) & AtDesk(),
    _P.REPORT_WRITE: Is(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR) & Own(),
    _P.ROLE_GRANT: _ADMIN | IsSystem(),
    _P.ROUND_MANAGE: _OFFICER,
    _P.SEARCH_OPERATE: _SECURITY | IsSystem(),
    _P.SEARCH_REBUILD: _SECURITY | _CITY | IsSystem(),
    _P.SEARCH_SAVE: _KEEPER,
    _P.SECURITY_READ: _SECURITY | Is(Role.AUDITOR),
    _P.SELECTION_RUN: _KEEPER,
    _P.SESSION_REVOKE: _SECURITY | _ADMIN,
    _P.SHORTLIST_KEEP: _KEEPER,
    _P.SPOT_CHECK_READ: _CITY | _WATCHERS | _DISTRICT | _TEAM & Checked(),
    _P.SPOT_CHECK_RUN: _CITY | _DISTRICT,
    _P.SYSTEM_READ: _SECURITY | _CITY,
    _P.TEAM_MANAGE: _MANAGERS & Own(),
    _P.TEAM_READ: Is(*TEAM, Role.ENTERPRISE) & Own(),
    _P.USER_MANAGE: _ADMIN | IsSystem(),
    _P.USER_READ: _ADMIN | _SECURITY | Is(Role.AUDITOR),
    _P.USER_UNLOCK: _ADMIN | _SECURITY | IsSystem(),
    _P.VOCABULARY_EDIT: _CITY,
    _P.WAIVER_GRANT: _LEADER,
    _P.WEBHOOK_MANAGE: _SECURITY | IsSystem(),
    _P.WEBHOOK_RUN: IsSystem(),
    _P.WORK_READ: _BUREAU,
    **MARKET_RULES,
}

READ_RULES: dict[type[Any], Permission] = {
    Acceptance: _P.PROJECT_READ,
    AccessRequest: _P.ACCESS_READ,
    Activity: _P.ACTIVITY_READ,
    Appeal: _P.APPEAL_READ,
    Attendance: _P.ACTIVITY_READ,
    Award: _P.AWARD_READ,
    Candidacy: _P.MEMBERSHIP_READ,
    CaseStudy: _P.PROVIDER_READ,
    CaseVersion: _P.CASE_READ,
    ChangeNotice: _P.PROJECT_READ,
    ChangeRequest: _P.CHANGE_READ,
    Complaint: _P.COMPLAINT_READ,
    CreditFinding: _P.CREDIT_READ,
    Dispute: _P.PROJECT_READ,
    EvaluationSheet: _P.EVALUATION_READ,
    Favourite: _P.FAVOURITE_KEEP,
    GradeObjection: _P.EVALUATION_READ,
    HandOver: _P.HAND_OVER_READ,
    Membership: _P.MEMBERSHIP_READ,
    Milestone: _P.PROJECT_READ,
    Objection: _P.OBJECTION_READ,
    Organisation: _P.ORGANISATION_READ,
    PeriodicReport: _P.REPORT_READ,
    Person: _P.PERSON_READ,
    Proceeding: _P.PROCEEDING_READ,
    Product: _P.PROVIDER_READ,
    Project: _P.PROJECT_READ,
    Provider: _P.PROVIDER_READ,
    Rating: _P.PROJECT_READ,
    Replacement: _P.REPLACEMENT_READ,
    SavedSearch: _P.SEARCH_SAVE,
    Selection: _P.SELECTION_RUN,
    Shortlist: _P.SHORTLIST_KEEP,
    SpotCheck: _P.SPOT_CHECK_READ,
    **dict.fromkeys(CASES, _P.PROCEEDING_READ),
    **MARKET_READS,
}
"""Which permission says that an object may be known at all: 404 without it, 403 with it."""
