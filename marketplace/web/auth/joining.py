"""Taking up an invitation to a team: with an account after signing in, without one by making it."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.errors import Conflict, Invalid
from marketplace.models import RoleGrant, User
from marketplace.permissions import Actor
from marketplace.schemas.access import FinishForm
from marketplace.schemas.accounts import Nothing
from marketplace.services.access import team_invitations, team_posts
from marketplace.services.accounts import accounts, sessions
from marketplace.web import limits, security_log
from marketplace.web.access import public
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.auth.links import private
from marketplace.web.auth.registration import PASSWORDS, new_hash
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import database
from marketplace.web.sessions import signed_in, visitor, web_session

PAGE = "auth/join.html"


@blueprint.get("/join/<token>")
@public
def open_invitation(token: str) -> BaseResponse:
    """Who invites to what. Opening changes nothing."""
    return private(render_template(PAGE, errors={}, values={}, **_context(token)))


def _context(token: str) -> dict[str, Any]:
    with database().reading() as session:
        row = team_invitations.peek(session, token)
        known = accounts.by_login(session, row.login) is not None
        place = team_posts.invited_to(row.role)
        inviter = accounts.get(session, row.invited_by).name
    user = signed_in()
    return {
        "token": token, "login": row.login, "team": row.organisation.name, "post": place,
        "inviter": inviter, "known": known, "mine": user is not None and user.login == row.login,
        "other": user.login if user is not None and user.login != row.login else "",
    }  # fmt: skip


@blueprint.post("/join/<token>")
@public
def accept_invitation(token: str) -> BaseResponse:
    """Join, once."""
    limits.take("link", limits.address())
    context = _context(token)
    try:
        if context["known"]:
            return private(_join(token, context))
        return private(_join_new(token, context))
    except Invalid as error:
        return private(page_again(PAGE, error, **context))


def _join(token: str, context: dict[str, Any]) -> BaseResponse:
    user = signed_in()
    if user is None or not context["mine"]:
        raise Conflict(
            "请先用收到邀请的邮箱登录", code="not_signed_in", remedy="登录后再打开链接。"
        )
    load(Nothing(), form_data())

    def work(session: Session) -> tuple[str, RoleGrant]:
        person = accounts.get(session, user.id)
        grant = team_invitations.join(session, user.actor, token, person)
        person.preferences = {**person.preferences, "grant": grant.id}
        return sessions.switch(session, user.session_id, grant), grant

    fresh, grant = database().run(work)
    web_session().renew(fresh, user.session_id)
    security_log.note("role_switch", "ok", detail={"role": grant.role})
    flash(f"已加入{context['team']}。", "ok")
    return redirect(team_posts.page(team_posts.side(grant.role)), 303)


def _join_new(token: str, context: dict[str, Any]) -> BaseResponse:
    name: str = load(FinishForm(), form_data(drop=PASSWORDS))["name"]
    hashed = new_hash(context["login"], name)
    nobody: Actor = visitor()

    def work(session: Session) -> User:
        return team_invitations.join_new(session, nobody, token, name=name, hashed=hashed)[0]

    user = database().run(work)
    security_log.note("register", "ok", user_id=user.id)
    flash(f"账号已建立，已加入{context['team']}，请登录。", "ok")
    return redirect(url_for("auth.login"), 303)
