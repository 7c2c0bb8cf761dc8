"""A programme (selection scheme) as frozen dataclasses: who may apply, and by which rules.

Every part that comes from a notice is a ``Clause``: it carries the notice's own article and words.
What the notice leaves open and we filled in is marked ``proposal``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from marketplace.programmes.conditions import named
from marketplace.programmes.evaluation import (
    Appeal,
    Evaluation,
    Rectification,
    ReviewSheet,
    Supplement,
)
from marketplace.programmes.kinds import (
    Checker,
    ConflictKind,
    ProgrammeObject,
    QuotaDimension,
    RuleKind,
    Severity,
)
from marketplace.programmes.parts import Clause, Gap
from marketplace.programmes.procedures import Procedures
from marketplace.programmes.process import (
    Award,
    Deadline,
    Material,
    Publicity,
    Round,
    Step,
    Survey,
    Tier,
)
from marketplace.programmes.questions import Named, Question, Section
from marketplace.programmes.standing import Ban, Removal, Report, ReReview, Validity
from marketplace.programmes.workflows import Workflow
from marketplace.rules import Condition


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """The document that orders the programme. ``expires_on`` is the last day it is in force."""

    title: str
    number: str
    issued_by: tuple[str, ...]
    signed_on: date | None = None
    metadata_date: date | None = None
    effective_on: date
    expires_on: date | None = None
    filing_number: str = ""
    basis: tuple[str, ...] = ()
    note: str = ""


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
class Programme:
    """One notice, complete. ``file_sha256`` is the digest of all its file says (``library``)."""

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
    procedures: Procedures | None = None
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

    def question(self, id_: str, type_: str = "") -> Question:
        """The question as this programme words it (for one type). Raises KeyError."""
        for section in self.sections:
            for use in section.questions:
                if use.use == id_ and (not use.types or not type_ or type_ in use.types):
                    return use.word(self.questions[id_])
        return self.questions[id_]

    @property
    def rectification(self) -> Rectification | None:
        """Days to mend; None where the programme orders no rectification."""
        if self.procedures and self.procedures.rectification:
            return self.procedures.rectification
        return self.evaluation.rectification if self.evaluation else None

    @property
    def appeal(self) -> Appeal | None:
        """Against what one may appeal, and the days of it; None where nothing is said."""
        if self.procedures and self.procedures.appeal:
            return self.procedures.appeal
        return self.evaluation.appeal if self.evaluation else None

    @property
    def supplement(self) -> Supplement | None:
        """How a free place is filled; None where the programme says nothing."""
        if self.procedures and self.procedures.supplement:
            return self.procedures.supplement
        return self.evaluation.supplement if self.evaluation else None

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
