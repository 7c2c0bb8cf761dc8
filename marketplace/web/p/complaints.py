"""Complaints about the acting provider, and the results of spot checks of it."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from marketplace.db import current_session
from marketplace.permissions import Actor, Permission
from marketplace.programmes.workflows import Transition
from marketplace.schemas.projects import Field
from marketplace.services.checks import complaints, complaints_hearing, spot_checks
from marketplace.services.checks import complaints_tasks as _tasks  # noqa: F401  they register themselves
from marketplace.web import complaint_shapes as shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.work import upkeep

MENU.append(("投诉与抽查", "/p/complaints", Permission.PROVIDER_DESK))
COLUMNS = [
    {"key": "subject", "label": "事项", "head": True}, {"key": "state", "label": "状态"},
    {"key": "lodged", "label": "收到"}, {"key": "reply", "label": "答复期限"},
]  # fmt: skip
CHECKS = [
    {"key": "day", "label": "检查日期", "head": True}, {"key": "topic", "label": "事项"},
    {"key": "place", "label": "在池资格"}, {"key": "state", "label": "结果"},
    {"key": "finding", "label": "说明"},
]  # fmt: skip


def _parts(now: str) -> list[dict[str, Any]]:
    return [
        {"label": "投诉", "url": url_for("p.complaint_list"), "current": now == "complaints"},
        {"label": "抽查结果", "url": url_for("p.checks"), "current": now == "checks"},
    ]


@blueprint.get("/complaints")
@needs(Permission.PROVIDER_DESK)
def complaint_list() -> str:
    """Complaints that the provider was asked about."""
    query = complaints.listed(current_actor()).options(*complaints.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    return render_template(
        upkeep.LIST, **upkeep.frame("p"), **pager, title="投诉",
        lead="请在期限内答复，写明事实并附材料。期满没有答复的，按已有依据作出结论。",
        buttons=[], tabs=_parts("complaints"), filters=[], unit="件投诉", columns=COLUMNS,
        rows=[shapes.line(row, "p.complaint", staff=False) for row in rows],
        empty="没有对本单位的投诉。",
    )  # fmt: skip


@blueprint.get("/complaints/<int:row_id>")
@needs(Permission.PROVIDER_DESK)
def complaint(row_id: int) -> str:
    """One complaint: what is said, until when to reply, what came of it."""
    session, actor = current_session(), current_actor()
    row = complaints.get(session, actor, row_id)
    return render_template(
        upkeep.DETAIL, **upkeep.frame("p", ("投诉", url_for("p.complaint_list"))),
        title=row.subject, state=shapes.state(row, staff=False),
        meta=[row.organisation.name if row.organisation else "公开渠道"],
        buttons=NOUN.buttons("p", row, actor),
        sections=[
            {"title": "针对的在池资格", "id": "place", "prose": shapes.place(row)},
            *shapes.sections(row, staff=False, own=False),
            *shapes.attached(session, row, complaints.REPLY_FILES),
        ],
    )  # fmt: skip


def _fields(row: Any, step: Transition) -> list[Field]:
    return [
        Field("reason", "答复", "area", longest=4000,
              hint="写明事实经过和处理情况。不要写个人姓名和电话。")
    ]  # fmt: skip


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    complaints_hearing.step(
        session, actor, row, action, reason=data["reason"], expected_version=data["version"]
    )


NOUN = upkeep.Noun(
    name="complaint", place="complaints", label="投诉", get=complaints.get, do=_do,
    about=lambda row: row.subject, fields=_fields, slot=lambda action: complaints.REPLY_FILES,
)  # fmt: skip
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.PROVIDER_DESK, acting=Permission.COMPLAINT_REPLY,
    listed="complaint_list", one="complaint",
)  # fmt: skip


@blueprint.get("/checks")
@needs(Permission.PROVIDER_DESK)
def checks() -> str:
    """Results of spot checks of the acting provider."""
    query = spot_checks.listed(current_actor()).options(*spot_checks.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    lines = [
        {
            "day": f"{row.checked_on}", "topic": row.topic,
            "place": row.membership.round.programme.segment_label(row.membership.segment),
            "state": upkeep.tag("spot_check", row.state, staff=False), "finding": row.finding,
        }
        for row in rows
    ]  # fmt: skip
    return render_template(
        upkeep.LIST, **upkeep.frame("p"), **pager, title="抽查结果",
        lead="主管部门不定期抽查，检查后登记结果。", buttons=[], tabs=_parts("checks"), filters=[],
        unit="次抽查", columns=CHECKS, rows=lines, empty="没有抽查记录。",
    )  # fmt: skip
