"""The profile of the acting provider, and its changes that wait for a check or came back."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import ChangeRequest, Provider
from marketplace.models.change_requests import PROFILE as OF_PROFILE
from marketplace.permissions import Permission, can, visible
from marketplace.phases import OPEN_REQUESTS
from marketplace.schemas import profile as schema
from marketplace.services.profiles import change_requests, freshness, provider_profile
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.web import drafts, profile_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import form_data, load
from marketplace.web.p import profile_form
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.p.profile_form import Form
from marketplace.web.parts import cipher
from marketplace.web.work import once

PER_PAGE = 20

MENU[1:1] = [
    ("单位资料", "/p/profile", Permission.PROVIDER_DESK),
    ("产品", "/p/products", Permission.PROVIDER_DESK),
]


def answer(page: str, status: int) -> Response:
    """A page with a status."""
    response = make_response(page)
    response.status_code = status
    return response


def page_number() -> int:
    """The page of a list that is asked for."""
    given = request.args.get("page", "")
    return max(1, int(given)) if given.isdecimal() and len(given) < 5 else 1


def own() -> Provider:
    """The provider of the acting team. Raises NotFound."""
    return provider_profile.own(current_session(), current_actor())


@blueprint.get("/profile")
@needs(Permission.PROVIDER_DESK)
def profile() -> str:
    """What the public sees of the provider, and what waits for a check."""
    session, provider = current_session(), own()
    values = provider_profile.current(provider, cipher())
    present = change_requests.open_of(session, provider)
    groups = profile_form.PROFILE.groups
    said = profile_shapes.described(schema.PROVIDER, values)
    labels = schema.LABELS["profile"]
    return render_template(
        "p/profile.html",
        provider=provider,
        groups=[(title, [(labels[n], said[n]) for n in names]) for title, names in groups],
        waiting=_waiting(present) if present else None,
        fresh=profile_shapes.freshness(freshness.of(provider)),
        complete=provider_profile.completeness(session, provider),
        may=can(current_actor(), Permission.PROFILE_WRITE, provider),
    )


def _waiting(found: ChangeRequest) -> dict[str, Any]:
    return {
        **profile_shapes.line(found, url_for("p.change", request_id=found.id)),
        "rows": profile_shapes.change_rows(found),
    }


def _form(provider: Provider) -> Form:
    session = current_session()
    present = change_requests.open_of(session, provider)
    stored = provider_profile.current(provider, cipher()) | change_requests.proposed(present)
    return Form(
        profile_form.PROFILE, "修改单位资料", f"profile:{provider.id}",
        url_for("p.save_profile"), url_for("p.profile"),
        subjects.form_version(session, provider), stored, present,
    )  # fmt: skip


@blueprint.get("/profile/edit")
@needs(Permission.PROFILE_WRITE)
def edit_profile() -> str:
    """The form; what waits for a check stands in it as it was sent."""
    return _form(own()).page()


@blueprint.post("/profile/edit")
@needs(Permission.PROFILE_WRITE)
@once.once
def save_profile() -> Response:
    """Save; 409 with both versions when a colleague was faster."""
    session, provider = current_session(), own()
    form = _form(provider)
    values: dict[str, Any] = {}
    try:
        values, note, version = form.typed()
        saved = provider_profile.edit(
            session, current_actor(), cipher(), provider, values, expected_version=version,
            note=note,
        )  # fmt: skip
    except Invalid as error:
        return form.again(error)
    except Conflict:
        return _form(provider).clash(values)
    drafts.done(form.key)
    profile_form.say(saved)
    return redirect(url_for("p.profile"), 303)


@blueprint.get("/profile/changes")
@needs(Permission.PROVIDER_DESK)
def changes() -> str:
    """Every change that was sent for a check, the latest first."""
    session, page = current_session(), page_number()
    query = visible(current_actor(), Permission.CHANGE_READ, ChangeRequest)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.order_by(ChangeRequest.id.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    )
    return render_template(
        "p/profile_changes.html",
        rows=[
            profile_shapes.line(row, url_for("p.change", request_id=row.id)) for row in rows
        ],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("p.changes", page=number),
    )  # fmt: skip


@blueprint.get("/profile/changes/<int:request_id>")
@needs(Permission.PROVIDER_DESK)
def change(request_id: int) -> str:
    """One change: old and new, where it stands, what the bureau said."""
    return _change(change_requests.get(current_session(), current_actor(), request_id))


def _change(row: ChangeRequest, **more: Any) -> str:
    is_open = row.phase in OPEN_REQUESTS
    return render_template(
        "p/profile_change.html",
        row=row,
        state=profile_shapes.tag(row),
        kind=profile_shapes.kind(row),
        new=profile_shapes.is_new(row),
        rows=profile_shapes.change_rows(row),
        logos=profile_shapes.logos(row),
        sent=dt(row.created_at),
        since=dt(row.state_since),
        edit_url=_edit_url(row) if is_open else "",
        logo_url=_logo_url(row),
        may=is_open and can(current_actor(), Permission.PROFILE_WRITE, row),
        **{"conflict": None, **more},
    )


def _edit_url(row: ChangeRequest) -> str:
    if row.subject_type == OF_PROFILE:
        return url_for("p.edit_profile")
    if row.subject_id is None:
        return url_for("p.edit_new_product", request_id=row.id)
    return url_for("p.edit_product", product_id=row.subject_id)


def _logo_url(row: ChangeRequest) -> str:
    if row.subject_type == OF_PROFILE:
        return ""
    if row.subject_id is None:
        return url_for("p.new_product_logo", request_id=row.id)
    return url_for("p.product_logo", product_id=row.subject_id)


@blueprint.post("/profile/changes/<int:request_id>/take-back")
@needs(Permission.PROFILE_WRITE)
@once.once
def take_back_change(request_id: int) -> Response:
    """Give a change up."""
    session, actor = current_session(), current_actor()
    row = change_requests.get(session, actor, request_id)
    data = load(schema.StepForm(), form_data(drop=(once.KEY_FIELD,)))
    try:
        change_requests.step(
            session, actor, row, "change_take_back", expected_version=data["version"]
        )
    except Conflict as conflict:
        found = change_requests.get(session, actor, request_id)
        return answer(_change(found, conflict=conflict), 409)
    flash(f"已放弃修改：{row.title}", "ok")
    return redirect(url_for("p.changes"), 303)
