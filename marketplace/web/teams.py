"""The team of an organisation: one set of views, for the provider's and the enterprise's centre.

Routes are added to both blueprints by ``add_to``; a page of the other centre does not exist.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import AccessRequest, Organisation, RoleGrant
from marketplace.permissions import Permission, visible
from marketplace.phases import AccessPhase, OrganisationKind
from marketplace.schemas import access as schema
from marketplace.schemas.accounts import Nothing
from marketplace.services.access import (
    access_decisions,
    access_requests,
    team_invitations,
    team_posts,
    teams,
)
from marketplace.web import access_shapes, limits
from marketplace.web.access import current_actor, needs
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.context import day, dt
from marketplace.web.forms import form_data, load
from marketplace.web.parts import post

LABELS = access_shapes.LABELS


def _organisation() -> Organisation:
    """The organisation acted for, if its team is managed in this centre. Raises NotFound."""
    found = current_session().get(Organisation, current_actor().organisation_id or 0)
    if found is None or not request.path.startswith(team_posts.page(_side())):
        raise NotFound
    return found


def _side() -> OrganisationKind:
    return teams.acted(current_actor())


@needs(Permission.TEAM_READ)
def team() -> str:
    """Who is in the team; for who manages it: invitations and who wants to join."""
    return _page()


def _page(**more: Any) -> str:
    session, organisation = current_session(), _organisation()
    rows = teams.members(session, organisation.id, _side())
    leading = {row.user_id for row in rows if team_posts.post_of(row).leads}
    leads = current_actor().user_id in leading
    invited = team_invitations.listed(session, organisation.id, _side()) if leads else []
    posts = team_posts.POSTS[_side()]
    context: dict[str, Any] = {
        "layout": "p/_layout.html" if request.path.startswith("/p") else "me/_layout.html",
        "team": organisation, "leads": leads, "labels": LABELS, "errors": {}, "values": {},
        "rows": [_member(row) for row in rows],
        "invited": [_invited(row) for row in invited],
        "asking": _asking(organisation) if leads else [],
        "posts": access_shapes.post_options(posts),
        "invitable": access_shapes.post_options(team_posts.invitable(_side())),
        "joinable": access_shapes.post_options(tuple(one for one in posts if not one.leads)),
        "second": access_shapes.second(session, current_actor()) if leads else None,
        "alone": leads and len(leading) == 1,
    }  # fmt: skip
    return render_template("team/team.html", **{**context, **more})


def _member(row: RoleGrant) -> dict[str, Any]:
    place = team_posts.post_of(row)
    return {
        "name": row.user.name, "login": row.user.login, "post": place.label, "leads": place.leads,
        "since": day(row.created_at), "own": row.user_id == current_actor().user_id,
        "last": dt(row.user.last_login_at) or "还没有登录",
        "url": url_for(".team_member", grant_id=row.id),
    }  # fmt: skip


def _invited(row: Any) -> dict[str, Any]:
    place = team_posts.invited_to(row.role)
    return {
        "id": row.id, "login": row.login, "post": place.label, "until": dt(row.expires_at),
        "late": row.expires_at <= clock.now(),
    }  # fmt: skip


def _asking(organisation: Organisation) -> list[dict[str, Any]]:
    rows = current_session().scalars(
        visible(current_actor(), Permission.ACCESS_ANSWER, AccessRequest)
        .where(AccessRequest.phase == AccessPhase.OWNER)
        .options(*access_requests.BESIDE)
        .order_by(AccessRequest.state_since)
        .limit(50)
    )
    return [
        {
            "id": row.id, "version": row.version, "person": row.contact_name,
            "post": row.contact_post, "login": row.user.login, "at": dt(row.state_since),
        }
        for row in rows
    ]  # fmt: skip


def _answer(page: str, status: int) -> Response:
    response = make_response(page)
    response.status_code = status
    return response


def _done(text: str) -> Response:
    flash(text, "ok")
    return redirect(url_for(".team"), 303)


def _try(work: Callable[[], str], again: Callable[..., str]) -> Response:
    """Do it; a refusal comes back on the same page with what was typed."""
    typed = {name: text for name, text in request.form.items() if name != "csrf_token"}
    try:
        return _done(work())
    except Invalid as error:
        fields = error.fields or {"form": [error.message]}
        return _answer(again(errors=fields, values=typed), 422)
    except Conflict as conflict:
        return _answer(again(errors={"form": conflict.reasons}, values=typed), 409)


@needs(Permission.TEAM_MANAGE)
@recently_confirmed
def invite_member() -> Response:
    """Send an invitation."""
    limits.take("team_mail", str(current_actor().user_id))
    _organisation()

    def work() -> str:
        data = load(schema.TeamInviteForm(), form_data())
        team_invitations.invite(
            current_session(), current_actor(), post(), login=data["login"], key=data["post"]
        )
        return f"邀请已发到 {data['login']}。"

    return _try(work, _page)


@needs(Permission.TEAM_MANAGE)
def invite_again(invitation_id: int) -> Response:
    """Send a fresh link."""
    limits.take("team_mail", str(current_actor().user_id))
    _organisation()
    load(Nothing(), form_data())
    row = team_invitations.again(current_session(), current_actor(), post(), invitation_id)
    return _done(f"邀请已重新发到 {row.login}，原来的链接失效。")


@needs(Permission.TEAM_MANAGE)
def cancel_invitation(invitation_id: int) -> Response:
    """Take an invitation back."""
    _organisation()
    load(Nothing(), form_data())
    team_invitations.cancel(current_session(), current_actor(), invitation_id)
    return _done("邀请已收回。")


@needs(Permission.TEAM_MANAGE)
def team_member(grant_id: int) -> str:
    """One colleague, and what can be changed."""
    return _one(grant_id)


def _one(grant_id: int, **more: Any) -> str:
    session, organisation = current_session(), _organisation()
    teams.check_leads(session, current_actor())
    row = teams.member(session, current_actor(), organisation, grant_id)
    posts = team_posts.POSTS[_side()]
    context: dict[str, Any] = {
        "layout": "p/_layout.html" if request.path.startswith("/p") else "me/_layout.html",
        "team": organisation, "member": _member(row), "grant_id": grant_id, "labels": LABELS,
        "errors": {}, "values": {"post": team_posts.post_of(row).key},
        "posts": access_shapes.post_options(posts),
        "stays": [(one.key, one.label) for one in posts],
    }  # fmt: skip
    return render_template("team/member.html", **{**context, **more})


@needs(Permission.TEAM_MANAGE)
@recently_confirmed
def change_post(grant_id: int) -> Response:
    """Give another place."""
    _organisation()

    def work() -> str:
        key = load(schema.PostForm(), form_data())["post"]
        row = teams.change_post(current_session(), current_actor(), grant_id, key=key)
        return f"{row.user.name}的团队角色：{team_posts.post_of(row).label}。"

    return _try(work, lambda **more: _one(grant_id, **more))


@needs(Permission.TEAM_MANAGE)
@recently_confirmed
def remove_member(grant_id: int) -> Response:
    """Take a colleague out."""
    _organisation()

    def work() -> str:
        reason = load(schema.RemoveForm(), form_data())["reason"]
        row = teams.remove(current_session(), current_actor(), grant_id, reason=reason)
        return f"{row.user.name}已移出团队。"

    return _try(work, lambda **more: _one(grant_id, **more))


@needs(Permission.TEAM_MANAGE)
@recently_confirmed
def hand_team_over(grant_id: int) -> Response:
    """Make a colleague owner in one's place; one's own session in the old role ends."""
    _organisation()

    def work() -> str:
        stay = load(schema.HandOverForm(), form_data())["stay_as"]
        row = teams.hand_over(current_session(), current_actor(), grant_id, stay_as=stay)
        return f"负责人已移交给{row.user.name}。"

    return _try(work, lambda **more: _one(grant_id, **more))


@needs(Permission.TEAM_READ)
@recently_confirmed
def leave_team() -> Response:
    """Give one's own place up."""
    _organisation()

    def work() -> str:
        load(Nothing(), form_data())
        teams.leave(current_session(), current_actor())
        return "已离开团队。"

    return _try(work, _page)


@needs(Permission.ACCESS_ANSWER)
@recently_confirmed
def admit_member(request_id: int) -> Response:
    """Let somebody in who asked."""
    return _decide(request_id, "access_admit", "已同意加入。")


@needs(Permission.ACCESS_ANSWER)
def decline_member(request_id: int) -> Response:
    """Refuse it, with the reason."""
    return _decide(request_id, "access_decline", "已答复不同意。")


def _decide(request_id: int, action: str, said: str) -> Response:
    _organisation()
    session, actor = current_session(), current_actor()
    row = access_requests.get(session, actor, request_id)

    def work() -> str:
        data = load(schema.AnswerForm(), form_data())
        chosen = {"post": data["post"]} if action == "access_admit" else {}
        access_decisions.act(
            session, actor, row, action, expected_version=data["version"],
            why={"reason": data["reason"]}, **chosen,
        )  # fmt: skip
        return said

    return _try(work, _page)


ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/team", team),
    ("POST", "/team/invite", invite_member),
    ("POST", "/team/invitations/<int:invitation_id>/again", invite_again),
    ("POST", "/team/invitations/<int:invitation_id>/cancel", cancel_invitation),
    ("GET", "/team/members/<int:grant_id>", team_member),
    ("POST", "/team/members/<int:grant_id>/post", change_post),
    ("POST", "/team/members/<int:grant_id>/remove", remove_member),
    ("POST", "/team/members/<int:grant_id>/hand-over", hand_team_over),
    ("POST", "/team/leave", leave_team),
    ("POST", "/team/requests/<int:request_id>/admit", admit_member),
    ("POST", "/team/requests/<int:request_id>/decline", decline_member),
)


def add_to(blueprint: Blueprint) -> None:
    """Give a centre its team pages."""
    for method, rule, view in ROUTES:
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
