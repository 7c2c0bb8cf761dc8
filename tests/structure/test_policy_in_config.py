"""Code depends on phases; programme ids, state names and labels stay in ``config/``."""

import ast
import re
from collections.abc import Iterable, Iterator
from enum import EnumType

import pytest
import yaml

from marketplace import phases
from tests.support.source import ROOT, Source, python, sources

PHASES = {
    str(value)
    for enum in vars(phases).values()
    if isinstance(enum, EnumType)
    for value in enum.__members__.values()
}
LABELS = ("staff_label", "public_label")

pytestmark = pytest.mark.xdist_group("source")  # one process reads the tree


def names() -> set[str]:
    """Ids of programmes, and the names and labels of states, less what is an enum in code."""
    found = set()
    for path in (ROOT / "config/programmes").glob("*.yml"):
        found.add(yaml.safe_load(path.read_text("utf-8"))["id"])
    for path in (ROOT / "config/workflows").glob("*.yml"):
        for state in yaml.safe_load(path.read_text("utf-8"))["states"]:
            found |= {state["id"], *(state[label] for label in LABELS)}
    return found - PHASES


def compared(source: Source) -> Iterator[tuple[int, str]]:
    """Line and text of every string constant that something is compared with or matched against."""
    for node in source.nodes:
        sides: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            sides = [node.value]
        for side in sides:
            parts = side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]
            for part in parts:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value


def in_python(source: Source, policy: set[str]) -> list[str]:
    return [f"{source.path}:{line}: {text}" for line, text in compared(source) if text in policy]


def in_template(source: Source, policy: Iterable[str]) -> list[str]:
    pattern = re.compile(
        r"(?:==|!=|\bin)\s*[(\[]?\s*[\"'](" + "|".join(map(re.escape, policy)) + r")[\"']"
    )
    return [f"{source.path}: {match.group()}" for match in pattern.finditer(source.text)]


def test_there_is_policy_to_look_for():
    assert len(names()) > 20


def test_python_compares_with_no_policy():
    policy = names()
    assert [
        hit for source in python("marketplace/", "search/") for hit in in_python(source, policy)
    ] == []


def test_templates_compare_with_no_policy():
    policy = names()
    templates = [source for source in sources() if source.path.startswith("templates/")]
    assert [hit for source in templates for hit in in_template(source, policy)] == []


def test_comparisons_would_be_found():
    bad = Source(
        "a.py",
        "if programme.id == 'qd-2024': go()\n"
        "ok = state in ('titled', 'listed')\n"
        "match state:\n    case 'revoked': go()\n",
    )
    assert in_python(bad, {"qd-2024", "titled", "revoked"}) == [
        "a.py:1: qd-2024",
        "a.py:2: titled",
        "a.py:4: revoked",
    ]
    template = Source("a.html", "{% if state.id == 'titled' %}{% if x in ['revoked'] %}")
    assert in_template(template, ["titled", "revoked"]) == [
        "a.html: == 'titled'",
        "a.html: in ['revoked'",
    ]
