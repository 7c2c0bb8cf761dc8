"""The closed vocabulary of checks; a missing fact is unknown (None), never a silent pass."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict

Facts = Mapping[str, Any]
OPS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    "in": lambda have, want: have in want,
    "includes": lambda have, want: set(want) <= set(have),
    "within": lambda have, want: bool(have) and set(have) <= set(want),
}


class Condition(TypedDict, total=False):
    """``metric op value`` with overrides (first match wins), or a group; JSON as it stands."""

    id: str
    label: str
    article: str
    quote: str
    metric: str
    op: str
    value: Any
    overrides: tuple[dict[str, Any], ...]  # when: {fact: values}, value; may carry id, article …
    all_of: tuple["Condition", ...]
    any_of: tuple["Condition", ...]
    min: int  # how many of any_of, 1 when absent


def count(results: Iterable[bool | None], need: int) -> bool | None:
    """Whether at least ``need`` results are true; None while the unknown ones decide it."""
    found = list(results)
    sure = found.count(True)
    return True if sure >= need else (None if sure + found.count(None) >= need else False)


def matches(when: Mapping[str, Iterable[Any]], facts: Facts) -> bool | None:
    """Whether each fact named in ``when`` has one of the values given there."""
    seen = [(facts.get(name), values) for name, values in when.items()]
    return count((None if fact is None else fact in values for fact, values in seen), len(seen))


def holds(rule: Condition, facts: Facts) -> bool | None:
    """True, False, or None when a deciding fact is missing (a missing fact never raises)."""
    if parts := rule.get("all_of") or rule.get("any_of"):
        need = len(parts) if "all_of" in rule else rule.get("min", 1)
        return count((holds(part, facts) for part in parts), need)
    if (have := facts.get(rule["metric"])) is None:
        return None
    steps = [(matches(o["when"], facts), o["value"]) for o in rule.get("overrides", ())]
    sure = next((i for i, (match, _) in enumerate(steps) if match), len(steps))
    open_steps = [*steps, (True, rule["value"])][: sure + 1]
    results = {OPS[rule["op"]](have, value) for match, value in open_steps if match is not False}
    return results.pop() if len(results) == 1 else None
