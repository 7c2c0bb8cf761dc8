"""Organisations: list, page, correction."""

from typing import Any

from flask import flash, make_response, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Organisation, RoleGrant, User
from marketplace.permissions import Permission, can
from marketplace.phases import ROLE_LABELS, Role
from marketplace.schemas.accounts import (
    EditOrganisationForm,
    NewOrganisationForm,
    OrganisationQuery,
)
from marketplace.services.accounts import sessions
from marketplace.services.profiles import organisations
from marketplace.services.profiles.organisations import EDITABLE, KIND_LABELS
from marketplace.web.access import current_actor, needs
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.lists import page_of
from marketplace.web.context import vocabulary
from marketplace.web.forms import form_data, load, page_again, query_data

FORM = "admin/organisation_form.html"


def _choices() -> dict[str, Any]:
    districts = [(word.code, word.name) for word in vocabulary().options("district")]
    kinds = [(kind.value, label) for kind, label in KIND_LABELS.items()]
    return {"kinds": kinds, "districts": districts}


@blueprint.get("/organisations")
@needs(Permission.ORGANISATION_READ)
def organisation_list() -> str:
    """Search by name or credit code, kind, district."""
    query = load(OrganisationQuery(), query_data())
    statement = organisations.search(
        current_actor(), text=query["q"], kind=query["kind"], district=query["district"]
    )
    return render_template(
        "admin/organisations.html",
        found=page_of(statement, query["page"]),
        query=query,
        labels={kind.value: label for kind, label in KIND_LABELS.items()},
        **_choices(),
    )


@blueprint.get("/organisations/<int:organisation_id>")
@needs(Permission.ORGANISATION_READ)
def organisation(organisation_id: int) -> str:
    """One organisation with its users, for those who may see users."""
    actor = current_actor()
    found = organisations.get(current_session(), actor, organisation_id)
    members = _members(found) if can(actor, Permission.USER_READ) else None
    kind = "、".join(KIND_LABELS[kind] for kind in found.kinds)
    return render_template(
        "admin/organisation.html", organisation=found, kind=kind, members=members
    )


def _members(organisation: Organisation) -> list[dict[str, Any]]:
    grants = current_session().scalars(
        select(RoleGrant)
        .where(RoleGrant.organisation_id == organisation.id, RoleGrant.revoked_at.is_(None))
        .options(joinedload(RoleGrant.user))
        .order_by(RoleGrant.id)
    )
    return [
        {"user": grant.user, "role": ROLE_LABELS[Role(grant.role)], "until": grant.valid_until}
        for grant in grants
        if sessions.is_live(grant) and isinstance(grant.user, User)
    ]


@blueprint.get("/organisations/new")
@needs(Permission.ORGANISATION_MANAGE)
def organisation_new() -> str:
    """The empty form."""
    return render_template(FORM, errors={}, values={}, organisation=None, theirs={}, **_choices())


@blueprint.post("/organisations/new")
@needs(Permission.ORGANISATION_MANAGE)
def organisation_create() -> BaseResponse:
    """Enter an organisation."""
    try:
        data = load(NewOrganisationForm(), form_data())
        made = organisations.create(current_session(), current_actor(), **_nulls(data))
    except Invalid as error:
        return page_again(FORM, error, organisation=None, theirs={}, **_choices())
    flash("单位已登记。", "ok")
    return redirect(url_for("admin.organisation", organisation_id=made.id), 303)


def _nulls(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "district": data["district"] or None}


@blueprint.get("/organisations/<int:organisation_id>/edit")
@needs(Permission.ORGANISATION_MANAGE)
def organisation_edit(organisation_id: int) -> str:
    """The form with what is registered."""
    found = organisations.get(current_session(), current_actor(), organisation_id)
    values = {name: getattr(found, name) or "" for name in EDITABLE}
    return render_template(
        FORM, errors={}, values={**values, "version": found.version}, organisation=found,
        theirs={}, **_choices(),
    )  # fmt: skip


@blueprint.post("/organisations/<int:organisation_id>/edit")
@needs(Permission.ORGANISATION_MANAGE)
def organisation_save(organisation_id: int) -> BaseResponse:
    """Save a correction; when somebody was faster, both versions are shown."""
    actor = current_actor()
    found = organisations.get(current_session(), actor, organisation_id)
    try:
        data = _nulls(load(EditOrganisationForm(), form_data()))
    except Invalid as error:
        return page_again(FORM, error, organisation=found, theirs={}, **_choices())
    expected = data.pop("version")
    try:
        changed = organisations.edit(
            current_session(), actor, found, expected_version=expected, values=data
        )
    except Conflict as error:
        if error.code != "stale_version":
            raise
        return _both_versions(found, data)
    flash("单位信息已更正。" if changed else "没有改动。", "ok" if changed else "info")
    return redirect(url_for("admin.organisation", organisation_id=found.id), 303)


def _both_versions(found: Organisation, mine: dict[str, Any]) -> BaseResponse:
    theirs = {
        name: getattr(found, name) or ""
        for name in EDITABLE
        if (getattr(found, name) or "") != (mine[name] or "")
    }
    values = {name: mine[name] or "" for name in EDITABLE}
    page = render_template(
        FORM, errors={}, values={**values, "version": found.version}, organisation=found,
        theirs=theirs, **_choices(),
    )  # fmt: skip
    response = make_response(page)
    response.status_code = 409
    return response
