"""What surrounds ``rules.holds``: the shape of a condition, its parts and the facts it reads."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from marketplace.rules import OPS, Condition

Path = tuple[str | int, ...]
Fault = tuple[Path, str, str]

NAMES = frozenset({"id", "label", "article", "quote"})
CHECK_KEYS = NAMES | {"metric", "op", "value", "overrides"}
GROUP_KEYS = {"all_of": NAMES | {"all_of"}, "any_of": NAMES | {"any_of", "min"}}
OVERRIDE_KEYS = NAMES | {"when", "value"}
SET_OPS = frozenset({"in", "includes", "within"})


def parts(condition: Condition) -> tuple[Condition, ...]:
    """The direct parts of a group, none for a check."""
    return condition.get("all_of") or condition.get("any_of") or ()


def need(condition: Condition) -> int:
    """How many parts of a group must hold."""
    return len(parts(condition)) if "all_of" in condition else condition.get("min", 1)


def checks(condition: Condition) -> Iterator[Condition]:
    """Every check in the condition, in the order written."""
    if "metric" in condition:
        yield condition
    for part in parts(condition):
        yield from checks(part)


def metrics(condition: Condition) -> Iterator[str]:
    """Every fact that the condition may read, repeated as often as it is read."""
    for check in checks(condition):
        yield check["metric"]
        for override in check.get("overrides", ()):
            yield from override["when"]


def named(condition: Condition) -> Iterator[Condition]:
    """Every part (or override) that has an id of its own."""
    if condition.get("id"):
        yield condition
    for override in condition.get("overrides", ()):
        if override.get("id"):
            yield cast("Condition", override)
    for part in parts(condition):
        yield from named(part)


def labelled(condition: Condition) -> Iterator[Condition]:
    """Every part below ``condition`` that the notice names."""
    for part in parts(condition):
        if part.get("label"):
            yield part
        yield from labelled(part)


def frozen(data: Any) -> Any:
    """The same data with tuples for lists, as ``Condition`` says."""
    if isinstance(data, list | tuple):
        return tuple(frozen(item) for item in data)
    return {key: frozen(item) for key, item in data.items()} if isinstance(data, dict) else data


def faults(data: Any, path: Path) -> Iterator[Fault]:
    """What keeps ``data`` from being a condition: (path, what is wrong, what to do)."""
    if not isinstance(data, Mapping):
        yield path, "这里应是一项检查", "请写 metric、op、value，或 all_of、any_of。"
        return
    kinds = [kind for kind in ("metric", "all_of", "any_of") if kind in data]
    if len(kinds) != 1:
        yield path, "一项检查须且只须有 metric、all_of、any_of 之一", "请拆成几项，或删去多余的键。"
        return
    allowed = CHECK_KEYS if kinds == ["metric"] else GROUP_KEYS[kinds[0]]
    for key in data:
        if key not in allowed:
            yield (*path, key), f"不认识的键“{key}”", f"可用的键：{'、'.join(sorted(allowed))}。"
    yield from (
        _check_faults(data, path) if kinds == ["metric"] else _group_faults(data, kinds[0], path)
    )


def _group_faults(data: Mapping[str, Any], kind: str, path: Path) -> Iterator[Fault]:
    members = data[kind]
    if not isinstance(members, list | tuple) or not members:
        yield (*path, kind), f"“{kind}”下没有列出检查", "请以“- ”逐项列出。"
        return
    least = data.get("min", 1)
    if not isinstance(least, int) or not 1 <= least <= len(members):
        yield (*path, "min"), f"min 应在 1 与 {len(members)} 之间", "请改正 min，或补足列表。"
    for i, member in enumerate(members):
        yield from faults(member, (*path, kind, i))


def _check_faults(data: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    if data.get("op") not in OPS:
        yield path, f"不认识的比较“{data.get('op')}”", f"请从中选用：{'、'.join(OPS)}。"
        return
    if "value" not in data:
        yield path, "缺少“value”", "请写明门槛值。"
        return
    yield from _value_faults(data["op"], data["value"], (*path, "value"))
    for i, override in enumerate(data.get("overrides", ())):
        here = (*path, "overrides", i)
        if not isinstance(override, Mapping) or not {"when", "value"} <= set(override):
            yield here, "放宽条件须有 when 与 value", "请写明适用对象和放宽后的值。"
            continue
        for key in set(override) - OVERRIDE_KEYS:
            yield (*here, key), f"不认识的键“{key}”", "放宽条件只用 when、value 和名称。"
        when = override["when"]
        if not isinstance(when, Mapping) or not all(
            isinstance(values, list | tuple) for values in when.values()
        ):
            yield (*here, "when"), "when 应为“事实: [值, …]”", "请把每个值写进方括号。"
        yield from _value_faults(data["op"], override["value"], (*here, "value"))


def _value_faults(op: str, value: Any, path: Path) -> Iterator[Fault]:
    if op in SET_OPS and not isinstance(value, list | tuple):
        yield path, f"“{op}”要与一组值比较", "请把值写进方括号。"
    if op in (">=", "<=") and (not isinstance(value, int) or isinstance(value, bool)):
        # Percent points and yuan are whole numbers: a binary 0.9 would fail an exact 90%.
        yield path, f"门槛“{value}”应为整数", "百分比写百分点（90），金额写元。"
