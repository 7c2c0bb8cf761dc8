"""Proceedings on memberships, appeals and replacements: what decides who stays in the pool."""

from enum import StrEnum


class ProceedingKind(StrEnum):
    """Kinds of proceedings, the lesser before the graver."""

    RE_REVIEW = "re_review"
    WITHDRAWAL = "withdrawal"
    RECTIFICATION = "rectification"
    SUSPENSION = "suspension"
    REMOVAL = "removal"


class ProceedingPhase(StrEnum):
    """Whose turn it is in a proceeding."""

    PROVIDER = "provider"
    DISTRICT = "district"
    CITY = "city"
    BUREAUS = "bureaus"
    NOTICE = "notice"
    CLOSED = "closed"


class Proposer(StrEnum):
    """On whose initiative a proceeding was opened; ``rule``: the programme itself orders it."""

    DISTRICT = "district"
    THIRD_PARTY = "third_party"
    CITY = "city"
    PROVIDER = "provider"
    RULE = "rule"


class RemovalStep(StrEnum):
    """Steps that a programme may order before a removal, in their order."""

    VERIFICATION = "verification"
    HEARING = "hearing"
    DECISION = "decision"
    NOTICE = "notice"


class AppealPhase(StrEnum):
    """Where an appeal stands; ``quota``: upheld, and the place has been given to another."""

    FILED = "filed"
    PANEL = "panel"
    QUOTA = "quota"
    CLOSED = "closed"


class ReplacementPhase(StrEnum):
    """Where a replacement stands."""

    OPEN = "open"
    NOTICE = "notice"
    CLOSED = "closed"
