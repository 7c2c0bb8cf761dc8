"""Projects that another provider would take over: the enterprise agrees, or keeps its provider."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.permissions import Permission
from marketplace.schemas.pool import ERRORS, LARGEST_ID
from marketplace.schemas.projects import Field, form
from marketplace.services.proceedings import exits_projects, third_parties
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, page_again
from marketplace.web.me.blueprint import blueprint
from marketplace.web.proceedings import handing_over
from marketplace.web.work import once, upkeep
from marketplace.web.work import shapes as work_shapes

WAYS = (
    (third_parties.FINISH, "由原服务商在监督下完成"),
    (third_parties.TRANSFER, "希望转交其他服务商"),
)


class AnswerForm(Schema):
    """What the enterprise says about one transfer."""

    agrees = fields.String(
        required=True, validate=validate.OneOf(["1", "0"]), error_messages=ERRORS
    )
    reason = fields.String(load_default="", validate=validate.Length(max=2000))
    version = fields.Integer(
        required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
    )


def _page() -> dict[str, Any]:
    return {"rows": _rows(), "projects": _projects()}


def _projects() -> list[dict[str, Any]]:
    """Running projects whose provider is suspended, leaves or is gone, as the public sees it."""
    return [
        {
            "id": one.project.id, "project": one.project.title,
            "project_url": url_for("me.project", project_id=one.project.id),
            "provider": one.project.provider.organisation.name,
            "state": work_shapes.tag(work_shapes.state_of(one.place), staff=False),
            "leaving": one.leaving is not None, "until": f"{one.until or ''}",
            "choose_url": url_for("me.choose_for_project", project_id=one.project.id)
            if one.asked else "",
            "way": handing_over.way(one.settled) if one.settled else "",
        }
        for one in third_parties.affected(current_session(), current_actor())
    ]  # fmt: skip


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "id": row.id, "version": row.version, "project": row.project.title,
            "project_url": url_for("me.project", project_id=row.project_id),
            "from": row.proceeding.provider.organisation.name,
            "to": row.to_membership.provider.organisation.name if row.to_membership else "",
            "note": row.note, "waits": row.agreed is None, "done": row.done_at is not None,
        }
        for row in exits_projects.waiting(current_session(), current_actor())
    ]  # fmt: skip


@blueprint.get("/hand-overs")
@needs(Permission.ENTERPRISE_DESK)
def hand_overs() -> str:
    """Running projects of providers that leave, and transfers the enterprise is asked about."""
    return render_template("me/hand_overs.html", **_page(), errors={}, asked=0)


@blueprint.post("/hand-overs/<int:hand_over_id>")
@needs(Permission.HAND_OVER_AGREE)
@once.once
def answer_hand_over(hand_over_id: int) -> Response:
    """Agree, or keep the provider."""
    session, actor = current_session(), current_actor()
    exits_projects.asked(session, actor, hand_over_id)
    try:
        data = load(AnswerForm(), once.fields())
        exits_projects.answer(
            session, actor, hand_over_id, agrees=data["agrees"] == "1", reason=data["reason"],
            expected_version=data["version"],
        )  # fmt: skip
    except Invalid as error:
        return page_again("me/hand_overs.html", error, **_page(), asked=hand_over_id)
    flash("答复已提交", "ok")
    return redirect(url_for("me.hand_overs"), 303)


def _asked(project_id: int) -> tuple[list[Field], dict[str, Any]]:
    found = third_parties.one(current_session(), current_actor(), project_id)
    fields = [
        Field("way", "怎么办", "radio", options=WAYS),
        Field("reason", "理由", "area", required=False, longest=2000, hint="希望转交时请填写。"),
    ]  # fmt: skip
    who = found.project.provider.organisation.name
    page = {
        **upkeep.frame("me", ("项目转交", url_for("me.hand_overs"))), "title": "选择项目怎么办",
        "about": "", "lead": f"{found.project.title}：{who}将退出",
        "back": url_for("me.hand_overs"), "submit": "提交",
    }  # fmt: skip
    return fields, page


@blueprint.get("/hand-overs/projects/<int:project_id>")
@needs(Permission.HAND_OVER_AGREE)
def choose_for_project(project_id: int) -> str:
    """Shall the leaving provider finish, or another take over?"""
    fields, page = _asked(project_id)
    return upkeep.show_form(fields, **page)


@blueprint.post("/hand-overs/projects/<int:project_id>")
@needs(Permission.HAND_OVER_AGREE)
@once.once
def wish_for_project(project_id: int) -> Response:
    """What the enterprise wishes."""
    fields, page = _asked(project_id)
    try:
        data = load(form(fields, versioned=False), once.fields())
        third_parties.wish(current_session(), current_actor(), project_id, **data)
    except (Invalid, Conflict) as error:
        return upkeep.form_again(fields, error, **page)
    flash("已提交，主管部门会据此安排。", "ok")
    return redirect(url_for("me.hand_overs"), 303)
