"""The pre-check (条件预审): answers of a visitor against the rules. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.programmes import answers, assessment
from marketplace.programmes.assessment import Assessment, Outcome, Verdict
from marketplace.programmes.questions import Question
from marketplace.programmes.schema import Programme

Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Part:
    """Questions under the heading they have in the application form."""

    label: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Checked:
    """What came of the answers. ``errors`` by question id: then the rules were not applied."""

    assessment: Assessment | None
    errors: Mapping[str, str]
    answered: int

    def with_verdict(self, verdict: Verdict) -> tuple[Outcome, ...]:
        """The rules that came out so, in the notice's order."""
        outcomes = self.assessment.outcomes if self.assessment else ()
        return tuple(outcome for outcome in outcomes if outcome.verdict is verdict)


def parts(programme: Programme, type_: str, segment: str) -> tuple[Part, ...]:
    """The questions that decide about this type and segment, in the order of the form."""
    asked = {q.id: q for q in assessment.precheck_questions(programme, type_, segment)}
    found = []
    for section in programme.sections:
        ids = dict.fromkeys(use.use for use in section.questions if use.use in asked)
        if ids:
            found.append(Part(section.label, tuple(asked.pop(id_) for id_ in ids)))
    return tuple(found)


def check(programme: Programme, type_: str, segment: str, form: Form) -> Checked:
    """Every rule for one type and segment: 满足, 不满足 or 需核实.

    ``form`` holds texts as a form sends them; blank answers are left out, unknown ones ignored.
    """
    questions = assessment.precheck_questions(programme, type_, segment)
    facts: dict[str, Any]
    facts, errors = answers.facts(questions, form)
    if errors:
        return Checked(None, errors, len(facts))
    return Checked(assessment.evaluate(programme, type_, segment, facts), {}, len(facts))
