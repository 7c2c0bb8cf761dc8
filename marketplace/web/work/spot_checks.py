"""The register of spot checks: planned, recorded with what was found."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Membership, Round, SpotCheck
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import SpotCheckPhase
from marketplace.programmes import nouns
from marketplace.programmes.workflows import Transition
from marketplace.schemas.projects import Field, form
from marketplace.services.checks import spot_check_follow, spot_checks
from marketplace.services.checks.spot_checks import Plan
from marketplace.services.files import files
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import term, vocabulary
from marketplace.web.forms import load
from marketplace.web.proceedings import origins
from marketplace.web.work import once, upkeep
from marketplace.web.work.blueprint import blueprint

COLUMNS = [
    {"key": "provider", "label": "服务商", "head": True}, {"key": "place", "label": "在池资格"},
    {"key": "topic", "label": "事项"}, {"key": "state", "label": "状态"},
    {"key": "planned", "label": "计划日期"}, {"key": "checked", "label": "检查日期"},
]  # fmt: skip
CHOICE = [
    {"key": "provider", "label": "服务商", "head": True}, {"key": "place", "label": "在池资格"},
]  # fmt: skip


def place_of(membership: Membership, round_: Round | None = None) -> str:
    """Programme, segment and type of a place; its round is loaded, or given."""
    programme = (round_ or membership.round).programme
    return (
        f"{programme.short_name}·{programme.segment_label(membership.segment)}"
        f"·{programme.type_label(membership.type)}"
    )


@blueprint.get("/spot-checks")
@needs(Permission.WORK_READ)
def checks() -> str:
    """Checks: what is to come first."""
    phase = upkeep.chosen("phase", [*SpotCheckPhase])
    text = upkeep.searched()
    actor = current_actor()
    query = spot_checks.listed(actor, phase, text).options(*spot_checks.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    states = [
        ("", "全部"), *((s.phase, s.staff_label) for s in nouns.workflow("spot_check").states)
    ]  # fmt: skip
    plan = {"label": "安排抽查", "tone": "primary", "url": url_for("work.new_check")}
    return render_template(
        upkeep.LIST, **upkeep.frame("work"), **pager, title="抽查",
        lead="不定期抽查，检查前服务商看不到计划。不合格的，按方案警告、限期整改或者暂停。",
        buttons=[plan] if can(actor, Permission.SPOT_CHECK_RUN) else [],
        tabs=upkeep.tabs("work.checks", "phase", states, phase),
        filters=[
            {"name": "q", "label": "服务商", "value": text},
            {"name": "phase", "label": "", "value": phase, "hidden": True},
        ],
        unit="次抽查", columns=COLUMNS, rows=[_line(row) for row in rows],
        empty="没有这样的抽查。",
    )  # fmt: skip


def _line(row: SpotCheck) -> dict[str, Any]:
    name = row.provider.organisation.name
    return {
        "provider": {"text": name, "url": url_for("work.check", row_id=row.id)},
        "place": place_of(row.membership), "topic": row.topic,
        "state": upkeep.tag("spot_check", row.state, staff=True),
        "planned": f"{row.planned_on}", "checked": f"{row.checked_on or ''}",
    }  # fmt: skip


@blueprint.get("/spot-checks/<int:row_id>")
@needs(Permission.WORK_READ)
def check(row_id: int) -> str:
    """One check with what was found."""
    session, actor = current_session(), current_actor()
    row = spot_checks.get(session, actor, row_id)
    facts = [
        ("在池资格", place_of(row.membership)), ("事项", row.topic),
        ("计划日期", f"{row.planned_on}"), ("检查日期", f"{row.checked_on or '还没有检查'}"),
        ("查出的退出事由", term("exit_reason", row.cause) if row.cause else "没有"),
    ]  # fmt: skip
    sections: list[dict[str, Any]] = [{"title": "基本情况", "id": "facts", "facts": facts}]
    if row.plan:
        sections.append({"title": "计划", "id": "plan", "prose": row.plan})
    if row.finding:
        sections.append({"title": "检查情况", "id": "finding", "prose": row.finding})
    if can(actor, Permission.SPOT_CHECK_RUN, row) and files.of(session, row):
        shown = uploads.show(session, spot_checks.EVIDENCE, row).items
        sections.append({"title": "抽查材料", "id": "files", "files": shown})
    if cases := origins.opened_by(session, row):
        sections.append({"title": "由此立案", "id": "cases", "links": cases})
    place = url_for("work.membership", membership_id=row.membership_id)
    links = [{"text": "在池资格（警告、整改、暂停、移出在那里办理）", "url": place}]
    if row.complaint_id and can(actor, Permission.SPOT_CHECK_RUN, row):
        address = url_for("work.complaint", row_id=row.complaint_id)
        links.append({"text": "引起这次抽查的线索", "url": address})
    sections.append({"title": "相关记录", "id": "links", "links": links})
    return render_template(
        upkeep.DETAIL, **upkeep.frame("work", ("抽查", url_for("work.checks"))),
        title=row.provider.organisation.name, lead=row.topic,
        state=upkeep.tag("spot_check", row.state, staff=True),
        buttons=NOUN.buttons("work", row, actor), sections=sections,
        events=upkeep.events(session, row, "spot_check"),
    )  # fmt: skip


def _fields(row: Any, step: Transition) -> list[Field]:
    if step.action not in (spot_checks.PASS, spot_checks.FAIL):
        return []
    fields = [
        Field("checked_on", "检查日期", "day", value=clock.today().isoformat()),
        Field("reason", "检查情况", "area", longest=4000, hint="服务商会看到。"),
    ]
    if step.action == spot_checks.FAIL:
        codes = spot_checks.causes(row.membership.round.programme)
        options = [(code, vocabulary().name("exit_reason", code)) for code in codes]
        fields.append(
            Field("cause", "查出的退出事由", "choice", required=False, options=options,
                  hint=spot_check_follow.told(row.membership.round.programme))
        )  # fmt: skip
    return fields


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    version, reason = data.pop("version"), data.pop("reason")
    spot_checks.step(session, actor, row, action, reason=reason, expected_version=version, **data)


NOUN = upkeep.Noun(
    name="check", place="spot-checks", label="抽查", get=spot_checks.get, do=_do,
    about=lambda row: row.provider.organisation.name, fields=_fields,
    slot=lambda action: "" if action == "check_cancel" else spot_checks.EVIDENCE,
)  # fmt: skip
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.WORK_READ, acting=Permission.SPOT_CHECK_RUN,
    listed="checks", one="check",
)  # fmt: skip


@blueprint.get("/spot-checks/new")
@needs(Permission.SPOT_CHECK_RUN)
def new_check() -> str:
    """Which place is to be checked."""
    text = upkeep.searched()
    found = spot_checks.candidates(current_session(), current_actor(), text)
    complaint = upkeep.number("complaint")
    rows = [
        {
            "provider": {
                "text": name,
                "url": url_for("work.plan_check", membership_id=place.id, complaint=complaint),
            },
            "place": place_of(place, round_),
        }
        for place, round_, name in found
    ]  # fmt: skip
    return render_template(
        upkeep.LIST, **upkeep.frame("work", ("抽查", url_for("work.checks"))),
        title="安排抽查", lead="先选择要检查的在池资格，最多列出50个，可以按名称查找。", buttons=[],
        tabs=[], unit="个在池资格", columns=CHOICE, rows=rows, empty="没有找到，请换个名称。",
        filters=[
            {"name": "q", "label": "服务商", "value": text},
            {"name": "complaint", "label": "", "value": complaint or "", "hidden": True},
        ],
        total=len(rows), page=1, pages=1, page_link=lambda number: "",
    )  # fmt: skip


def _asked(membership_id: int) -> tuple[Membership, list[Field], dict[str, Any]]:
    row = spot_checks.membership(current_session(), current_actor(), membership_id)
    topics = [(text, text) for text in spot_checks.topics(row.round.programme)]
    fields = [
        Field("topic", "检查事项", "choice", options=topics),
        Field("planned_on", "计划日期", "day", value=clock.today().isoformat()),
        Field("plan", "检查安排", "area", required=False, longest=2000,
              hint="怎么查、查什么。服务商看不到。"),
    ]  # fmt: skip
    page = {
        **upkeep.frame("work", ("抽查", url_for("work.checks"))), "title": "安排抽查",
        "about": "", "lead": f"{row.provider.organisation.name}　{place_of(row)}",
        "back": url_for("work.checks"), "submit": "登记计划",
    }  # fmt: skip
    return row, fields, page


@blueprint.get("/spot-checks/new/<int:membership_id>")
@needs(Permission.SPOT_CHECK_RUN)
def plan_check(membership_id: int) -> str:
    """What is to be checked, and when."""
    _, fields, page = _asked(membership_id)
    return upkeep.show_form(fields, **page)


@blueprint.post("/spot-checks/new/<int:membership_id>")
@needs(Permission.SPOT_CHECK_RUN)
@once.once
def create_check(membership_id: int) -> Response:
    """Note the plan."""
    place, fields, page = _asked(membership_id)
    try:
        data = load(form(fields, versioned=False), once.fields())
        what = Plan(**data, complaint_id=upkeep.number("complaint"))
        row = spot_checks.plan(current_session(), current_actor(), place, what)
    except (Invalid, Conflict) as error:
        return upkeep.form_again(fields, error, **page)
    flash("抽查计划已登记。", "ok")
    return redirect(url_for("work.check", row_id=row.id), 303)
