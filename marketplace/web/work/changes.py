"""Staff: changes of profiles and products that wait for a check, old beside new (F-P13)."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import ChangeRequest, Provider
from marketplace.models.change_requests import PRODUCT
from marketplace.permissions import Permission, can, visible
from marketplace.phases import OPEN_REQUESTS, RequestPhase
from marketplace.programmes import nouns
from marketplace.schemas import profile as schema
from marketplace.services.profiles import change_requests, change_requests_tasks
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.web import profile_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load
from marketplace.web.work import batches, once, shapes
from marketplace.web.work.blueprint import blueprint

PER_PAGE = 30
QUEUE = (
    RequestPhase.PENDING, RequestPhase.APPROVED, RequestPhase.RETURNED, RequestPhase.REPLACED,
    RequestPhase.WITHDRAWN,
)  # fmt: skip


@blueprint.get("/changes")
@needs(Permission.WORK_READ)
def changes() -> str:
    """Requests by state, those that wait first of all; of these the oldest first."""
    session, phase = current_session(), _phase()
    given = request.args.get("page", "")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 5 else 1
    query = visible(current_actor(), Permission.CHANGE_READ, ChangeRequest).where(
        ChangeRequest.phase == phase
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    since = ChangeRequest.state_since
    order = since.asc() if phase == RequestPhase.PENDING else since.desc()
    rows = session.scalars(
        query.options(joinedload(ChangeRequest.provider).joinedload(Provider.organisation))
        .order_by(order, ChangeRequest.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    workflow = nouns.workflow("change_request")
    return render_template(
        "work/changes.html",
        rows=[_line(row) for row in rows],
        batches=batches.offered("change_requests") if phase == RequestPhase.PENDING else [],
        tabs=[
            {
                "label": workflow.state(item).staff_label,
                "url": url_for("work.changes", phase=item.value), "current": item == phase,
            }
            for item in QUEUE
        ],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.changes", phase=phase.value, page=number),
    )  # fmt: skip


def _phase() -> RequestPhase:
    wanted = request.args.get("phase", "")
    return next((phase for phase in QUEUE if phase.value == wanted), RequestPhase.PENDING)


def _line(row: ChangeRequest) -> dict[str, Any]:
    age = (clock.today() - clock.beijing(row.state_since).date()).days
    return {
        **profile_shapes.line(row, url_for("work.change", request_id=row.id)),
        "id": row.id,
        "provider": row.provider.organisation.name,
        "age": "今天" if age < 1 else f"{age} 天",
    }


def _get(request_id: int) -> ChangeRequest:
    return change_requests.get(current_session(), current_actor(), request_id)


@blueprint.get("/changes/<int:request_id>")
@needs(Permission.WORK_READ)
def change(request_id: int) -> str:
    """One request: what is public, what it would become, and why."""
    return _page(_get(request_id))


def _page(row: ChangeRequest, **more: Any) -> str:
    session, actor = current_session(), current_actor()
    waiting = row.phase == RequestPhase.PENDING
    context: dict[str, Any] = {
        "row": row,
        "provider": row.provider,
        "organisation": row.provider.organisation,
        "state": profile_shapes.tag(row),
        "kind": profile_shapes.kind(row),
        "new": profile_shapes.is_new(row),
        "rows": profile_shapes.change_rows(row),
        "logos": profile_shapes.logos(row),
        "moved": _moved(row) if waiting else [],
        "sent": dt(row.created_at),
        "public": f"/products/{row.subject_id}"
        if row.subject_type == PRODUCT
        else f"/providers/{row.provider_id}",
        "newer": _newer(row),
        "next": change_requests_tasks.next_to_check(session, actor, row.id),
        "events": shapes.events(session, row, {}),
        "may": waiting and can(actor, Permission.CHANGE_DECIDE, row),
        "labels": {"reason": "审核意见"}, "errors": {}, "typed": "", "clash": [],
        **more,
    }  # fmt: skip
    return render_template("work/change.html", **context)


def _moved(row: ChangeRequest) -> list[dict[str, Any]]:
    """Fields whose public value is not what the request began with."""
    subject = subjects.load(current_session(), row)
    if subject is None or subjects.base_version(subject) == row.base_version:
        return []
    declared = subjects.FIELDS[row.subject_type]
    before = {n: schema.typed(declared[n], pair[0]) for n, pair in row.fields.items()}
    now = {name: subjects.value(subject, name) for name in row.fields}
    return profile_shapes.differences(profile_shapes.fields_of(row), before, now)


def _newer(row: ChangeRequest) -> dict[str, Any] | None:
    """The text that took the place of this one, both side by side."""
    if row.phase != RequestPhase.REPLACED:
        return None
    same = (
        ChangeRequest.subject_id == row.subject_id
        if row.subject_id is not None
        else ChangeRequest.subject_id.is_(None) & (ChangeRequest.title == row.title)
    )
    found = current_session().scalars(
        visible(current_actor(), Permission.CHANGE_READ, ChangeRequest)
        .where(
            ChangeRequest.id > row.id, ChangeRequest.provider_id == row.provider_id,
            ChangeRequest.subject_type == row.subject_type, same,
        )
        .order_by(ChangeRequest.phase.in_(OPEN_REQUESTS).desc(), ChangeRequest.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
    if found is None:
        return None
    named = {*row.fields, *found.fields}
    declared = [f for name, f in subjects.FIELDS[row.subject_type].items() if name in named]
    sides = [{f.name: _wanted(f, one, row, found) for f in declared} for one in (row, found)]
    return {
        "url": url_for("work.change", request_id=found.id),
        "rows": profile_shapes.differences(declared, *sides),
        "state": profile_shapes.tag(found),
    }


def _wanted(field: schema.Field, one: ChangeRequest, *both: ChangeRequest) -> Any:
    """What a text wants in a field; one that says nothing of it leaves it as it was."""
    if field.name in one.fields:
        return schema.typed(field, one.fields[field.name][1])
    other = next(text for text in both if field.name in text.fields)
    return schema.typed(field, other.fields[field.name][0])


def _decide(request_id: int, action: str, said: str) -> Response:
    row, typed = _get(request_id), request.form.get("reason", "")
    try:
        data = load(schema.StepForm(), once.fields())
        change_requests.step(
            current_session(), current_actor(), row, action, expected_version=data["version"],
            reason=data["reason"],
        )  # fmt: skip
    except Invalid as error:
        return _answer(_page(row, errors=error.fields, typed=typed), 422)
    except Conflict as conflict:
        return _answer(_page(_get(request_id), clash=conflict.reasons, typed=typed), 409)
    flash(f"{said}：{row.title}", "ok")
    following = change_requests_tasks.next_to_check(current_session(), current_actor(), row.id)
    if following is not None:
        return redirect(url_for("work.change", request_id=following), 303)
    return redirect(url_for("work.changes"), 303)


def _answer(page: str, status: int) -> Response:
    response = make_response(page)
    response.status_code = status
    return response


@blueprint.post("/changes/<int:request_id>/approve")
@needs(Permission.CHANGE_DECIDE)
@once.once
def approve_change(request_id: int) -> Response:
    """Let it become public."""
    return _decide(request_id, "change_approve", "已通过，公开页已更新")


@blueprint.post("/changes/<int:request_id>/return")
@needs(Permission.CHANGE_DECIDE)
@once.once
def return_change(request_id: int) -> Response:
    """Send it back with reasons."""
    return _decide(request_id, "change_return", "已退回")
