"""Facts on demand: a small search for answers that make chosen conditions come out as wanted."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from marketplace.programmes import conditions
from marketplace.programmes.kinds import QuestionType
from marketplace.programmes.schema import Programme
from marketplace.rules import Condition, holds

Goal = tuple[Condition, bool]


class Solver:
    """Searches facts for one programme; ``fixed`` facts (class, region, type) stay as given."""

    def __init__(self, programme: Programme, fixed: dict[str, Any]) -> None:
        self.programme = programme
        self.fixed = fixed
        self.tests = [rule.test for rule in programme.rules]

    def solve(self, goals: list[Goal]) -> dict[str, Any] | None:
        """The first facts found, None when the goals contradict each other."""
        return next(self._search(goals, {}), None)

    def _search(self, goals: list[Goal], literals: dict[str, list[Goal]]) -> Iterator[dict]:
        if not goals:
            yield self.fixed | {m: self._pick(m, found)[0] for m, found in literals.items()}
            return
        (test, wanted), *rest = goals
        if "metric" in test:
            metric = test["metric"]
            found = [*literals.get(metric, []), (test, wanted)]
            if self._pick(metric, found):
                yield from self._search(rest, literals | {metric: found})
            return
        parts = conditions.parts(test)
        need = conditions.need(test)
        # Every part first: what one rule takes as enough, another may ask for.
        sizes = range(len(parts), need - 1, -1) if wanted else [len(parts) - need + 1]
        for size in sizes:
            for chosen in combinations(parts, size):
                yield from self._search([*((part, wanted) for part in chosen), *rest], literals)

    def _pick(self, metric: str, literals: list[Goal]) -> list[Any]:
        """The values of ``metric`` that satisfy all literals."""
        values = [self.fixed[metric]] if metric in self.fixed else self._values(metric)
        return [
            value
            for value in values
            if all(
                holds(test, {**self.fixed, metric: value}) is wanted for test, wanted in literals
            )
        ]

    def _values(self, metric: str) -> list[Any]:
        if metric == "segment":
            return [*(segment.id for segment in self.programme.segments), "elsewhere"]
        question = self.programme.questions[metric]
        if question.type is QuestionType.YES_NO:
            return [True, False]
        options = [option.id for option in question.options]
        if question.type is QuestionType.CHOICE:
            return options
        if question.type is QuestionType.MULTI_CHOICE:
            sets = [s for size in range(len(options), -1, -1) for s in combinations(options, size)]
            return sets
        thresholds = {
            value
            for test in self.tests
            for check in conditions.checks(test)
            if check["metric"] == metric
            for value in (check["value"], *(o["value"] for o in check.get("overrides", ())))
        }
        return sorted({v + step for v in thresholds for step in (0, -1, 1)}, reverse=True)
