"""For every rule of every programme: facts that pass, and facts that fail by exactly that rule.

The pairs are generated; what the thresholds ought to be stands in ``test_thresholds``.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from marketplace.programmes import conditions
from marketplace.programmes.assessment import BUILT_IN, Assessment, Verdict, evaluate
from marketplace.programmes.schema import Programme, Rule
from tests.unit.programmes.conftest import LIBRARY
from tests.unit.programmes.solving import Solver

PLAIN = {"applicant_class": "enterprise", "region_tag": "other", "outstanding_performance": False}


def situations(programme: Programme) -> Iterator[dict[str, Any]]:
    """Each type in the plain case, and in each case that a relaxation is written for."""
    asked = {fact: value for fact, value in PLAIN.items() if fact in programme.questions}
    for type_ in programme.types:
        special = {
            tuple((fact, values[0]) for fact, values in override["when"].items())
            for rule in programme.rules_for(type_.id)
            for check in conditions.checks(rule.test)
            for override in check.get("overrides", ())
            if "type" not in override["when"]
        }
        for case in [(), *sorted(special, key=str)]:
            yield {**asked, **dict(case), "type": type_.id}


CASES = [
    pytest.param(programme, fixed, rule, id=f"{rule.id}-{'-'.join(map(str, fixed.values()))}")
    for programme in LIBRARY.programmes.values()
    for fixed in situations(programme)
    for rule in programme.rules_for(fixed["type"])
]


def assess(programme: Programme, facts: dict[str, Any]) -> Assessment:
    asked = {name: value for name, value in facts.items() if name not in BUILT_IN}
    segment = facts.get("segment", programme.segments[0].id)
    return evaluate(programme, facts["type"], segment, asked)


def verdicts(programme: Programme, facts: dict[str, Any]) -> dict[str, Verdict]:
    return {o.rule.id: o.verdict for o in assess(programme, facts).outcomes}


@pytest.mark.parametrize(("programme", "fixed", "rule"), CASES)
def test_pair(programme: Programme, fixed: dict[str, Any], rule: Rule) -> None:
    solver = Solver(programme, fixed)
    rules = programme.rules_for(fixed["type"])
    met = {each.id: Verdict.MET for each in rules}

    passing = solver.solve([(each.test, True) for each in rules])
    assert passing is not None
    assert verdicts(programme, passing) == met

    # The one that must fail goes first: it leaves the fewest choices.
    failing = solver.solve(
        [(rule.test, False), *((each.test, True) for each in rules if each is not rule)]
    )
    assert failing is not None
    assert verdicts(programme, failing) == {**met, rule.id: Verdict.NOT_MET}

    reads = set(conditions.metrics(rule.test)) - BUILT_IN
    unknown = {name: value for name, value in passing.items() if name not in reads}
    found = verdicts(programme, unknown)
    if reads:
        assert found[rule.id] is Verdict.TO_VERIFY
    assert Verdict.NOT_MET not in found.values()


def all_of_checks() -> Iterator[Any]:
    for programme in LIBRARY.programmes.values():
        for fixed in situations(programme):
            for rule in programme.rules_for(fixed["type"]):
                for part in rule.test.get("all_of", ()):
                    if "metric" in part:
                        name = f"{rule.id}-{part['metric']}-{'-'.join(map(str, fixed.values()))}"
                        yield pytest.param(programme, fixed, rule, part["metric"], id=name)


@pytest.mark.parametrize(("programme", "fixed", "rule", "metric"), list(all_of_checks()))
def test_one_missing_answer_of_several_is_never_a_pass(
    programme: Programme, fixed: dict[str, Any], rule: Rule, metric: str
) -> None:
    facts = Solver(programme, fixed).solve(
        [(each.test, True) for each in programme.rules_for(fixed["type"])]
    )
    assert facts is not None
    del facts[metric]
    assert verdicts(programme, facts)[rule.id] is Verdict.TO_VERIFY


OPTIONS = [
    pytest.param(programme, rule, part["id"], part, id=part["id"])
    for programme in LIBRARY.programmes.values()
    for rule in programme.rules
    for part in conditions.labelled(rule.test)
    if part.get("id")
]


@pytest.mark.parametrize(("programme", "rule", "id_", "part"), OPTIONS)
def test_named_options_pass_and_fail_on_their_own(
    programme: Programme, rule: Rule, id_: str, part: Any
) -> None:
    type_ = programme.types[0].id
    for wanted, verdict in ((True, Verdict.MET), (False, Verdict.NOT_MET)):
        facts = Solver(programme, {"type": type_}).solve([(part, wanted)])
        assert facts is not None
        outcome = next(o for o in assess(programme, facts).outcomes if o.rule.id == rule.id)
        found = [p for top in outcome.parts for p in (top, *top.parts) if p.id == id_]
        assert [p.verdict for p in found] == [verdict]


def test_every_rule_has_a_pair() -> None:
    tested = {case.values[2].id for case in CASES}
    declared = {rule.id for p in LIBRARY.programmes.values() for rule in p.rules}
    assert tested == declared
    assert len(OPTIONS) == 4 + 7 + 7  # Zaozhuang art. 11, Zhejiang F1-F5 with two inside, Liaocheng
