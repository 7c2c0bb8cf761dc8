"""Rounds, candidacies and places in the pool."""

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


NEW_CONTRACT_PHASES = (StandingPhase.LISTED, StandingPhase.WARNED)
"""Standings with which a provider may take new contracts: not while it rectifies (house.md §6)."""
