"""Evaluation, objections, proceedings: what decides who stays in the pool."""

from enum import StrEnum


class EvaluationPhase(StrEnum):
    """Where an evaluation cycle stands."""

    OPEN = "open"
    SCORING = "scoring"
    DRAFTED = "drafted"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class GradeObjectionPhase(StrEnum):
    """Where a provider's objection to its draft evaluation stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
