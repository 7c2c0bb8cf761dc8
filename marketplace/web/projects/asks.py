"""What the form of each step asks for, and which service takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.history import Why
from marketplace.models import Acceptance, Dispute, Project
from marketplace.models.acceptances import OUTCOMES
from marketplace.permissions import Actor, Permission, require
from marketplace.programmes.workflows import Transition
from marketplace.schemas.projects import Field
from marketplace.services.projects import acceptances, disputes, milestones, projects
from marketplace.web import uploads

Data = dict[str, Any]
LEVELS = [(str(level), f"{level}级") for level in range(5)]
YES_NO = [("1", "是"), ("0", "否")]
OUTCOME_OPTIONS = [(code, disputes.OUTCOME_LABELS[code]) for code in OUTCOMES]


def reason(transition: Transition, hint: str = "") -> Field:
    """The words that go with a step."""
    return Field(
        "reason", "理由" if transition.reason_required else "说明", "area",
        required=transition.reason_required, longest=2000, hint=hint,
    )  # fmt: skip


def _plain(project: Project, subject: Any, transition: Transition) -> list[Field]:
    return [reason(transition)]


def _take(
    session: Session, actor: Actor, project: Project, subject: Any, action: str, data: Data
) -> None:
    version = data.pop("version")
    why = Why(reason=data.get("reason", ""))
    if isinstance(subject, Acceptance):
        acceptances.act(session, actor, subject, action, why=why, expected_version=version)
    elif isinstance(subject, Dispute):
        disputes.act(
            session, actor, subject, action, why=why, outcome=data.get("outcome", ""),
            expected_version=version,
        )  # fmt: skip
    else:
        projects.act(session, actor, project, subject, action, why=why, expected_version=version)


@dataclass(frozen=True)
class Ask:
    """One step: its fields, what does it, and the slot whose files come with it."""

    fields: Callable[[Project, Any, Transition], list[Field]] = _plain
    do: Callable[[Session, Actor, Project, Any, str, Data], None] = _take
    slot: str = ""


def _metrics(project: Project, subject: Any, transition: Transition) -> list[Field]:
    return [
        Field(
            "metrics", "约定的成效指标", "metrics",
            hint="每行一项，依次写：指标，单位，改造前，目标。例如：换模时间，分钟，95，45",
        ),
        Field("summary", "完成情况", "area", longest=2000),
    ]  # fmt: skip


def _apply(
    session: Session, actor: Actor, project: Project, subject: Any, action: str, data: Data
) -> None:
    acceptances.apply(
        session, actor, project, summary=data["summary"], metrics=data["metrics"],
        expected_version=data["version"],
    )  # fmt: skip


def _evidence(project: Project, subject: Any, transition: Transition) -> list[Field]:
    return [
        Field("reason", "完成情况", "area", longest=2000),
        Field(milestones.EVIDENCE, "完成材料", "upload"),
    ]


def _finish(
    session: Session, actor: Actor, project: Project, subject: Any, action: str, data: Data
) -> None:
    require(actor, Permission.PROJECT_DELIVER, subject)
    uploads.posted(milestones.EVIDENCE).attach(session, actor, subject, required=True)
    milestones.finish(
        session, actor, subject, note=data["reason"], expected_version=data["version"]
    )


def _result(project: Project, subject: Any, transition: Transition) -> list[Field]:
    found = [
        Field("level_before", "改造前数字化水平等级", "choice", options=LEVELS),
        Field("level_after", "改造后数字化水平等级", "choice", options=LEVELS),
    ]
    for number, item in enumerate(subject.metrics):
        before, target = (f"{item[name]}{item['unit']}" for name in ("before", "target"))
        found += [
            Field(
                f"after_{number}",
                f"{item['name']}：改造后",
                longest=40,
                value=item["after"],
                hint=f"改造前 {before}，目标 {target}",
            ),
            Field(f"met_{number}", f"{item['name']}：达到目标", "radio", options=YES_NO),
        ]
    return [
        *found,
        Field("passed", "验收结论", "radio", options=[("1", "通过"), ("0", "未通过")]),
        Field("summary", "验收意见", "area", longest=2000),
        Field("evaluated_on", "评估日期", "day", value=clock.today().isoformat()),
        Field(acceptances.REPORT, "验收报告", "upload"),
    ]


def _enter(
    session: Session, actor: Actor, project: Project, subject: Any, action: str, data: Data
) -> None:
    require(actor, Permission.PROJECT_CONFIRM, subject)
    uploads.posted(acceptances.REPORT).attach(session, actor, subject, required=True)
    metrics = tuple(
        {**item, "after": data[f"after_{number}"], "met": data[f"met_{number}"] == "1"}
        for number, item in enumerate(subject.metrics)
    )
    result = acceptances.Result(
        level_before=int(data["level_before"]), level_after=int(data["level_after"]),
        metrics=metrics, passed=data["passed"] == "1", summary=data["summary"],
        evaluated_on=data["evaluated_on"],
    )  # fmt: skip
    acceptances.enter(session, actor, subject, result, expected_version=data["version"])


def _outcome(project: Project, subject: Any, transition: Transition) -> list[Field]:
    return [
        Field("outcome", "处理结果", "radio", options=OUTCOME_OPTIONS,
              hint="选“终止项目”的，项目随之终止，企业可以评价。"),
        reason(transition),
    ]  # fmt: skip


ASKS: dict[tuple[str, str], Ask] = {
    ("projects", "apply"): Ask(_metrics, _apply),
    ("milestones", "finish"): Ask(_evidence, _finish, milestones.EVIDENCE),
    ("acceptances", "enter"): Ask(_result, _enter, acceptances.REPORT),
    ("disputes", "settle"): Ask(_outcome),
    ("disputes", "decide"): Ask(_outcome),
}
"""Steps that ask for more than words, by kind of part and action."""


def of(kind: str, action: str) -> Ask:
    """How a step is asked for and taken."""
    return ASKS.get((kind, action), Ask())
