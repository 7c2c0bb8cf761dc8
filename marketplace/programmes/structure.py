"""Plain data (from YAML or JSON) to frozen dataclasses and back; it reports every problem at once.

``build`` and ``dump`` are each other's inverse, so a programme file and the snapshot that a round
pins go through the same door. Unknown keys, wrong types and missing keys are refused.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from marketplace.programmes import conditions
from marketplace.rules import Condition

Path = tuple[str | int, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """One thing to repair: where in the data, what is wrong, what to do. ``fatal`` stops use."""

    path: Path
    message: str
    advice: str
    fatal: bool = True


class Malformed(Exception):
    """The data does not have the declared shape; ``problems`` lists every place."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("；".join(problem.message for problem in problems))
        self.problems = problems


def build(cls: type[T], data: Any) -> T:
    """Make ``cls`` (a frozen dataclass) from plain data. Raises Malformed with all problems."""
    problems: list[Problem] = []
    value = _value(cls, data, (), problems)
    if problems:
        raise Malformed(problems)
    return typing.cast("T", value)


def dump(value: Any) -> Any:
    """Plain JSON-able data: dataclasses become objects, tuples lists, dates ISO texts."""
    if dataclasses.is_dataclass(value):
        return {
            field.name.rstrip("_"): dump(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {key: dump(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [dump(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _value(hint: Any, data: Any, path: Path, problems: list[Problem]) -> Any:
    """``data`` as the annotated type ``hint``; problems are added, None stands for the unusable."""
    if hint is Any:
        return conditions.frozen(data)
    if hint is Condition:
        problems.extend(Problem(*found) for found in conditions.faults(data, path))
        return conditions.frozen(data)
    if dataclasses.is_dataclass(hint):
        return _dataclass(typing.cast("type[Any]", hint), data, path, problems)
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is types.UnionType:
        inner = next(item for item in arguments if item is not type(None))
        return None if data is None else _value(inner, data, path, problems)
    if origin is not None:
        walk = _tuple if origin is tuple else _mapping
        return walk(arguments[0 if origin is tuple else 1], data, path, problems)
    return _scalar(hint, data, path, problems)


def _dataclass(cls: type[Any], data: Any, path: Path, problems: list[Problem]) -> Any:
    if not isinstance(data, Mapping):
        problems.append(Problem(path, "这里应是一组“键: 值”", "请按其他条目的写法补全键名。"))
        return None
    hints = typing.get_type_hints(cls)
    fields = {field.name.rstrip("_"): field for field in dataclasses.fields(cls)}
    for key in data:
        if key not in fields:
            known = "、".join(sorted(fields))
            problems.append(
                Problem((*path, key), f"不认识的键“{key}”", f"请删除或改正；可用的键：{known}。")
            )
    values = {}
    for key, field in fields.items():
        if key in data:
            values[field.name] = _value(hints[field.name], data[key], (*path, key), problems)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(Problem(path, f"缺少“{key}”", f"请在此处补写“{key}:”。"))
    return None if problems else cls(**values)


def _tuple(hint: Any, data: Any, path: Path, problems: list[Problem]) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        problems.append(Problem(path, "这里应是一个列表", "请写成 [甲, 乙] 或以“- ”逐行列出。"))
        return ()
    return tuple(_value(hint, item, (*path, i), problems) for i, item in enumerate(data))


def _mapping(hint: Any, data: Any, path: Path, problems: list[Problem]) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        problems.append(Problem(path, "这里应是一组“键: 值”", "请按“键: 值”逐行列出。"))
        return {}
    return {str(key): _value(hint, item, (*path, key), problems) for key, item in data.items()}


def _scalar(hint: Any, data: Any, path: Path, problems: list[Problem]) -> Any:
    if hint is date and isinstance(data, str):
        try:
            return date.fromisoformat(data)
        except ValueError:
            problems.append(Problem(path, f"“{data}”不是日期", "请写成 2024-01-31 的样子。"))
            return None
    if issubclass(hint, StrEnum):
        return _member(hint, data, path, problems)
    right = isinstance(data, hint) and not (hint is int and isinstance(data, bool))
    if not right:
        name = {str: "文字", int: "整数", bool: "true 或 false", date: "日期"}.get(hint, "其他类型")
        advice = "文字含冒号、井号或形似数字时请加引号。" if hint is str else "请改正这个值。"
        problems.append(Problem(path, f"这里应是{name}，现为“{data}”", advice))
    return data


def _member(hint: type[StrEnum], data: Any, path: Path, problems: list[Problem]) -> Any:
    try:
        return hint(data)
    except ValueError:
        known = "、".join(hint)
        problems.append(Problem(path, f"不认识的值“{data}”", f"请从中选用：{known}。"))
        return data
