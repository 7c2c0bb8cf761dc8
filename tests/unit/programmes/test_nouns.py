"""Workflows of nouns: every file can be used, and what is wrong with one is said."""

import importlib
import pkgutil
from enum import StrEnum

import pytest

from marketplace import services
from marketplace.permissions import Permission
from marketplace.programmes import nouns
from marketplace.programmes.structure import build
from marketplace.programmes.workflows import Workflow
from marketplace.workflow import EFFECTS, GUARDS


class Phase(StrEnum):
    """Of the workflow below."""

    OPEN = "open"
    DONE = "done"


def flow(**changes: object) -> Workflow:
    words = {"staff_label": "某", "public_label": "某", "icon": "clock", "tone": "info"}
    data = {
        "initial": "open",
        "states": [{"id": id_, "phase": id_, **words} for id_ in Phase],
        "transitions": [
            {"action": "end", "label": "办结", "from": ["open"], "to": "done", "by": "work:read"}
        ],
        **changes,
    }
    return build(Workflow, data)


def said(found: Workflow) -> list[str]:
    return [problem.message for problem in nouns.problems(found, Phase)]


def test_nothing_is_said_about_a_workflow_that_works() -> None:
    assert said(flow()) == []


def test_what_is_wrong_is_said() -> None:
    words = {"staff_label": "某", "public_label": "某", "icon": "clock"}
    strange = flow(states=[{"id": "open", "phase": "shut", "tone": "pink", **words}],
                   transitions=[])  # fmt: skip
    assert said(strange) == ["状态“open”的阶段或色调不存在"]
    step = {"action": "end", "label": "办结", "by": "work:read"}
    twice = [{**step, "from": ["open"], "to": "done"}, {**step, "from": ["open"], "to": "lost"}]
    assert said(flow(transitions=twice)) == [
        "动作“end”的状态或色调不存在",
        "状态“open”下有两个“end”动作",
    ]
    assert said(flow(transitions=[])) == ["状态“done”走不到"]


@pytest.mark.parametrize("noun", sorted(nouns.PHASES))
def test_every_noun_has_a_file_whose_names_the_code_knows(noun: str) -> None:
    found = nouns.workflow(noun)
    for module in pkgutil.walk_packages(services.__path__, "marketplace.services."):
        importlib.import_module(module.name)  # guards and effects register themselves
    for step in found.transitions:
        assert step.by in set(Permission), (noun, step.action)
        assert set(step.guards) <= set(GUARDS), (noun, step.action)
        assert set(step.effects) <= set(EFFECTS), (noun, step.action)
