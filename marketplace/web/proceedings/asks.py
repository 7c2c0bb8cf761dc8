"""What the form of each step on a proceeding asks for, and which service takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Invalid
from marketplace.history import Why
from marketplace.models import Proceeding
from marketplace.permissions import Actor, Permission, can, require
from marketplace.phases import ProceedingKind, ProceedingPhase
from marketplace.programmes.workflows import Transition
from marketplace.schemas.projects import Field
from marketplace.services.proceedings import proceedings, rectifications, removals
from marketplace.web import uploads

Data = dict[str, Any]
EVIDENCE, ANSWER = proceedings.SLOTS
TEXTS = {
    "submit_plan": ("整改方案", "逐项写明问题、措施、完成日期和责任人。"),
    "revise_plan": ("整改方案", "逐项写明问题、措施、完成日期和责任人。"),
    "report_mended": ("整改报告", "逐项说明整改结果，并上传证明材料。"),
    "reply": ("陈述申辩", "写明事实和理由，可以上传材料。"),
    "ask_hearing": ("听证要求", "写明要求听证的理由。"),
    "send_papers": ("说明", "按通知书列出的清单上传材料。"),
}
"""Steps in which the provider writes: the name of its text, and how it is written."""

NEEDS_FILES = ("report_mended", "send_papers")


def reason_of(transition: Transition) -> Field:
    """The words that go with a step."""
    return Field(
        "reason", "理由" if transition.reason_required else "说明", "area",
        required=transition.reason_required, longest=2000,
    )  # fmt: skip


def fields(case: Proceeding, transition: Transition) -> list[Field]:
    """What the form of a step of the workflow asks for."""
    action = transition.action
    if action in TEXTS:
        label, hint = TEXTS[action]
        value = case.plan if transition.action == "revise_plan" else ""
        return [
            Field("text", label, "area", longest=rectifications.LONGEST, hint=hint, value=value),
            Field(ANSWER, "附件", "upload", required=action in NEEDS_FILES),
        ]
    found = []
    if action == "extend":
        left = rectifications.days_left(case)
        found.append(Field("days", "延长天数", longest=3, hint=f"还可以延长{left}天"))
    if transition.document_required:
        found.append(Field("document_no", "文号", longest=60))
    found.append(reason_of(transition))
    if transition.by != Permission.PROCEEDING_TICK:
        found.append(Field(EVIDENCE, "证据材料", "upload", required=False,
                           hint="当事服务商可以看到，请先遮盖他人信息。"))  # fmt: skip
    return found


def number(text: str, name: str) -> int:
    """A whole number that was typed. Raises Invalid."""
    if not text.isdecimal() or len(text) > 4:
        raise Invalid(fields={name: ["请填写整数"]})
    return int(text)


def take(session: Session, actor: Actor, case: Proceeding, action: str, data: Data) -> None:
    """A step of the workflow with its files."""
    version = data.pop("version")
    slot = ANSWER if action in TEXTS else EVIDENCE
    permission = Permission.PROCEEDING_ANSWER if action in TEXTS else Permission.PROCEEDING_WORK
    require(actor, permission, case)
    if case.version != version:
        rest: Data = {"expected_version": version}
    else:
        uploads.posted(slot).attach(session, actor, case, required=action in NEEDS_FILES)
        rest = {}
    if "text" in data:
        rest["text"] = data["text"]
    if "days" in data:
        rest["days"] = number(data["days"], "days")
    why = Why(reason=data.get("reason", ""), document_no=data.get("document_no", ""))
    proceedings.act(session, actor, case, action, why=why, **rest)


@dataclass(frozen=True)
class Extra:
    """Something done on a case that is no step of its workflow."""

    label: str
    by: Permission
    when: Callable[[Session, Proceeding, Actor], bool]
    fields: Callable[[Proceeding], list[Field]]
    do: Callable[[Session, Actor, Proceeding, Data], None]
    tone: str = "neutral"
    slot: str = ""


def _deciding(session: Session, case: Proceeding, actor: Actor) -> bool:
    return case.phase == ProceedingPhase.BUREAUS


def _opinion(case: Proceeding) -> list[Field]:
    options = [("1", "同意移出"), ("0", "不同意移出")]
    return [
        Field("agrees", "本部门意见", "radio", options=options),
        Field("text", "理由", "area", longest=2000),
    ]


def _opine(session: Session, actor: Actor, case: Proceeding, data: Data) -> None:
    removals.opine(session, actor, case, agrees=data["agrees"] == "1", text=data["text"])


def _may_ask(session: Session, case: Proceeding, actor: Actor) -> bool:
    return (
        case.kind == ProceedingKind.RECTIFICATION
        and case.phase == ProceedingPhase.PROVIDER
        and case.due_at is not None
        and clock.now() < case.due_at
        and rectifications.days_left(case) > 0
        and rectifications.open_request(session, case) is None
    )


def _asking(case: Proceeding) -> list[Field]:
    left = rectifications.days_left(case)
    return [
        Field("days", "申请延长天数", longest=3, hint=f"最多{left}天"),
        Field("reason", "理由", "area", longest=2000),
    ]


def _ask(session: Session, actor: Actor, case: Proceeding, data: Data) -> None:
    days = number(data["days"], "days")
    rectifications.ask_extension(session, actor, case, days=days, reason=data["reason"])


def _asked(session: Session, case: Proceeding, actor: Actor) -> bool:
    return (
        case.kind == ProceedingKind.RECTIFICATION
        and rectifications.open_request(session, case) is not None
    )


def _reason(case: Proceeding) -> list[Field]:
    return [Field("reason", "理由", "area", longest=2000)]


def _refuse(session: Session, actor: Actor, case: Proceeding, data: Data) -> None:
    rectifications.refuse_extension(session, actor, case, reason=data["reason"])


def _open(session: Session, case: Proceeding, actor: Actor) -> bool:
    return case.phase != ProceedingPhase.CLOSED


def _papers(case: Proceeding) -> list[Field]:
    hint = "当事服务商可以看到，请先遮盖他人信息。"
    return [Field(EVIDENCE, "证据材料", "upload", hint=hint)]


def _add(session: Session, actor: Actor, case: Proceeding, data: Data) -> None:
    uploads.posted(EVIDENCE).attach(session, actor, case, required=True)


EXTRAS: dict[str, Extra] = {
    "opine": Extra(
        "提出本部门意见", Permission.PROCEEDING_OPINE, _deciding, _opinion, _opine, tone="ok"
    ),
    "ask-extension": Extra("申请延期", Permission.PROCEEDING_ANSWER, _may_ask, _asking, _ask),
    "refuse-extension": Extra(
        "不同意延期", Permission.PROCEEDING_RUN, _asked, _reason, _refuse, tone="danger"
    ),
    "add-evidence": Extra(
        "补充证据", Permission.PROCEEDING_CHECK, _open, _papers, _add, slot=EVIDENCE
    ),
    "add-proof": Extra("补充证据", Permission.PROCEEDING_RUN, _open, _papers, _add, slot=EVIDENCE),
}


def extras(session: Session, actor: Actor, case: Proceeding) -> list[tuple[str, str, str]]:
    """Name, label and tone of what the actor may do beside steps; each label once."""
    found: dict[str, tuple[str, str, str]] = {}
    for name, extra in EXTRAS.items():
        if can(actor, extra.by, case) and extra.when(session, case, actor):
            found.setdefault(extra.label, (name, extra.label, extra.tone))
    return list(found.values())


def slot_of(proceeding_id: int, step: str) -> str:
    """The slot whose files come with a form, read from its address before its transaction."""
    if step in EXTRAS:
        return EXTRAS[step].slot
    return ANSWER if step in TEXTS else EVIDENCE
