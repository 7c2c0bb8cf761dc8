"""Phases of what the bureau keeps up between evaluations: reports, checks, complaints, events."""

from enum import StrEnum


class ReportPhase(StrEnum):
    """Where a periodic report stands; whether it is late is a matter of its due instant."""

    OWED = "owed"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    SKIPPED = "skipped"


OWED_REPORTS = (ReportPhase.OWED, ReportPhase.RETURNED)
"""Phases of a report that waits for its provider."""


class SpotCheckPhase(StrEnum):
    """Where a spot check stands."""

    PLANNED = "planned"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CreditPhase(StrEnum):
    """Where a credit finding stands; ``by_hand``: a place of the pool that no rule follows up."""

    PENDING = "pending"
    SUSPENDED = "suspended"
    BY_HAND = "by_hand"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class ComplaintPhase(StrEnum):
    """Where a complaint stands; a lead is an anonymous one, looked into and never scored."""

    LODGED = "lodged"
    LEAD = "lead"
    HEARING = "hearing"
    DECIDING = "deciding"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    SETTLED = "settled"
    REFUSED = "refused"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


OPEN_COMPLAINTS = (
    ComplaintPhase.LODGED,
    ComplaintPhase.LEAD,
    ComplaintPhase.HEARING,
    ComplaintPhase.DECIDING,
)


class ActivityPhase(StrEnum):
    """Where an activity stands."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    HELD = "held"
    CANCELLED = "cancelled"


class AttendancePhase(StrEnum):
    """Where the attendance of one organisation at one activity stands."""

    SIGNED_UP = "signed_up"
    CANCELLED = "cancelled"
    ATTENDED = "attended"
    ABSENT = "absent"


class AwardPhase(StrEnum):
    """Where an award stands."""

    PROPOSED = "proposed"
    ANNOUNCED = "announced"
    REVOKED = "revoked"
    DROPPED = "dropped"
