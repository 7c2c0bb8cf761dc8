"""Facts against a programme's rules: for each rule 满足, 不满足 or 需核实, with the clause."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marketplace.programmes import conditions
from marketplace.programmes.kinds import Severity
from marketplace.programmes.questions import Question
from marketplace.programmes.schema import Programme, Rule
from marketplace.programmes.wording import Words
from marketplace.rules import Condition, Facts, holds

BUILT_IN = frozenset({"type", "segment"})


class Verdict(StrEnum):
    """What one rule says about the facts."""

    MET = "met"
    NOT_MET = "not_met"
    TO_VERIFY = "to_verify"

    @property
    def label(self) -> str:
        """The word shown to people."""
        return {"met": "满足", "not_met": "不满足", "to_verify": "需核实"}[self.value]


class Result(StrEnum):
    """What all rules together say."""

    MET = "met"
    WAIVER_NEEDED = "waiver_needed"
    TO_VERIFY = "to_verify"
    NOT_MET = "not_met"

    @property
    def label(self) -> str:
        """The sentence shown to people."""
        return {
            "met": "满足全部条件",
            "waiver_needed": "不满足“原则上”的条件，可以申报并申请豁免",
            "to_verify": "没有发现不满足的条件，部分内容需核实",
            "not_met": "不满足必备条件",
        }[self.value]


@dataclass(frozen=True)
class Given:
    """One fact that a rule read, with the answer in words."""

    question: str
    label: str
    text: str


@dataclass(frozen=True)
class Part:
    """One part of a grouped rule (all of them, or at least some)."""

    id: str
    label: str
    article: str
    quote: str
    verdict: Verdict
    required: str
    given: tuple[Given, ...]
    parts: tuple["Part", ...] = ()


@dataclass(frozen=True)
class Outcome:
    """One rule's answer. ``note`` says what a person may do or must know; often empty."""

    rule: Rule
    verdict: Verdict
    required: str
    given: tuple[Given, ...]
    parts: tuple[Part, ...]
    note: str

    @property
    def needs_waiver(self) -> bool:
        """Whether a soft rule (原则上) is not met: the applicant may go on with a reason."""
        return self.verdict is Verdict.NOT_MET and self.rule.severity is Severity.SOFT


@dataclass(frozen=True)
class Assessment:
    """All outcomes for one type and segment, in the notice's order."""

    programme: str
    type: str
    segment: str
    outcomes: tuple[Outcome, ...]

    @property
    def result(self) -> Result:
        """The worst that counts: preferences never do."""
        binding = [o for o in self.outcomes if o.rule.severity is not Severity.PREFERENCE]
        failed = [outcome for outcome in binding if outcome.verdict is Verdict.NOT_MET]
        if any(not outcome.needs_waiver for outcome in failed):
            return Result.NOT_MET
        if failed:
            return Result.WAIVER_NEEDED
        unknown = any(outcome.verdict is Verdict.TO_VERIFY for outcome in binding)
        return Result.TO_VERIFY if unknown else Result.MET

    def count(self, verdict: Verdict) -> int:
        """How many rules have this verdict."""
        return sum(outcome.verdict is verdict for outcome in self.outcomes)


def evaluate(programme: Programme, type_: str, segment: str, facts: Facts) -> Assessment:
    """Assess ``facts`` (question id → answer) for one type and segment of the programme."""
    known = {**facts, "type": type_, "segment": segment}
    words = Words(programme, type_)
    return Assessment(
        programme.id,
        type_,
        segment,
        tuple(_outcome(rule, known, words) for rule in programme.rules_for(type_)),
    )


def precheck_questions(programme: Programme, type_: str, segment: str) -> tuple[Question, ...]:
    """The questions that the rules of this type read, in the order of the application form.

    ``segment`` is accepted because the answer may depend on it; today every rule binds all.
    """
    del segment
    read = _reads(rule.test for rule in programme.rules_for(type_))
    asked = [
        use
        for section in programme.sections
        for use in section.questions
        if use.use in read and (not use.types or type_ in use.types)
    ]
    return tuple(programme.question(use.use, type_) for use in asked)


def _reads(tests: Iterable[Condition]) -> set[str]:
    return {metric for test in tests for metric in conditions.metrics(test)} - BUILT_IN


def verdict(result: bool | None) -> Verdict:
    """Three-valued logic in words."""
    if result is None:
        return Verdict.TO_VERIFY
    return Verdict.MET if result else Verdict.NOT_MET


def _outcome(rule: Rule, facts: Facts, words: Words) -> Outcome:
    found = verdict(holds(rule.test, facts))
    return Outcome(
        rule=rule,
        verdict=found,
        required=words.condition(rule.test),
        given=tuple(_given(rule.test, facts, words)),
        parts=tuple(_part(part, facts, words) for part in conditions.parts(rule.test)),
        note=_note(rule, found),
    )


def _part(part: Condition, facts: Facts, words: Words) -> Part:
    return Part(
        id=part.get("id", ""),
        label=part.get("label", "") or words.condition(part),
        article=part.get("article", ""),
        quote=part.get("quote", ""),
        verdict=verdict(holds(part, facts)),
        required=words.condition(part),
        given=tuple(_given(part, facts, words)),
        parts=tuple(_part(inner, facts, words) for inner in conditions.parts(part)),
    )


def _given(test: Condition, facts: Facts, words: Words) -> Iterator[Given]:
    for metric in dict.fromkeys(conditions.metrics(test)):
        if metric == "type":  # the page is about one type; nobody was asked for it
            continue
        value: Any = facts.get(metric)
        yield Given(metric, words.label(metric), words.value(metric, value))


def _note(rule: Rule, found: Verdict) -> str:
    if found is Verdict.NOT_MET:
        return rule.advice
    if found is Verdict.TO_VERIFY:
        return "资料不全，须补充后核实。"
    return "由专家评审，以评审结论为准。" if rule.judged else ""
