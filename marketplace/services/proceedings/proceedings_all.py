"""Every part of proceedings, so that its guards, effects and kinds of notices are registered."""

from marketplace.services.proceedings import (
    appeals,
    appeals_deciding,
    appeals_remedies,
    exits,
    exits_projects,
    interrupted,
    proceedings,
    proceedings_tasks,
    rectifications,
    removals,
    removals_notice,
    replacements,
    replacements_notice,
    third_parties,
)

__all__ = [
    "appeals",
    "appeals_deciding",
    "appeals_remedies",
    "exits",
    "exits_projects",
    "interrupted",
    "proceedings",
    "proceedings_tasks",
    "rectifications",
    "removals",
    "removals_notice",
    "replacements",
    "replacements_notice",
    "third_parties",
]
