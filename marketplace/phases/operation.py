"""Imports, rebuilds and webhooks."""

from enum import StrEnum


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


class WebhookPhase(StrEnum):
    """Where an address that events are sent to stands; ``off``: it said that it is gone."""

    ACTIVE = "active"
    PAUSED = "paused"
    OFF = "off"
