"""How an application is handled: tiers, steps, dates, papers, survey, notice and awards."""

from dataclasses import dataclass
from datetime import date

from marketplace.programmes.kinds import SiteVisit
from marketplace.programmes.parts import Clause
from marketplace.rules import Condition


@dataclass(frozen=True, kw_only=True)
class Tier(Clause):
    """One level of review, from the lowest up."""

    office: str
    verdicts: tuple[str, ...]
    site_visit: SiteVisit = SiteVisit.NONE


@dataclass(frozen=True, kw_only=True)
class Step(Clause):
    """Something the process orders that is neither a rule on applicants nor a date."""

    tier: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Recurring:
    """A yearly or quarterly day: ``day`` 0 is the last of the month, ``month_offset`` after it."""

    every: str
    month: int = 0
    month_offset: int = 0
    day: int


@dataclass(frozen=True, kw_only=True)
class Deadline(Clause):
    """Until when. ``at`` is kept as written (24:00 allowed), ``through`` is a day inclusive."""

    tier: str
    at: str = ""
    through: date | None = None
    recurring: Recurring | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Material(Clause):
    """One paper to hand in, in binding order; ``required_if`` narrows it further than types."""

    types: tuple[str, ...] = ()
    required: bool = True
    required_if: Condition | None = None
    count: int = 1
    paper_copies: int = 0
    tier: str = "applicant"
    max_age_days: int | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Survey(Clause):
    """Sampling of served firms by the recommending tier; None where the number is left free."""

    tier: str
    min_sample: int | None
    methods: tuple[str, ...] = ()
    scale: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Publicity(Clause):
    """Public notice before listing; ``working_days`` None where the notice gives no length."""

    working_days: int | None
    site: str
    objection: str = ""


@dataclass(frozen=True, kw_only=True)
class AwardTier:
    """One prize; ``places`` None where the notice gives no number."""

    label: str
    amount_cny: int
    places: int | None = None


@dataclass(frozen=True, kw_only=True)
class Award(Clause):
    """Money or support that comes with the title."""

    tiers: tuple[AwardTier, ...] = ()
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Round:
    """How rounds are opened: single rounds, every year, or by a yearly notice."""

    mode: str
    label: str
    seq: int = 1
