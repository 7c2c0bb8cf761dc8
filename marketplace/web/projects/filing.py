"""The form of a contract: what the provider writes before it goes to the enterprise."""

from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Membership, Milestone, Project, Provider, Round
from marketplace.permissions import Actor
from marketplace.schemas.projects import Field
from marketplace.services.projects import filings
from marketplace.services.projects.filings import Filing

LONGEST_ID = 10
"""Digits that no number of a row has any more."""


def places(
    session: Session, actor: Actor, project: Project | None, sent: str = ""
) -> list[tuple[str, str]]:
    """The acting provider's places in the pool as choices, the one of ``project`` included.

    ``sent``: the choice of a form that came in. It was a choice when the form was opened; if it is
    none any more, the service says why.
    """
    found = filings.own_places(session, actor)
    also = {project.membership_id} if project is not None else set()
    also |= {int(sent)} if sent.isdecimal() and len(sent) < LONGEST_ID else set()
    if also - {place.id for place, _ in found}:
        rows = session.execute(
            select(Membership, Round)
            .join(Round, Round.id == Membership.round_id)
            .join(Provider, Provider.id == Membership.provider_id)
            .where(
                Membership.id.in_(also - {place.id for place, _ in found}),
                Provider.organisation_id == actor.organisation_id,
            )
            .order_by(Membership.id)
        )
        found += [(place, round_) for place, round_ in rows]
    return [
        (
            str(place.id),
            f"{round_.programme.segment_label(place.segment)}·"
            f"{round_.programme.type_label(place.type)}（{round_.label}）",
        )
        for place, round_ in found
    ]


def fields(places: list[tuple[str, str]], now: dict[str, str]) -> list[Field]:
    """The fields with what they show first."""
    asked = [
        Field("title", "项目名称", longest=120),
        Field("membership_id", "在池资格", "choice", options=places),
        Field("enterprise_uscc", "企业的统一社会信用代码", "code"),
        Field("contract_no", "合同编号", required=False, longest=60),
        Field("common_modules", "共性模块（N）", "lines", required=False, hint="每行一项。"),
        Field("custom_modules", "个性模块（X）", "lines", required=False, hint="每行一项。"),
        Field("list_price_cny", "目录价", "money", required=False),
        Field("pilot_price_cny", "让利价（试点价）", "money", required=False),
        Field("contract_price_cny", "合同价", "money", required=False),
        Field("signed_on", "签订日期", "day", required=False),
        Field("starts_on", "开始日期", "day", required=False),
        Field("ends_on", "结束日期", "day", required=False),
        Field(
            "milestones", "里程碑", "stages", required=False,
            hint="每行一项，依次写：名称，日期。日期可以不写。例如：系统上线，2026-06-30",
        ),
        Field(
            "subcontractors", "分包单位", "firms", required=False,
            hint="每行一家，依次写：单位名称，统一社会信用代码",
        ),
        Field(filings.SCAN, "合同扫描件", "upload", required=False),
    ]  # fmt: skip
    return [Field(**{**vars(item), "value": now.get(item.name, "")}) for item in asked]


def wan_text(value: Decimal | None) -> str:
    """CNY as a form shows them: in 万元, without needless zeros."""
    return "" if value is None else f"{value / 10_000:.4f}".rstrip("0").rstrip(".")


def shown(session: Session, project: Project) -> dict[str, str]:
    """What the form of an existing draft shows first."""
    stages = session.scalars(
        select(Milestone).where(Milestone.project_id == project.id).order_by(Milestone.seq)
    )
    days = ("signed_on", "starts_on", "ends_on")
    prices = ("list_price_cny", "pilot_price_cny", "contract_price_cny")
    return {
        "title": project.title,
        "membership_id": str(project.membership_id),
        "enterprise_uscc": project.enterprise.uscc,
        "contract_no": project.contract_no,
        "common_modules": "\n".join(project.common_modules),
        "custom_modules": "\n".join(project.custom_modules),
        **{name: wan_text(getattr(project, name)) for name in prices},
        **{name: f"{getattr(project, name) or ''}" for name in days},
        "milestones": "\n".join(
            f"{stage.name}，{stage.due_on}" if stage.due_on else stage.name for stage in stages
        ),
        "subcontractors": "\n".join(
            f"{firm['name']}，{firm['uscc']}" for firm in project.subcontractors
        ),
    }


def filing(data: dict[str, Any]) -> Filing:
    """The checked form as the service takes it."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    given["membership_id"] = int(given["membership_id"])
    return Filing(**given)
