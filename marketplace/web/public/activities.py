"""Activities for everybody: what is to come, what was, and signing up for organisations."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Activity
from marketplace.permissions import Permission
from marketplace.phases import AttendancePhase
from marketplace.schemas.pool import ERRORS
from marketplace.services.checks import activities, awards
from marketplace.services.checks.activities import KINDS
from marketplace.web.access import current_actor, needs, public
from marketplace.web.context import dt
from marketplace.web.forms import form_data, load
from marketplace.web.public import blueprint
from marketplace.web.work import upkeep
from marketplace.web.work.activities import office, when

COLUMNS = [
    {"key": "title", "label": "活动", "head": True}, {"key": "kind", "label": "类别"},
    {"key": "when", "label": "时间"}, {"key": "place", "label": "地点"},
    {"key": "office", "label": "主办"}, {"key": "state", "label": "状态"},
]  # fmt: skip
AWARDS = [
    {"key": "who", "label": "获奖者", "head": True}, {"key": "title", "label": "奖项"},
    {"key": "year", "label": "年度"}, {"key": "document", "label": "公布文件"},
    {"key": "grounds", "label": "理由"},
]  # fmt: skip


class SignUpForm(Schema):
    """How many people come, and what the office should know."""

    people = fields.Integer(
        required=True, error_messages={**ERRORS, "invalid": "请填写整数"},
        validate=validate.Range(1, activities.MOST_PEOPLE,
                                error=f"请填写1至{activities.MOST_PEOPLE}"),
    )  # fmt: skip
    note = fields.String(load_default="", validate=validate.Length(max=200, error="不超过200个字"))


@blueprint.get("/activities")
@public
def activity_list() -> str:
    """What is to come, or what was."""
    past = upkeep.chosen("when", ["past"]) == "past"
    kind = upkeep.chosen("kind", [*KINDS])
    rows, pager = upkeep.paged(current_session(), activities.open_to_all(kind, past=past))
    tabs = upkeep.tabs(
        "public.activity_list", "when", [("", "即将举办"), ("past", "往期活动")],
        "past" if past else "",
    )  # fmt: skip
    return render_template(
        upkeep.LIST, **upkeep.frame(""), **pager, title="活动", tabs=tabs,
        lead="供需对接会、培训和观摩。企业和服务商登录后可以报名。",
        buttons=[{"label": "评优结果", "tone": "neutral", "url": url_for("public.award_list")}],
        filters=[
            {"name": "kind", "label": "类别", "value": kind, "options": list(KINDS.items())},
            {"name": "when", "label": "", "value": "past" if past else "", "hidden": True},
        ],
        unit="个活动", columns=COLUMNS, rows=[_line(row) for row in rows],
        empty="现在没有这样的活动。",
    )  # fmt: skip


def _line(row: Activity) -> dict[str, Any]:
    return {
        "title": {"text": row.title, "url": url_for("public.activity", row_id=row.id)},
        "kind": KINDS[row.kind], "when": when(row), "place": row.place, "office": office(row),
        "state": upkeep.tag("activity", row.state, staff=False),
    }  # fmt: skip


@blueprint.get("/activities/<int:row_id>")
@public
def activity(row_id: int) -> str:
    """One activity, and signing up for who acts for an organisation."""
    return _page(activities.public(current_session(), row_id))


def _page(row: Activity, **more: Any) -> str:
    session, actor = current_session(), current_actor()
    joins = activities.may_join(actor)
    own = activities.own(session, actor, row) if joins else None
    free = None if row.places is None else max(0, row.places - activities.taken(session, row))
    context: dict[str, Any] = {
        **upkeep.frame("", ("活动", url_for("public.activity_list"))), "title": row.title,
        "state": upkeep.tag("activity", row.state, staff=False), "row": row,
        "meta": [KINDS[row.kind], office(row)], "buttons": [], "notices": [],
        "sections": [
            {"title": "安排", "id": "facts", "facts": [
                ("时间", when(row)), ("地点", row.place), ("报名截止", dt(row.sign_up_by)),
                ("名额", "不限" if free is None else f"共{row.places}个单位，还有{free}个"),
            ]},
            {"title": "内容", "id": "text", "prose": row.text},
        ],
        "own": upkeep.tag("attendance", own.state, staff=False) if own else None,
        "signed": own is not None and own.phase == AttendancePhase.SIGNED_UP,
        "joins": joins, "closed": activities.refusal(row), "free": free, "errors": {},
        "values": {"people": "1"}, "clash": "", "signed_in": actor.user_id is not None, **more,
    }  # fmt: skip
    return render_template("public/activity.html", **context)


@blueprint.post("/activities/<int:row_id>/sign-up")
@needs(Permission.ACTIVITY_ATTEND)
def sign_up(row_id: int) -> Response:
    """The acting organisation comes."""
    session, actor = current_session(), current_actor()
    row = activities.public(session, row_id)
    given = form_data()
    try:
        data = load(SignUpForm(), given)
        activities.sign_up(session, actor, row_id, people=data["people"], note=data["note"])
    except Invalid as error:
        return upkeep.answer(_page(row, errors=error.fields, values=given), 422)
    except Conflict as conflict:
        return upkeep.answer(_page(row, clash=conflict.message, values=given), 409)
    flash("已报名。", "ok")
    return redirect(url_for("public.activity", row_id=row_id), 303)


@blueprint.post("/activities/<int:row_id>/sign-off")
@needs(Permission.ACTIVITY_ATTEND)
def sign_off(row_id: int) -> Response:
    """Not to come after all."""
    session, actor = current_session(), current_actor()
    row = activities.public(session, row_id)
    own = activities.own(session, actor, row)
    load(Schema(), form_data())
    try:
        if own is None:
            raise Conflict("本单位没有报名", code="wrong_state")
        activities.sign_off(session, actor, own)
    except Conflict as conflict:
        return upkeep.answer(_page(row, clash=conflict.message), 409)
    flash("已取消报名。", "ok")
    return redirect(url_for("public.activity", row_id=row_id), 303)


@blueprint.get("/awards")
@public
def award_list() -> str:
    """Who was honoured."""
    query = awards.announced().options(*awards.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    lines = [
        {
            "who": {"text": awards.who(row),
                    "url": url_for("public.provider", provider_id=row.provider_id)},
            "title": row.title + (f"（{row.tier}）" if row.tier else ""), "year": f"{row.year}年",
            "document": row.document_no, "grounds": row.grounds,
        }
        for row in rows
    ]  # fmt: skip
    return render_template(
        upkeep.LIST, **upkeep.frame("", ("活动", url_for("public.activity_list"))), **pager,
        title="评优结果", lead="由主管部门按规定评选、发文公布。", buttons=[], tabs=[], filters=[],
        unit="项", columns=AWARDS, rows=lines, empty="还没有公布。",
    )  # fmt: skip
