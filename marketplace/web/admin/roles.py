"""Granting and revoking roles, always after the password was typed lately (S32)."""

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from marketplace import clock
from marketplace.db import current_session
from marketplace.permissions import Permission
from marketplace.phases import Role
from marketplace.schemas.accounts import GrantForm, ReasonForm
from marketplace.services.accounts import accounts, roles
from marketplace.web.access import current_actor, needs
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.users import place_of
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.forms import form_data, load


@blueprint.post("/users/<int:user_id>/roles")
@needs(Permission.ROLE_GRANT)
@recently_confirmed
def grant_role(user_id: int) -> BaseResponse:
    """Give a user a role for an organisation."""
    session = current_session()
    data = load(GrantForm(), form_data())
    user = accounts.get(session, user_id)
    until = data["valid_until"]
    roles.grant(
        session, current_actor(), user=user, role=Role(data["role"]),
        organisation=place_of(data["uscc"]),
        valid_until=clock.end_of_day(until) if until else None,
    )  # fmt: skip
    flash("身份已授予；该用户需要重新登录。", "ok")
    return redirect(url_for("admin.user", user_id=user.id), 303)


@blueprint.post("/grants/<int:grant_id>/revoke")
@needs(Permission.ROLE_GRANT)
@recently_confirmed
def revoke_role(grant_id: int) -> BaseResponse:
    """Take a role back."""
    session = current_session()
    reason: str = load(ReasonForm(), form_data())["reason"]
    row = roles.get(session, grant_id)
    roles.revoke(session, current_actor(), row, reason=reason)
    flash("身份已收回，以该身份进行的登录已结束。", "ok")
    return redirect(url_for("admin.user", user_id=row.user_id), 303)
