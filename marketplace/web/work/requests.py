"""Requests for access: enterprises before the district's desk, providers before the bureau's."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import AccessRequest, Organisation
from marketplace.models.access_requests import REGISTER
from marketplace.permissions import Permission, require
from marketplace.phases import AccessPhase
from marketplace.programmes import nouns
from marketplace.schemas import access as schema
from marketplace.services.access import access_decisions, team_posts, teams
from marketplace.services.access import access_requests as service
from marketplace.services.access import access_tasks as _tasks  # noqa: F401  tasks register themselves
from marketplace.services.access.access_requests import LETTER
from marketplace.services.files import files
from marketplace.services.profiles import organisations
from marketplace.web import access_shapes, limits, security_log
from marketplace.web.access import current_actor, needs
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.context import term
from marketplace.web.forms import form_data, load, query_data
from marketplace.web.parts import cipher
from marketplace.web.uploads import size_text
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint

PER_PAGE = 30
QUEUE = tuple(AccessPhase)


@blueprint.get("/requests")
@needs(Permission.ACCESS_DECIDE)
def requests() -> str:
    """Requests by state, those that wait first of all; the oldest first."""
    session, query = current_session(), load(schema.QueueQuery(), query_data())
    wanted = (phase for phase in QUEUE if phase.value == query["phase"])
    phase, page = next(wanted, AccessPhase.WAITING), query["page"]
    found = service.queue(current_actor(), phase)
    total = session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    rows = session.scalars(found.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    states = {state.phase: state for state in nouns.workflow("access_request").states}
    return render_template(
        "work/requests.html",
        rows=[access_shapes.line(row, "work.access_request") for row in rows],
        tabs=[
            {
                "label": states[item.value].staff_label, "current": item == phase,
                "url": url_for("work.requests", phase=item.value),
            }
            for item in QUEUE
        ],
        total=total, page=page, pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.requests", phase=phase.value, page=number),
    )  # fmt: skip


def _get(request_id: int) -> AccessRequest:
    row = service.get(current_session(), current_actor(), request_id)
    require(current_actor(), Permission.ACCESS_DECIDE, row)
    return row


@blueprint.get("/requests/<int:request_id>")
@needs(Permission.ACCESS_DECIDE)
def access_request(request_id: int) -> str:
    """One request beside what is known of the organisation."""
    return _page(_get(request_id))


def _page(row: AccessRequest, **more: Any) -> str:
    session = current_session()
    known = organisations.by_uscc(session, row.uscc)
    people = [
        one
        for side in (known.kinds if known else ())
        for one in teams.members(session, known.id if known else 0, side)
    ]
    phone = access_shapes.masked(service.phone(cipher(), row))
    labels = {step.action: step for step in nouns.workflow("access_request").transitions}
    context: dict[str, Any] = {
        "row": row, "state": access_shapes.tag(row), "facts": access_shapes.facts(row, phone),
        "lettered": row.kind != REGISTER, "known": _known(known, row) if known else None,
        "people": [
            {"name": one.user.name, "post": team_posts.post_of(one).label} for one in people
        ],
        "owned": any(
            team_posts.post_of(one).leads and team_posts.side(one.role) is service.KINDS[row.kind]
            for one in people
        ),
        "letters": [
            {"name": one.name, "url": url_for("files.view", file_id=one.id),
             "size": size_text(one.size), "at": ""}
            for one in files.of(session, row, LETTER)
        ],
        "waiting": row.phase == AccessPhase.WAITING, "asked": row.phase == AccessPhase.OWNER,
        "events": shapes.events(session, row, labels), "labels": access_shapes.LABELS,
        "errors": {}, "typed": "", "clash": [], "phone": "",
    }  # fmt: skip
    return render_template("work/request.html", **{**context, **more})


def _known(known: Organisation, row: AccessRequest) -> dict[str, Any]:
    """What stands in the register, and whether it is what was typed."""
    return {
        "name": known.name,
        "same": known.name == row.name,
        "second": service.KINDS[row.kind] not in known.kinds,
        "kind": "、".join(organisations.KIND_LABELS[kind] for kind in known.kinds),
        "district": term("district", known.district or ""),
    }


def _answer(page: str, status: int) -> Response:
    response = make_response(page)
    response.status_code = status
    return response


def _decide(request_id: int, action: str, said: str) -> Response:
    row = _get(request_id)
    typed = request.form.get("reason", "")
    try:
        data = load(schema.DecisionForm(), once.fields())
        access_decisions.act(
            current_session(), current_actor(), row, action, expected_version=data["version"],
            why={"reason": data["reason"]},
        )  # fmt: skip
    except Invalid as error:
        return _answer(_page(row, errors=error.fields, typed=typed), 422)
    except Conflict as conflict:
        fresh = _get(request_id)
        return _answer(_page(fresh, clash=conflict.reasons, typed=typed), 409)
    flash(f"{said}：{row.name}", "ok")
    return redirect(url_for("work.requests"), 303)


@blueprint.post("/requests/<int:request_id>/approve")
@needs(Permission.ACCESS_DECIDE)
@recently_confirmed
@once.once
def approve_request(request_id: int) -> Response:
    """Open the access."""
    return _decide(request_id, "access_approve", "已开通")


@blueprint.post("/requests/<int:request_id>/return")
@needs(Permission.ACCESS_DECIDE)
@once.once
def return_request(request_id: int) -> Response:
    """Send it back to be mended."""
    return _decide(request_id, "access_return", "已退回补正")


@blueprint.post("/requests/<int:request_id>/refuse")
@needs(Permission.ACCESS_DECIDE)
@once.once
def refuse_request(request_id: int) -> Response:
    """Refuse it for good."""
    return _decide(request_id, "access_refuse", "已答复不同意")


@blueprint.post("/requests/<int:request_id>/pass-on")
@needs(Permission.ACCESS_DECIDE)
@once.once
def pass_request_on(request_id: int) -> Response:
    """Ask the organisation's own people."""
    return _decide(request_id, "access_pass_on", "已转单位负责人")


@blueprint.post("/requests/<int:request_id>/take-over")
@needs(Permission.ACCESS_DECIDE)
@once.once
def take_request_over(request_id: int) -> Response:
    """Decide without them: they do not answer, or have left."""
    return _decide(request_id, "access_take_over", "已转主管部门办理")


@blueprint.post("/requests/<int:request_id>/phone")
@needs(Permission.ACCESS_DECIDE)
def show_request_phone(request_id: int) -> Response:
    """Show the whole number, this once, for a reason (S83)."""
    actor = current_actor()
    limits.take("unmask", str(actor.user_id))
    row = _get(request_id)
    try:
        reason: str = load(schema.PhoneForm(), form_data())["why"]
        phone = service.unmask(current_session(), actor, cipher(), row, reason=reason)
    except Invalid as error:
        return _answer(_page(row, errors=error.fields), 422)
    security_log.note("unmask", "ok", object_=f"access_requests/{row.id}")
    return _answer(_page(row, phone=phone), 200)
