"""The vocabulary of checks: three-valued, closed, and never passing on what is missing."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.rules import Condition, count, holds, matches

FACTS = ("a", "b", "c", "d")


def check(metric: str, value: int) -> Condition:
    return {"metric": metric, "op": ">=", "value": value}


checks = st.builds(check, st.sampled_from(FACTS), st.integers(0, 2))


@st.composite
def groups(draw: st.DrawFn, children: st.SearchStrategy[Condition]) -> Condition:
    parts = tuple(draw(st.lists(children, min_size=1, max_size=3)))
    if draw(st.booleans()):
        return {"all_of": parts}
    return {"any_of": parts, "min": draw(st.integers(1, len(parts)))}


conditions = st.recursive(checks, groups, max_leaves=8)
values = st.integers(0, 2)
partial = st.dictionaries(st.sampled_from(FACTS), values)


@given(conditions, partial)
def test_a_certain_answer_survives_whatever_is_learnt_later(
    condition: Condition, facts: dict[str, int]
) -> None:
    result = holds(condition, facts)
    unknown = [name for name in FACTS if name not in facts]
    completed = {
        holds(condition, {**facts, **dict(zip(unknown, rest, strict=True))})
        for rest in product(range(3), repeat=len(unknown))
    }
    assert None not in completed
    assert result is None or completed == {result}


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6), st.data())
def test_counting_equals_trying_every_completion(
    results: list[bool | None], data: st.DataObject
) -> None:
    need = data.draw(st.integers(1, len(results)))
    outcomes = set()
    for guess in product([True, False], repeat=results.count(None)):
        filled = iter(guess)
        complete = [next(filled) if result is None else result for result in results]
        outcomes.add(sum(complete) >= need)
    assert count(results, need) is (outcomes.pop() if len(outcomes) == 1 else None)


@pytest.mark.parametrize(
    ("op", "want", "yes", "no"),
    [
        ("==", True, True, False),
        ("==", "self_led", "self_led", "ecosystem"),
        (">=", 2, 2, 1),
        ("<=", 2, 2, 3),
        ("in", ("city", "province"), "city", "county"),
        ("includes", ("a", "b"), ("b", "c", "a"), ("a", "c")),
        ("within", ("a", "b"), ("b",), ("a", "c")),
        ("within", ("a", "b"), ("a", "b"), ()),
    ],
)
def test_each_comparison(op: str, want: object, yes: object, no: object) -> None:
    condition: Condition = {"metric": "fact", "op": op, "value": want}
    assert holds(condition, {"fact": yes}) is True
    assert holds(condition, {"fact": no}) is False
    assert holds(condition, {"fact": None}) is None
    assert holds(condition, {}) is None


RELAXED: Condition = {
    "metric": "assets",
    "op": ">=",
    "value": 200,
    "overrides": (
        {"when": {"kind": ("institution",), "proven": (True,)}, "value": 100},
        {"when": {"kind": ("institution", "association")}, "value": 150},
    ),
}


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ({"assets": 200, "kind": "enterprise", "proven": True}, True),
        ({"assets": 199, "kind": "enterprise", "proven": True}, False),
        ({"assets": 100, "kind": "institution", "proven": True}, True),
        ({"assets": 99, "kind": "institution", "proven": True}, False),
        ({"assets": 149, "kind": "institution", "proven": False}, False),
        ({"assets": 150, "kind": "institution", "proven": False}, True),
        ({"assets": 150, "kind": "association", "proven": False}, True),
        # the class is unknown: certain only where every reading agrees
        ({"assets": 200}, True),
        ({"assets": 99}, False),
        ({"assets": 150}, None),
        ({"assets": 120, "kind": "institution"}, None),
        ({"assets": 160, "kind": "institution"}, True),
        ({"kind": "institution", "proven": True}, None),
    ],
)
def test_the_first_matching_override_decides(facts: dict[str, object], result: bool | None) -> None:
    assert holds(RELAXED, facts) is result


def test_matching_needs_every_fact() -> None:
    when = {"kind": ("institution",), "proven": (True,)}
    assert matches(when, {"kind": "institution", "proven": True}) is True
    assert matches(when, {"kind": "institution"}) is None
    assert matches(when, {"kind": "enterprise"}) is False
