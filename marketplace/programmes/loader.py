"""The only reader of YAML: plain data with the line of every value, then checked programmes."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from marketplace.programmes.structure import Path as DataPath
from marketplace.programmes.structure import Problem

# The parser in C is seven times faster; PyYAML built without it still works.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Parser):  # type: ignore[misc]
    """Plain scalars as people mean them: yes, on, 17:30 and 0123 stay texts (YAML 1.1 says not)."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own attribute


for _tag, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?[0-9]+\.[0-9]+", list("-0123456789")),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", list("0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
    )


@dataclass(frozen=True, order=True)
class Finding:
    """A problem with its place in a file; ``fatal`` ones forbid using the programme."""

    file: str
    line: int
    message: str
    advice: str
    fatal: bool = True

    def __str__(self) -> str:
        """One line for the terminal: place, kind, what is wrong, what to do."""
        kind = "错误" if self.fatal else "提醒"
        return f"{self.file}:{self.line}: {kind}：{self.message}。{self.advice}"


class LoadFailed(Exception):
    """A file could not be used; ``findings`` says where and why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


@dataclass(frozen=True)
class Document:
    """One YAML file: its plain data, the line (from 1) of each path, and its SHA-256."""

    path: Path
    data: Any
    lines: Mapping[DataPath, int] = field(repr=False)
    sha256: str

    def line(self, path: DataPath) -> int:
        """The line of ``path``, or of the nearest part around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def finding(self, problem: Problem) -> Finding:
        """The problem with file and line."""
        return Finding(
            str(self.path), self.line(problem.path), problem.message, problem.advice, problem.fatal
        )


def read_yaml(path: Path) -> Any:
    """The plain data of one YAML file (dates as ``date``). Raises LoadFailed with the line."""
    return read_document(path).data


def read_document(path: Path) -> Document:
    """One YAML file with line numbers. Raises LoadFailed; a key written twice is an error."""
    raw = path.read_bytes()
    lines: dict[DataPath, int] = {(): 1}
    repeated: list[tuple[str, int]] = []
    try:
        loader = _Loader(raw)
        node = loader.get_single_node()
        if node is not None:
            _walk(node, (), lines, repeated)
        data = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError) as error:
        raise LoadFailed([_syntax_finding(path, error)]) from error
    if repeated:
        raise LoadFailed(
            [
                Finding(str(path), line, f"键“{key}”写了两次", "请合并，或删去其中一处。")
                for key, line in repeated
            ]
        )
    return Document(path, data, lines, hashlib.sha256(raw).hexdigest())


def _walk(
    node: yaml.Node,
    path: DataPath,
    lines: dict[DataPath, int],
    repeated: list[tuple[str, int]],
) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                repeated.append((key.value, key.start_mark.line + 1))
            seen.add(key.value)
            _walk(value, (*path, key.value), lines, repeated)
            lines[(*path, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _walk(value, (*path, i), lines, repeated)


def _syntax_finding(path: Path, error: Exception) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    line = mark.line + 1 if mark is not None else 1
    advice = "请检查缩进、冒号后的空格和引号。"
    return Finding(str(path), line, f"不是合法的 YAML：{problem}", advice)
