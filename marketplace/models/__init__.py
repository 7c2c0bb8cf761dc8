"""All tables. Importing this package registers every model with ``Base.metadata``."""

from marketplace.models.acceptances import Acceptance, Dispute
from marketplace.models.access_requests import AccessRequest, Registration, TeamInvitation
from marketplace.models.accounts import (
    LoginCounter,
    OneTimeLink,
    PasswordHistory,
    RateCounter,
    RecoveryCode,
    RoleGrant,
    SecurityEvent,
    User,
    UserSession,
)
from marketplace.models.activities import Activity, Attendance
from marketplace.models.appeals import Appeal, AppealPanelist
from marketplace.models.awards import Award
from marketplace.models.case_versions import CaseConsent, CaseVersion
from marketplace.models.cases import CaseStudy
from marketplace.models.change_requests import ChangeRequest
from marketplace.models.complaints import Complaint
from marketplace.models.credit_findings import CreditFinding
from marketplace.models.demands import Demand, DemandAnswer
from marketplace.models.digests import AuditDigest, ProgrammeText
from marketplace.models.drafts import FormDraft, HeldForm
from marketplace.models.evaluations import (
    EvaluationCycle,
    EvaluationSheet,
    GradeObjection,
    IndicatorValue,
    InterestDeclaration,
)
from marketplace.models.events import Event, EventSeal
from marketplace.models.favourites import Favourite, Shortlist, ShortlistItem
from marketplace.models.files import StoredFile
from marketplace.models.forms import SubmittedForm
from marketplace.models.imports import ImportJob, ImportRow
from marketplace.models.inbox import Message, MessageChoice
from marketplace.models.inquiries import Inquiry, InquiryMessage, InquiryParty
from marketplace.models.memberships import Ban, Candidacy, Membership, Waiver
from marketplace.models.objections import Objection
from marketplace.models.organisations import Affiliation, Organisation
from marketplace.models.outbox import Lease, OutboxItem
from marketplace.models.prices import PricePoint
from marketplace.models.proceedings import (
    BureauOpinion,
    HandOver,
    IssuedLetter,
    Proceeding,
    RectificationCase,
    RectificationExtension,
    RemovalCase,
    ReReviewCase,
    SuspensionCase,
    WithdrawalCase,
)
from marketplace.models.products import Product
from marketplace.models.projects import ChangeNotice, Milestone, Project
from marketplace.models.providers import Person, Provider
from marketplace.models.public_notices import NoticeEntry, NoticeErratum, PublicNotice
from marketplace.models.ratings import Rating, RatingVersion
from marketplace.models.rebuilds import IndexRebuild
from marketplace.models.replacements import Replacement
from marketplace.models.reports import PeriodicReport, ReportSummary, ReportVersion
from marketplace.models.rounds import Quota, Round
from marketplace.models.searches import SavedSearch, SearchMatch
from marketplace.models.selections import Selection, SelectionEntry
from marketplace.models.spot_checks import SpotCheck
from marketplace.models.vocabulary import CalendarDay, CalendarYear, Term
from marketplace.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "Acceptance",
    "AccessRequest",
    "Activity",
    "Affiliation",
    "Appeal",
    "AppealPanelist",
    "Attendance",
    "AuditDigest",
    "Award",
    "Ban",
    "BureauOpinion",
    "CalendarDay",
    "CalendarYear",
    "Candidacy",
    "CaseConsent",
    "CaseStudy",
    "CaseVersion",
    "ChangeNotice",
    "ChangeRequest",
    "Complaint",
    "CreditFinding",
    "Demand",
    "DemandAnswer",
    "Dispute",
    "EvaluationCycle",
    "EvaluationSheet",
    "Event",
    "EventSeal",
    "Favourite",
    "FormDraft",
    "GradeObjection",
    "HandOver",
    "HeldForm",
    "ImportJob",
    "ImportRow",
    "IndexRebuild",
    "IndicatorValue",
    "Inquiry",
    "InquiryMessage",
    "InquiryParty",
    "InterestDeclaration",
    "IssuedLetter",
    "Lease",
    "LoginCounter",
    "Membership",
    "Message",
    "MessageChoice",
    "Milestone",
    "NoticeEntry",
    "NoticeErratum",
    "Objection",
    "OneTimeLink",
    "Organisation",
    "OutboxItem",
    "PasswordHistory",
    "PeriodicReport",
    "Person",
    "PricePoint",
    "Proceeding",
    "Product",
    "ProgrammeText",
    "Project",
    "Provider",
    "PublicNotice",
    "Quota",
    "RateCounter",
    "Rating",
    "RatingVersion",
    "ReReviewCase",
    "RecoveryCode",
    "RectificationCase",
    "RectificationExtension",
    "Registration",
    "RemovalCase",
    "Replacement",
    "ReportSummary",
    "ReportVersion",
    "RoleGrant",
    "Round",
    "SavedSearch",
    "SearchMatch",
    "SecurityEvent",
    "Selection",
    "SelectionEntry",
    "Shortlist",
    "ShortlistItem",
    "SpotCheck",
    "StoredFile",
    "SubmittedForm",
    "SuspensionCase",
    "TeamInvitation",
    "Term",
    "User",
    "UserSession",
    "Waiver",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WithdrawalCase",
]
