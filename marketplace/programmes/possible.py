"""Whether a condition can come out true or false at all, given what the questions allow."""

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Any

from marketplace.programmes import conditions
from marketplace.programmes.kinds import QuestionType as Kind
from marketplace.programmes.questions import Question
from marketplace.rules import Condition, holds

LIMIT = 4096
NUMBERS = frozenset({Kind.INTEGER, Kind.MONEY, Kind.PERCENT})


def outcomes(test: Condition, questions: Mapping[str, Question]) -> frozenset[bool]:
    """The results that some complete answer gives. Tries the values around every threshold.

    Above ``LIMIT`` combinations the parts are looked at one by one, which is right unless parts
    contradict each other.
    """
    values = {metric: _candidates(metric, test, questions) for metric in conditions.metrics(test)}
    if prod(len(found) for found in values.values()) <= LIMIT:
        results = {
            holds(test, dict(zip(values, combination, strict=True)))
            for combination in product(*values.values())
        }
        return frozenset(result for result in results if result is not None)
    parts = [outcomes(part, questions) for part in conditions.parts(test)]
    need = conditions.need(test)
    can_hold = sum(True in part for part in parts) >= need
    can_fail = sum(False in part for part in parts) > len(parts) - need
    return frozenset(result for result, can in ((True, can_hold), (False, can_fail)) if can)


def _candidates(metric: str, test: Condition, questions: Mapping[str, Question]) -> tuple[Any, ...]:
    """Values of a fact at which a check may change its mind, within the question's limits."""
    used = _values(metric, test)
    question = questions.get(metric)
    if question is None:  # type or segment: any code, the named ones among them
        return (*dict.fromkeys(_flat(used)), "")
    if question.type is Kind.YES_NO:
        return (True, False)
    if question.type in NUMBERS:
        near = {number + step for number in _flat(used) for step in (-1, 0, 1)}
        return tuple(sorted(n for n in near if _allowed(question, n)))
    options = tuple(option.id for option in question.options)
    if question.type is Kind.CHOICE:
        return options
    if question.type is Kind.MULTI_CHOICE:
        return ((), options, *((option,) for option in options), *used)
    return tuple(_flat(used)) or ("",)


def _values(metric: str, test: Condition) -> list[Any]:
    found: list[Any] = []
    for check in conditions.checks(test):
        overrides = check.get("overrides", ())
        if check["metric"] == metric:
            found += [check["value"], *(override["value"] for override in overrides)]
        found += [override["when"][metric] for override in overrides if metric in override["when"]]
    return found


def _flat(values: list[Any]) -> list[Any]:
    return [item for value in values for item in (value if isinstance(value, tuple) else (value,))]


def _allowed(question: Question, number: int) -> bool:
    return (question.min is None or number >= question.min) and (
        question.max is None or number <= question.max
    )
