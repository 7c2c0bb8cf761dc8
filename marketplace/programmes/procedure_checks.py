"""Checks of the procedures: known steps in order, days where a step has a clock, known actions."""

from collections.abc import Iterator

from marketplace.phases import Proposer, RemovalStep
from marketplace.programmes.procedures import RemovalProcedure
from marketplace.programmes.schema import Programme
from marketplace.programmes.structure import Path, Problem

STEPS = tuple(RemovalStep)
RECTIFICATION = "rectification"


def procedure_problems(programme: Programme) -> Iterator[Problem]:
    """Everything wrong with the procedures of one programme."""
    if programme.procedures is not None:
        at: Path = ("procedures", "removal")
        removal = programme.procedures.removal
        yield from _step_problems(programme, removal, at)
        yield from _action_problems(programme, removal, at)
        yield from _twice(programme)
        yield from _failed_check_problems(programme)
    yield from _re_review_problems(programme)


def _step_problems(programme: Programme, removal: RemovalProcedure, at: Path) -> Iterator[Problem]:
    known = "、".join(STEPS)
    if list(removal.steps) != [step for step in STEPS if step in removal.steps]:
        text = f"退出程序的步骤“{'、'.join(removal.steps)}”不认识，或次序不对"
        yield Problem((*at, "steps"), text, f"按次序可用：{known}。")
    if wrong := set(removal.proposers) - set(Proposer):
        text = f"提出人“{'、'.join(sorted(wrong))}”不存在"
        yield Problem((*at, "proposers"), text, f"可用：{'、'.join(Proposer)}。")
    if (RemovalStep.HEARING in removal.steps) != bool(removal.hearing_working_days):
        advice = "有 hearing 步骤时请写 hearing_working_days，没有时请删去。"
        yield Problem((*at, "hearing_working_days"), "陈述申辩的期限与步骤不一致", advice)
    if (RemovalStep.DECISION in removal.steps) != bool(removal.bureaus):
        advice = "有 decision 步骤时请列出会签部门，没有时请删去。"
        yield Problem((*at, "bureaus"), "会签部门与步骤不一致", advice)
    if RemovalStep.NOTICE in removal.steps and programme.publicity.working_days is None:
        advice = "请在 publicity 中写明天数，或去掉 notice 步骤。"
        yield Problem((*at, "steps"), "退出要公示，但没有公示天数", advice)


def _action_problems(
    programme: Programme, removal: RemovalProcedure, at: Path
) -> Iterator[Problem]:
    standing = programme.workflows.get("standing")
    known = {step.action for step in standing.transitions} if standing else set()
    for key in ("opens_with", "dismisses_with", "removes_with"):
        action = getattr(removal, key)
        if action and standing and action not in known:
            text = f"管理流程中没有动作“{action}”"
            yield Problem((*at, key), text, f"可用：{'、'.join(sorted(known))}。")


def _failed_check_problems(programme: Programme) -> Iterator[Problem]:
    rules = programme.procedures.failed_check if programme.procedures else None
    for key in ("without_cause", "with_cause") if rules else ():
        word = getattr(rules, key)
        if word not in ("", "warn", RECTIFICATION):
            text = f"抽查不合格的后果“{word}”不认识"
            yield Problem(
                ("procedures", "failed_check", key), text, f"可用：warn、{RECTIFICATION}。"
            )
        if word == RECTIFICATION and programme.rectification is None:
            text = "抽查不合格要限期整改，但没有写整改的天数"
            yield Problem(("procedures", "failed_check", key), text, "请写明 rectification。")


def _twice(programme: Programme) -> Iterator[Problem]:
    for key in ("rectification", "appeal", "supplement"):
        if getattr(programme.procedures, key) and programme.evaluation:
            text = f"“{key}”在 evaluation 和 procedures 中都写了"
            yield Problem(("procedures", key), text, "请只保留一处。")


def _re_review_problems(programme: Programme) -> Iterator[Problem]:
    review = programme.re_review
    if review is None:
        return
    recurring = {item.id for item in programme.deadlines if item.recurring}
    if review.deadline and review.deadline not in recurring:
        text = f"复核的时限“{review.deadline}”不是每年重复的期限"
        yield Problem(("re_review", "deadline"), text, "请引用 deadlines 中每年重复的一条。")
    if not 2 <= len(review.path) <= 3:
        text = "复核的环节应为两级或三级"
        yield Problem(("re_review", "path"), text, "请列出各级的名称。")
    standing = programme.workflows.get("standing")
    known = {step.action for step in standing.transitions} if standing else set()
    if standing and review.fails_with and review.fails_with not in known:
        text = f"管理流程中没有动作“{review.fails_with}”"
        yield Problem(("re_review", "fails_with"), text, "请改为管理流程中的动作。")
