"""What is begun on the page of a project: a change, a dispute, an evaluator, a rating."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from marketplace.errors import NotFound
from marketplace.models import Project, Rating
from marketplace.permissions import Actor, Permission, can, require
from marketplace.phases import ProjectPhase
from marketplace.schemas.projects import Field
from marketplace.services.projects import acceptances, change_notices, disputes, ratings
from marketplace.services.projects.project_rules import rules
from marketplace.web import uploads
from marketplace.web.projects.filing import wan_text

Data = dict[str, Any]
UNDER_WAY = (ProjectPhase.RUNNING, ProjectPhase.ACCEPTANCE)
STARS = [(str(score), f"{score}分") for score in range(ratings.BEST, 0, -1)]


@dataclass(frozen=True)
class Extra:
    """``when`` says for which project (and its rating) it is offered to holders of ``by``."""

    label: str
    by: Permission
    when: Callable[[Project, Rating | None], bool]
    fields: Callable[[Project, Rating | None], list[Field]]
    do: Callable[[Session, Actor, Project, Rating | None, Data], None]
    slot: str = ""
    tone: str = "secondary"
    lead: str = ""
    refusal: str = ""
    """Why it is not for whoever may see the project but not do this."""
    otherwise: str = "现在的状态不能这样办理"
    """Why not now."""


def _lines(values: list[str]) -> str:
    return "\n".join(values)


def _change_fields(project: Project, rating: Rating | None) -> list[Field]:
    firms = [f"{firm['name']}，{firm['uscc']}" for firm in project.subcontractors]
    return [
        Field("common_modules", "共性模块（N）", "lines", hint="每行一项。",
              value=_lines(project.common_modules)),
        Field("custom_modules", "个性模块（X）", "lines", required=False, hint="每行一项。",
              value=_lines(project.custom_modules)),
        Field("contract_price_cny", "合同价", "money",
              value=wan_text(project.contract_price_cny)),
        Field("starts_on", "开始日期", "day", value=f"{project.starts_on or ''}"),
        Field("ends_on", "结束日期", "day", value=f"{project.ends_on or ''}"),
        Field("subcontractors", "分包单位", "firms", required=False, value=_lines(firms),
              hint="每行一家，依次写：单位名称，统一社会信用代码"),
        Field("reason", "变更理由", "area", longest=2000),
    ]  # fmt: skip


def _propose(
    session: Session, actor: Actor, project: Project, rating: Rating | None, data: Data
) -> None:
    reason = data.pop("reason")
    change_notices.propose(session, actor, project, data, reason)


def _dispute_fields(project: Project, rating: Rating | None) -> list[Field]:
    return [
        Field("subject", "争议事项", longest=120),
        Field("text", "具体情况和诉求", "area", longest=2000),
        Field(disputes.EVIDENCE, "争议材料", "upload", required=False),
    ]


def _open(
    session: Session, actor: Actor, project: Project, rating: Rating | None, data: Data
) -> None:
    made = disputes.open_(session, actor, project, subject=data["subject"], text=data["text"])
    uploads.posted(disputes.EVIDENCE).attach(session, actor, made)


def _evaluator(
    session: Session, actor: Actor, project: Project, rating: Rating | None, data: Data
) -> None:
    require(actor, Permission.PROJECT_CONFIRM, project)
    acceptances.evaluator(session, actor, project, data["uscc"])


def _rating_fields(project: Project, rating: Rating | None) -> list[Field]:
    scores = rating.scores if rating else {}
    return [
        *(
            Field(f"score_{name}", label, "radio", options=STARS, value=str(scores.get(name, "")))
            for name, label in rules().scores.items()
        ),
        Field("text", "文字评价", "area", required=False, longest=ratings.LONGEST,
              hint="会公开显示，请勿写个人信息。", value=rating.text if rating else ""),
    ]  # fmt: skip


def _rate(
    session: Session, actor: Actor, project: Project, rating: Rating | None, data: Data
) -> None:
    scores = {name: int(data[f"score_{name}"]) for name in rules().scores}
    if rating is None:
        ratings.write(session, actor, project, scores, data["text"])
    else:
        ratings.edit(session, actor, rating, scores, data["text"], expected_version=data["version"])


def _reply(
    session: Session, actor: Actor, project: Project, rating: Rating | None, data: Data
) -> None:
    if rating is None:
        raise NotFound
    ratings.reply(session, actor, rating, data["reply"])


def _hide(
    session: Session, actor: Actor, project: Project, rating: Rating | None, data: Data
) -> None:
    if rating is None:
        raise NotFound
    act = ratings.show_text if rating.text_hidden_at else ratings.hide_text
    act(session, actor, rating, data["reason"])


def _why(project: Project, rating: Rating | None) -> list[Field]:
    return [Field("reason", "理由", "area", longest=2000)]


EXTRAS: dict[str, Extra] = {
    "change": Extra(
        "提出变更", Permission.PROJECT_DELIVER,
        lambda project, rating: project.phase == ProjectPhase.RUNNING,
        _change_fields, _propose, lead="改成新的内容；企业同意后才生效。",
        otherwise="项目在实施中，才能提出变更",
    ),
    "dispute": Extra(
        "提出争议", Permission.DISPUTE_OPEN, lambda project, rating: project.phase in UNDER_WAY,
        _dispute_fields, _open, disputes.EVIDENCE,
        lead="由企业所在区市组织调解，调解不成的由市级决定。",
        otherwise="项目在实施或验收中，才能提出争议",
    ),
    "evaluator": Extra(
        "选定评估机构", Permission.PROJECT_CONFIRM,
        lambda project, rating: project.phase in UNDER_WAY,
        lambda project, rating: [
            Field(
                "uscc", "评估机构的统一社会信用代码", "code",
                hint="为本企业做过改造的单位及其关联企业不能评估。",
            )
        ],
        _evaluator, otherwise="项目在实施或验收中，才能选定评估机构",
    ),
    "rating": Extra(
        "评价", Permission.RATING_WRITE, lambda project, rating: project.phase in ratings.ENDED,
        _rating_fields, _rate, tone="primary",
        lead="一个项目评价一次，以后可以修改，修改前的内容留存备查。",
        refusal="只有企业用户可以评价，并且合同要先备案，项目验收或终止之后才能评价。",
        otherwise="项目验收或终止之后才能评价",
    ),
    "reply": Extra(
        "回复评价", Permission.RATING_REPLY,
        lambda project, rating: rating is not None and rating.replied_at is None,
        lambda project, rating: [
            Field(
                "reply", "回复", "area", longest=ratings.LONGEST,
                hint="只能回复一次，会公开显示。",
            )
        ],
        _reply, otherwise="企业评价之后才能回复，每个评价只能回复一次",
    ),
    "hide": Extra(
        "隐藏评价文字", Permission.RATING_HIDE,
        lambda project, rating: rating is not None and rating.text_hidden_at is None,
        _why, _hide, lead="只隐藏文字，分数照常显示和计入。", tone="danger",
    ),
    "show": Extra(
        "恢复评价文字", Permission.RATING_HIDE,
        lambda project, rating: rating is not None and rating.text_hidden_at is not None,
        _why, _hide,
    ),
}  # fmt: skip


def offered(actor: Actor, project: Project, rating: Rating | None) -> dict[str, Extra]:
    """What the actor may begin now, by name."""
    return {
        name: extra
        for name, extra in EXTRAS.items()
        if can(actor, extra.by, project) and extra.when(project, rating)
    }
