"""Projects that another provider would take over: the enterprise agrees, or keeps its provider."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.permissions import Permission
from marketplace.schemas.pool import ERRORS, LARGEST_ID
from marketplace.services.proceedings import exits_projects
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, page_again
from marketplace.web.me.blueprint import blueprint
from marketplace.web.work import once


class AnswerForm(Schema):
    """What the enterprise says about one transfer."""

    agrees = fields.String(
        required=True, validate=validate.OneOf(["1", "0"]), error_messages=ERRORS
    )
    reason = fields.String(load_default="", validate=validate.Length(max=2000))
    version = fields.Integer(
        required=True, validate=validate.Range(1, LARGEST_ID), error_messages=ERRORS
    )


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "id": row.id, "version": row.version, "project": row.project.title,
            "project_url": url_for("me.project", project_id=row.project_id),
            "from": row.project.provider.organisation.name,
            "to": row.to_membership.provider.organisation.name if row.to_membership else "",
            "note": row.note, "waits": row.agreed is None, "done": row.done_at is not None,
        }
        for row in exits_projects.waiting(current_session(), current_actor())
    ]  # fmt: skip


@blueprint.get("/hand-overs")
@needs(Permission.ENTERPRISE_DESK)
def hand_overs() -> str:
    """Transfers the enterprise is asked about."""
    return render_template("me/hand_overs.html", rows=_rows(), errors={}, asked=0)


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
        return page_again("me/hand_overs.html", error, rows=_rows(), asked=hand_over_id)
    flash("答复已提交", "ok")
    return redirect(url_for("me.hand_overs"), 303)
