"""Checks of the two workflows: names, wording, and that nobody gets stuck."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from marketplace.programmes.schema import Programme
from marketplace.programmes.structure import Path, Problem
from marketplace.programmes.workflows import CLOSED, PHASES, TONES, Transition, Workflow

# The verbs of an application's way; ``permissions`` takes them over with the application pages.
SELECTION_PERMISSIONS: Set[str] = {
    "application:assign_experts",
    "application:list",
    "application:propose",
    "application:rank",
    "application:recommend",
    "application:refuse",
    "application:resolve_objection",
    "application:return",
    "application:review",
    "application:submit",
    "application:submit_directly",
    "application:withdraw",
}


@dataclass(frozen=True)
class Names:
    """What the code knows by name; None switches a comparison off."""

    permissions: Set[str] | None = None
    guards: Set[str] | None = None
    effects: Set[str] | None = None
    types: Set[str] | None = None
    segments: Set[str] | None = None
    exit_reasons: Set[str] | None = None


def workflow_problems(programme: Programme, names: Names) -> Iterator[Problem]:
    """Everything wrong with the workflows of one programme."""
    for name in sorted(set(PHASES) - set(programme.workflows)):
        yield Problem(("workflows",), f"缺少“{name}”流程", "请写明流程，或用 use 引用共用流程。")
    for name, workflow in programme.workflows.items():
        at: Path = ("workflows", name)
        if name not in PHASES:
            yield Problem(at, f"不认识的流程“{name}”", "只有 selection 和 standing 两个流程。")
            continue
        yield from _state_problems(at, name, workflow)
        yield from _transition_problems(at, workflow, names)
        yield from _flow_problems(at, workflow)


def _state_problems(at: Path, name: str, workflow: Workflow) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, state in enumerate(workflow.states):
        here = (*at, "states", i)
        if state.id in seen:
            yield Problem(here, f"状态“{state.id}”写了两次", "请合并，或换一个编号。")
        seen.add(state.id)
        if state.phase not in set(PHASES[name]):
            known = "、".join(PHASES[name])
            yield Problem(here, f"状态“{state.id}”的阶段“{state.phase}”不存在", f"可用：{known}。")
        if state.tone not in TONES:
            known = "、".join(sorted(TONES))
            yield Problem(here, f"状态“{state.id}”的色调“{state.tone}”不存在", f"可用：{known}。")
        if not (state.staff_label and state.public_label and state.icon):
            yield Problem(
                here, f"状态“{state.id}”缺少名称或图标", "请补写内部名称、公开名称和图标。"
            )


def _transition_problems(at: Path, workflow: Workflow, names: Names) -> Iterator[Problem]:
    states = {state.id for state in workflow.states}
    if workflow.initial not in states:
        yield Problem(
            (*at, "initial"), f"起始状态“{workflow.initial}”不存在", "请改为已列出的状态。"
        )
    seen: set[tuple[str, str]] = set()
    for i, step in enumerate(workflow.transitions):
        here = (*at, "transitions", i)
        for state in {*step.from_, step.to} - states:
            yield Problem(here, f"动作“{step.action}”用了不存在的状态“{state}”", "请补写或改正。")
        for pair in ((state, step.action) for state in step.from_):
            if pair in seen:
                yield Problem(here, f"状态“{pair[0]}”下有两个“{step.action}”动作", "请只保留一个。")
            seen.add(pair)
        if not step.label:
            yield Problem(here, f"动作“{step.action}”没有按钮文字", "请补写 label。")
        yield from _name_problems(here, step, names)


def _name_problems(here: Path, step: Transition, names: Names) -> Iterator[Problem]:
    permissions = None
    if names.permissions is not None:
        permissions = names.permissions | SELECTION_PERMISSIONS
    compared: tuple[tuple[str, tuple[str, ...], Set[str] | None], ...] = (
        ("权限", (step.by,), permissions),
        ("前提", step.guards, names.guards),
        ("后续处理", step.effects, names.effects),
        ("退出原因", step.reason_codes, names.exit_reasons),
    )
    for kind, used, known in compared:
        for name in used:
            if known is not None and name not in known:
                yield Problem(
                    here,
                    f"动作“{step.action}”的{kind}“{name}”不存在",
                    f"可用：{'、'.join(sorted(known))}。",
                )
    if step.reason_codes and not step.reason_required:
        yield Problem(
            here, f"动作“{step.action}”有原因代码却不要求原因", "请加 reason_required: true。"
        )


def _flow_problems(at: Path, workflow: Workflow) -> Iterator[Problem]:
    """States that cannot be reached, and open states from which no end can be reached."""
    closed = {state.id for state in workflow.states if state.phase in CLOSED}
    forward = _reach({workflow.initial}, [(t.from_, (t.to,)) for t in workflow.transitions])
    backward = _reach(closed, [((t.to,), t.from_) for t in workflow.transitions])
    for i, state in enumerate(workflow.states):
        here = (*at, "states", i)
        if state.id not in forward:
            yield Problem(here, f"状态“{state.id}”走不到", "请增加通向它的动作，或删去它。")
        if state.id not in backward:
            yield Problem(here, f"状态“{state.id}”没有出路", "请增加通向结束状态的动作。")
        if state.id in closed and any(workflow.leaving(state.id)):
            yield Problem(here, f"结束状态“{state.id}”还有动作", "请改用新的申报或新的入池记录。")


def _reach(start: set[str], edges: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> set[str]:
    reached = set(start)
    while (
        new := {end for ends_in, ends in edges if reached & set(ends_in) for end in ends} - reached
    ):
        reached |= new
    return reached
