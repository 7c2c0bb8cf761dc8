"""Providers: what the bureau asks them about an objection; never who filed it."""

from typing import Any

from flask import flash, make_response, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.clock import last_day
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Objection
from marketplace.permissions import Permission, can, visible
from marketplace.phases import ObjectionPhase
from marketplace.schemas.notices import OBJECTION_LABELS, NoticesQuery, ReplyForm
from marketplace.services.notices import objections, objections_desk
from marketplace.web import notice_shapes as shapes
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, query_data
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.projects.views import with_files
from marketplace.web.work import once

MENU.append(("公示异议", "/p/objections", Permission.PROVIDER_DESK))
PER_PAGE = 20
PAGE = "p/objection.html"


def _slot(**arguments: Any) -> str:
    return objections.REPLY


@blueprint.get("/objections")
@needs(Permission.PROVIDER_DESK)
def asked_objections() -> str:
    """What the own firm was asked, the newest first."""
    session, query = current_session(), load(NoticesQuery(), query_data())
    known = visible(current_actor(), Permission.OBJECTION_READ, Objection)
    total = session.scalar(select(func.count()).select_from(known.subquery())) or 0
    rows = session.scalars(
        objections.loaded(known)
        .order_by(Objection.asked_at.desc(), Objection.id.desc())
        .limit(PER_PAGE)
        .offset((query["page"] - 1) * PER_PAGE)
    ).all()
    return render_template(
        "p/objections.html", rows=[_line(row) for row in rows], total=total, page=query["page"],
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("p.asked_objections", page=number),
    )  # fmt: skip


def _line(row: Objection) -> dict[str, Any]:
    return {
        "id": row.id, "url": url_for("p.asked_objection", objection_id=row.id),
        "title": row.notice.title, "asked": dt(row.asked_at), "replied": dt(row.replied_at),
        "due": str(last_day(row.reply_by)) if row.reply_by is not None else "",
        "state": shapes.tag("objection", row.state, staff=False),
    }  # fmt: skip


def _get(objection_id: int) -> Objection:
    return objections.get(current_session(), current_actor(), objection_id)


def _context(row: Objection) -> dict[str, Any]:
    open_ = row.phase == ObjectionPhase.REPLYING
    return {
        "row": row, "line": _line(row), "labels": OBJECTION_LABELS, "clash": [],
        "may_reply": open_ and can(current_actor(), Permission.OBJECTION_REPLY, row),
        "replies": shapes.attachments(current_session(), row, objections.REPLY),
        "settled": row.phase in (ObjectionPhase.UPHELD, ObjectionPhase.REJECTED),
    }  # fmt: skip


@blueprint.get("/objections/<int:objection_id>")
@needs(Permission.PROVIDER_DESK)
def asked_objection(objection_id: int) -> str:
    """The question, and the form to answer it."""
    row = _get(objection_id)
    shown = uploads.show(current_session(), objections.REPLY)
    return render_template(
        PAGE, errors={}, values={}, uploads={objections.REPLY: shown}, **_context(row)
    )


@blueprint.post("/objections/<int:objection_id>/reply")
@needs(Permission.OBJECTION_REPLY)
@with_files(_slot)
@once.once
def reply_to_objection(objection_id: int) -> Response:
    """Answer it."""
    session, actor, row = current_session(), current_actor(), _get(objection_id)
    sent = uploads.posted(objections.REPLY)
    try:
        data = load(ReplyForm(), once.fields())
        objections_desk.reply(
            session, actor, row, text=data["reply"], expected_version=data["version"]
        )
        sent.attach(session, actor, row)
    except Invalid as error:
        return uploads.again(PAGE, error, sent, **_context(row))
    except Conflict as error:
        session.expire_all()
        context = {**_context(_get(objection_id)), "clash": error.reasons}
        shown = {objections.REPLY: sent.field(session, actor)}
        page = render_template(PAGE, errors={}, values={}, uploads=shown, **context)
        response = make_response(page)
        response.status_code = 409
        return response
    flash("已提交说明。", "ok")
    return redirect(url_for("p.asked_objection", objection_id=row.id), 303)
