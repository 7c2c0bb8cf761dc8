"""A programme (selection scheme) as frozen dataclasses: who may apply, and by which rules.

Every part that comes from a notice is a ``Clause``: it carries the notice's own article and words.
What the notice leaves open and we filled in is marked ``proposal``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from marketplace.programmes.conditions import named
from marketplace.programmes.evaluation import Evaluation, ReviewSheet
from marketplace.programmes.kinds import (
    Checker,
    ConflictKind,
    ProgrammeObject,
    QuestionType,
    QuotaDimension,
    RuleKind,
    Severity,
    SiteVisit,
)
from marketplace.programmes.parts import Clause, Gap
from marketplace.programmes.standing import Ban, Removal, Report, ReReview, Validity
from marketplace.programmes.workflows import Workflow
from marketplace.rules import Condition


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """The document that orders the programme. ``expires_on`` is the last day it is in force."""

    title: str
    number: str
    issued_by: tuple[str, ...]
    signed_on: date
    metadata_date: date | None = None
    effective_on: date
    expires_on: date | None = None
    filing_number: str = ""
    basis: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A code and what the notice calls it."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Region(Named):
    """A tag for districts that rules treat alike; ``districts`` are their names."""

    districts: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ProviderType(Clause):
    """What may apply. ``cases_min`` segment cases, ``hall_min`` of them shown in the case hall."""

    short_label: str
    cases_min: int = 0
    hall_min: int = 0
    form: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A fact asked for once, in every programme the same; money is in yuan, shares in points."""

    id: str
    type: QuestionType
    label: str
    hint: str = ""
    unit: str = ""
    min: int | None = None
    max: int | None = None
    options: tuple[Named, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Use:
    """One question in a section, with the keys this programme words otherwise."""

    use: str
    label: str | None = None
    hint: str | None = None
    required: bool = True
    required_if: Condition | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section(Named):
    """One page of the application form."""

    intro: str = ""
    questions: tuple[Use, ...]


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """What admission must compare with the provider's and its affiliates' other memberships."""

    kind: ConflictKind
    limit: int | None = None
    years: int | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule(Clause):
    """One condition for applicants. ``judged``: reviewers decide, the answer is only a claim."""

    kind: RuleKind = RuleKind.ELIGIBILITY
    severity: Severity = Severity.HARD
    by: tuple[Checker, ...]
    types: tuple[str, ...] = ()
    judged: bool = False
    advice: str = ""
    conflict: Conflict | None = None
    test: Condition


@dataclass(frozen=True, kw_only=True)
class Quota(Clause):
    """Places per cell; a cell is one value of each dimension in ``by``."""

    types: tuple[str, ...] = ()
    by: tuple[QuotaDimension, ...]
    min: int = 0
    cap: int
    severity: Severity = Severity.SOFT
    renewals_count: bool = True


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


@dataclass(frozen=True, kw_only=True)
class Programme:
    """One notice, complete; ``file_sha256`` names the file it was read from."""

    id: str
    name: str
    short_name: str
    city: str
    object: ProgrammeObject
    instrument: Instrument
    round: Round
    applicant_classes: tuple[Named, ...]
    regions: tuple[Region, ...] = ()
    types: tuple[ProviderType, ...]
    segments: tuple[Named, ...]
    rules: tuple[Rule, ...]
    quotas: tuple[Quota, ...] = ()
    tiers: tuple[Tier, ...]
    steps: tuple[Step, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    materials: tuple[Material, ...]
    sections: tuple[Section, ...]
    review: ReviewSheet | None = None
    survey: Survey | None = None
    publicity: Publicity
    awards: tuple[Award, ...] = ()
    validity: Validity | None = None
    re_review: ReReview | None = None
    reports: tuple[Report, ...] = ()
    evaluation: Evaluation | None = None
    removal: Removal
    bans: tuple[Ban, ...]
    conflicts_in_source: tuple[Gap, ...] = ()
    workflows: Mapping[str, Workflow]
    questions: Mapping[str, Question] = field(default_factory=dict)
    file_sha256: str = ""

    def rules_for(self, type_: str) -> tuple[Rule, ...]:
        """The rules that bind applicants of this type, in the notice's order."""
        return tuple(rule for rule in self.rules if not rule.types or type_ in rule.types)

    def rule(self, id_: str) -> Rule:
        """The rule with this id. Raises KeyError."""
        return {rule.id: rule for rule in self.rules}[id_]

    def type_label(self, code: str) -> str:
        """The notice's name of a type; the code itself when it names none."""
        return next((item.label for item in self.types if item.id == code), code)

    def segment_label(self, code: str) -> str:
        """The notice's name of a segment; the code itself when it names none."""
        return next((item.label for item in self.segments if item.id == code), code)

    def clauses(self) -> Iterator[Clause]:
        """Every part that cites the notice."""
        groups: tuple[tuple[Clause | None, ...], ...] = (
            self.types, self.rules, self.quotas, self.tiers, self.steps, self.deadlines,
            self.materials, self.awards, self.reports, self.bans,
            (self.survey, self.publicity, self.validity, self.re_review, self.removal),
        )  # fmt: skip
        for group in groups:
            yield from (clause for clause in group if clause is not None)

    def clause_ids(self) -> Iterator[str]:
        """The ids of all clauses and of the named parts inside their conditions."""
        for clause in self.clauses():
            yield clause.id
            if isinstance(clause, Rule):
                yield from (part["id"] for part in named(clause.test))
