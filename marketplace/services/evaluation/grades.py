"""Published grades for the public pages: the latest of each place, never an average."""

from dataclasses import dataclass
from typing import Any

from marketplace.models import Membership


@dataclass(frozen=True)
class PublicGrade:
    """What everybody may read of a place: grade, cycle, score (a text, maybe empty), badge.

    ``rank`` counts from the best, None without a rating.
    """

    name: str
    cycle: str
    score: str
    badge: bool
    rank: int | None


def of(membership: Membership) -> PublicGrade | None:
    """The latest published grade of a place whose ``graded`` is loaded; None without one."""
    sheet = next(iter(membership.graded), None)
    found = sheet.result.get("public") if sheet is not None else None
    if not found:
        return None
    return PublicGrade(found["name"], found["cycle"], found["score"], found["badge"], found["rank"])


def card(membership: Membership) -> dict[str, Any] | None:
    """The same for a search document, of rated places only: ``{name, rank}``."""
    grade = of(membership)
    if grade is None or grade.rank is None:
        return None
    return {"name": grade.name, "rank": grade.rank}
