"""What providers and enterprises do together."""

from enum import StrEnum


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


class RequestPhase(StrEnum):
    """Where a request to change a profile or a product stands."""

    PENDING = "pending"
    APPROVED = "approved"
    RETURNED = "returned"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


OPEN_REQUESTS = (RequestPhase.PENDING, RequestPhase.RETURNED)
"""Phases of a request on its way; a profile or product has at most one such request."""


class InquiryPhase(StrEnum):
    """Where an enquiry stands with one provider."""

    WAITING = "waiting"
    OVERDUE = "overdue"
    URGED = "urged"
    ANSWERED = "answered"
    DECLINED = "declined"
    CLOSED = "closed"


UNANSWERED = (InquiryPhase.WAITING, InquiryPhase.OVERDUE, InquiryPhase.URGED)
"""Phases in which the enterprise still waits for the first answer."""


class DemandPhase(StrEnum):
    """Where a published demand stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    TAKEN_DOWN = "taken_down"


class AnswerPhase(StrEnum):
    """Where a provider's answer to a demand stands."""

    SENT = "sent"
    INVITED = "invited"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
