"""Users: list, invitation, page, switching off, unlocking."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import Event, Organisation, RoleGrant, User
from marketplace.permissions import Permission, can
from marketplace.phases import ROLE_LABELS, STAFF_ROLES, OrganisationKind, Role
from marketplace.schemas.accounts import (
    InviteForm,
    Nothing,
    ReasonForm,
    RenameForm,
    UserQuery,
)
from marketplace.services.access import invitations
from marketplace.services.access.invitations import Invitation
from marketplace.services.accounts import accounts, lockout, sessions
from marketplace.services.profiles import organisations
from marketplace.web.access import current_actor, needs
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.labels import ACTIONS
from marketplace.web.admin.lists import page_of
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.forms import form_data, load, page_again, query_data
from marketplace.web.parts import post

INVITE = "admin/invite.html"
PUBLIC_BODIES = (
    OrganisationKind.LEAD_BUREAU,
    OrganisationKind.CO_BUREAU,
    OrganisationKind.DISTRICT_OFFICE,
    OrganisationKind.THIRD_PARTY,
)
ROLES = [(role.value, label) for role, label in ROLE_LABELS.items()]


@blueprint.get("/users")
@needs(Permission.USER_READ)
def user_list() -> str:
    """Search by name or mail address, role, state."""
    query = load(UserQuery(), query_data())
    active = {"active": True, "inactive": False}.get(query["state"])
    statement = accounts.search(current_actor(), text=query["q"], role=query["role"], active=active)
    found = page_of(statement, query["page"])
    held = accounts.roles_of(current_session(), found.rows)
    return render_template(
        "admin/users.html", found=found, query=query, roles=ROLES,
        rows=[_row(user, held[user.id]) for user in found.rows],
    )  # fmt: skip


def _row(user: User, grants: list[RoleGrant]) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "login": user.login,
        "roles": [f"{ROLE_LABELS[Role(item.role)]} · {item.organisation.name}" for item in grants],
        "state": state_of(user),
        "last": user.last_login_at,
    }


def state_of(user: User) -> str:
    """inactive, invited (no password yet) or active."""
    if not user.active:
        return "inactive"
    return "active" if user.password_hash else "invited"


@blueprint.get("/users/<int:user_id>")
@needs(Permission.USER_READ)
def user(user_id: int) -> str:
    """One user: roles, lock, sessions, what was done to the account."""
    session, actor = current_session(), current_actor()
    found = accounts.get(session, user_id)
    history = session.scalars(
        select(Event)
        .where(Event.subject_type == "users", Event.subject_id == user_id)
        .order_by(Event.id.desc())
        .limit(20)
    )
    return render_template(
        "admin/user.html",
        user=found,
        state=state_of(found),
        grants=[_grant(item) for item in sessions.live_grants(session, user_id)],
        locked_until=lockout.locked_until(session, found.login),
        sessions=sessions.own(session, user_id) if can(actor, Permission.SESSION_REVOKE) else None,
        history=list(history),
        own=actor.user_id == user_id,
        action_names=ACTIONS,
        roles=ROLES,
        bodies=public_bodies(),
    )


def _grant(item: RoleGrant) -> dict[str, Any]:
    return {
        "id": item.id, "role": ROLE_LABELS[Role(item.role)], "until": item.valid_until,
        "organisation": item.organisation.name, "staff": item.role in STAFF_ROLES,
    }  # fmt: skip


def public_bodies() -> list[Organisation]:
    """What the field for an organisation suggests; firms are entered by their credit code."""
    kinds = [kind.value for kind in PUBLIC_BODIES]
    statement = select(Organisation).where(Organisation.kind.in_(kinds))
    return list(current_session().scalars(statement.order_by(Organisation.kind, Organisation.id)))


@blueprint.get("/users/new")
@needs(Permission.USER_MANAGE)
@recently_confirmed
def invite() -> str:
    """The form; ``?organisation=`` fills in the credit code."""
    wanted = request.args.get("organisation", type=int)
    place = organisations.get(current_session(), current_actor(), wanted) if wanted else None
    values = {"uscc": place.uscc if place else ""}
    return render_template(INVITE, errors={}, values=values, roles=ROLES, bodies=public_bodies())


@blueprint.post("/users/new")
@needs(Permission.USER_MANAGE)
@recently_confirmed
def send_invitation() -> BaseResponse:
    """Make the account and show the link, which is also mailed."""
    session = current_session()
    try:
        data = load(InviteForm(), form_data())
        invitation = Invitation(
            login=data["login"],
            name=data["name"],
            role=Role(data["role"]),
            organisation=place_of(data["uscc"]),
            valid_until=clock.end_of_day(data["valid_until"]) if data["valid_until"] else None,
        )
        made, link = invitations.invite(session, current_actor(), post(), invitation)
    except Invalid as error:
        return page_again(INVITE, error, roles=ROLES, bodies=public_bodies())
    return make_response(render_template("admin/invited.html", user=made, link=link))


def place_of(uscc: str) -> Organisation:
    """The organisation with this credit code. Raises Invalid."""
    found = organisations.by_uscc(current_session(), uscc)
    if found is None:
        raise Invalid(fields={"uscc": ["没有登记这个单位，请先登记"]})
    return found


@blueprint.post("/users/<int:user_id>/invite")
@needs(Permission.USER_MANAGE)
@recently_confirmed
def send_invitation_again(user_id: int) -> BaseResponse:
    """A fresh link for somebody who has not come yet."""
    load(Nothing(), form_data())
    found = accounts.get(current_session(), user_id)
    link = invitations.invite_again(current_session(), current_actor(), post(), found)
    return make_response(render_template("admin/invited.html", user=found, link=link))


def _back(user_id: int, text: str) -> BaseResponse:
    flash(text, "ok")
    return redirect(url_for("admin.user", user_id=user_id), 303)


@blueprint.post("/users/<int:user_id>/rename")
@needs(Permission.USER_MANAGE)
def rename_user(user_id: int) -> BaseResponse:
    """Correct a name."""
    data = load(RenameForm(), form_data())
    found = accounts.get(current_session(), user_id)
    accounts.rename(
        current_session(), current_actor(), found,
        name=data["name"], expected_version=data["version"],
    )  # fmt: skip
    return _back(user_id, "姓名已更正。")


@blueprint.post("/users/<int:user_id>/deactivate")
@needs(Permission.USER_MANAGE)
@recently_confirmed
def deactivate_user(user_id: int) -> BaseResponse:
    """Switch an account off."""
    reason: str = load(ReasonForm(), form_data())["reason"]
    found = accounts.get(current_session(), user_id)
    accounts.deactivate(current_session(), current_actor(), found, reason=reason)
    return _back(user_id, "账号已停用，登录已全部结束。")


@blueprint.post("/users/<int:user_id>/activate")
@needs(Permission.USER_MANAGE)
@recently_confirmed
def activate_user(user_id: int) -> BaseResponse:
    """Switch an account on."""
    load(Nothing(), form_data())
    found = accounts.get(current_session(), user_id)
    accounts.activate(current_session(), current_actor(), found)
    return _back(user_id, "账号已启用。")


@blueprint.post("/users/<int:user_id>/unlock")
@needs(Permission.USER_UNLOCK)
def unlock_user(user_id: int) -> BaseResponse:
    """End a lock."""
    load(Nothing(), form_data())
    found = accounts.get(current_session(), user_id)
    accounts.unlock(current_session(), current_actor(), found)
    return _back(user_id, "账号已解锁。")


@blueprint.post("/users/<int:user_id>/reset-second-factor")
@needs(Permission.USER_MANAGE)
@recently_confirmed
def reset_second_factor(user_id: int) -> BaseResponse:
    """For a lost device."""
    load(Nothing(), form_data())
    found = accounts.get(current_session(), user_id)
    accounts.reset_second_factor(current_session(), current_actor(), found)
    return _back(user_id, "动态口令已重置，下次登录时重新绑定。")


@blueprint.post("/users/<int:user_id>/end-sessions")
@needs(Permission.SESSION_REVOKE)
def end_user_sessions(user_id: int) -> BaseResponse:
    """Sign a user out everywhere."""
    load(Nothing(), form_data())
    found = accounts.get(current_session(), user_id)
    ended = accounts.end_sessions(current_session(), current_actor(), found)
    return _back(user_id, f"已结束 {ended} 处登录。")
