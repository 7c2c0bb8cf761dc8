"""Plain data to dataclasses: every problem at once, and back without loss."""

from dataclasses import dataclass
from datetime import date

import pytest

from marketplace.programmes.kinds import Severity
from marketplace.programmes.structure import Malformed, build, dump
from marketplace.rules import Condition


@dataclass(frozen=True, kw_only=True)
class Inner:
    id: str
    size: int = 1


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    from_: tuple[str, ...] = ()
    inner: tuple[Inner, ...] = ()
    by: dict[str, int] | None = None
    severity: Severity = Severity.HARD
    day: date | None = None
    test: Condition | None = None


COMPLETE = {
    "name": "甲",
    "from": ["a", "b"],
    "inner": [{"id": "x", "size": 2}],
    "by": {"k": 3},
    "severity": "soft",
    "day": "2024-01-31",
    "test": {"any_of": [{"metric": "m", "op": "in", "value": ["u", "v"]}], "min": 1},
}


def test_build_and_dump_are_inverse() -> None:
    built = build(Outer, COMPLETE)
    assert built == Outer(
        name="甲",
        from_=("a", "b"),
        inner=(Inner(id="x", size=2),),
        by={"k": 3},
        severity=Severity.SOFT,
        day=date(2024, 1, 31),
        test={"any_of": ({"metric": "m", "op": "in", "value": ("u", "v")},), "min": 1},
    )
    assert dump(built) == COMPLETE
    assert build(Outer, dump(built)) == built


def problems(data: object) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(Malformed) as refusal:
        build(Outer, data)
    assert all(problem.advice for problem in refusal.value.problems)
    return [(problem.path, problem.message) for problem in refusal.value.problems]


def test_all_problems_are_told_at_once() -> None:
    data = {
        "naem": "甲",
        "from": "a",
        "inner": [{"id": 7}, {"size": True}],
        "by": {"k": "3"},
        "severity": "harsh",
        "day": "31.1.2024",
    }
    assert problems(data) == [
        (("naem",), "不认识的键“naem”"),
        ((), "缺少“name”"),
        (("from",), "这里应是一个列表"),
        (("inner", 0, "id"), "这里应是文字，现为“7”"),
        (("inner", 1), "缺少“id”"),
        (("inner", 1, "size"), "这里应是整数，现为“True”"),
        (("by", "k"), "这里应是整数，现为“3”"),
        (("severity",), "不认识的值“harsh”"),
        (("day",), "“31.1.2024”不是日期"),
    ]


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_something_else_entirely(data: object) -> None:
    assert problems(data) == [((), "这里应是一组“键: 值”")]


@pytest.mark.parametrize(
    ("test", "path", "message"),
    [
        ("x", (), "这里应是一项检查"),
        ({}, (), "一项检查须且只须有 metric、all_of、any_of 之一"),
        ({"metric": "m", "all_of": []}, (), "一项检查须且只须有 metric、all_of、any_of 之一"),
        ({"all_of": []}, ("all_of",), "“all_of”下没有列出检查"),
        (
            {"all_of": [{"op": "=="}]},
            ("all_of", 0),
            "一项检查须且只须有 metric、all_of、any_of 之一",
        ),
        ({"metric": "m", "op": "~", "value": 1}, (), "不认识的比较“~”"),
        ({"metric": "m", "op": "=="}, (), "缺少“value”"),
        ({"metric": "m", "op": "in", "value": "a"}, ("value",), "“in”要与一组值比较"),
        ({"metric": "m", "op": ">=", "value": 0.9}, ("value",), "门槛“0.9”应为整数"),
        ({"metric": "m", "op": ">=", "value": True}, ("value",), "门槛“True”应为整数"),
        ({"metric": "m", "op": ">=", "value": 1, "vlaue": 2}, ("vlaue",), "不认识的键“vlaue”"),
        (
            {"any_of": [{"metric": "m", "op": "==", "value": 1}], "min": 2},
            ("min",),
            "min 应在 1 与 1 之间",
        ),
        (
            {"metric": "m", "op": ">=", "value": 1, "overrides": [{"value": 1}]},
            ("overrides", 0),
            "放宽条件须有 when 与 value",
        ),
        (
            {
                "metric": "m",
                "op": ">=",
                "value": 1,
                "overrides": [{"when": {"kind": "a"}, "value": 0}],
            },
            ("overrides", 0, "when"),
            "when 应为“事实: [值, …]”",
        ),
    ],
)
def test_conditions_are_checked_in_place(
    test: object, path: tuple[str | int, ...], message: str
) -> None:
    assert problems({"name": "甲", "test": test}) == [(("test", *path), message)]
