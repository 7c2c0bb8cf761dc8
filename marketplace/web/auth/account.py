"""One's own page: who one is, which roles one holds, where one is signed in."""

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.models import RoleGrant
from marketplace.permissions import Actor
from marketplace.phases import ROLE_LABELS, Role
from marketplace.schemas.accounts import Nothing, SwitchForm
from marketplace.services.accounts import accounts, sessions
from marketplace.web import security_log
from marketplace.web.access import signed_in as for_users
from marketplace.web.auth import signing_in
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.forms import form_data, load
from marketplace.web.parts import database, settings
from marketplace.web.sessions import SignedIn, signed_in, web_session


def me() -> SignedIn:
    """The user of a page for users."""
    user = signed_in()
    if user is None:
        raise NotFound
    return user


@blueprint.get("/account")
@for_users
def account() -> str:
    """Profile, roles, sessions."""
    own = me()
    session = current_session()
    return render_template(
        "auth/account.html",
        user=accounts.get(session, own.id),
        grants=[_grant(item, own) for item in sessions.live_grants(session, own.id)],
        sessions=[
            {
                "id": row.id, "agent": row.agent, "ip": row.ip, "since": row.created_at,
                "seen": row.seen_at, "current": row.id == own.session_id,
            }
            for row in sessions.own(session, own.id)
        ],
        factor_needed=own.staff and not settings().demo,
    )  # fmt: skip


def _grant(item: RoleGrant, own: SignedIn) -> dict[str, object]:
    return {
        "id": item.id,
        "role": ROLE_LABELS[Role(item.role)],
        "organisation": item.organisation.name,
        "until": item.valid_until,
        "current": item.id == own.grant_id,
    }


@blueprint.post("/account/switch")
@for_users
def switch() -> BaseResponse:
    """Act in another role from now on."""
    own = me()
    wanted: int = load(SwitchForm(), form_data())["grant"]

    def work(session: Session) -> tuple[str, Actor]:
        held = sessions.live_grants(session, own.id)
        grant = next((item for item in held if item.id == wanted), None)
        if grant is None:
            raise Invalid("您没有这个身份，或身份已到期", fields={"grant": ["请重新选择"]})
        user = accounts.get(session, own.id)
        user.preferences = {**user.preferences, "grant": grant.id}
        return sessions.switch(session, own.session_id, grant), sessions.actor_of(user, grant)

    token, actor = database().run(work)
    web_session().renew(token, own.session_id)
    security_log.note("role_switch", "ok", detail={"role": actor.role_name})
    flash(f"已切换为{ROLE_LABELS[Role(actor.role_name)]}（{actor.organisation_name}）。", "ok")
    return redirect(signing_in.home_of(actor), 303)


@blueprint.post("/account/sessions/<int:session_id>/end")
@for_users
def end_session(session_id: int) -> BaseResponse:
    """Sign out on another device."""
    own = me()
    load(Nothing(), form_data())

    def work(session: Session) -> None:
        if session_id not in {row.id for row in sessions.own(session, own.id)}:
            raise NotFound("没有这个登录")
        sessions.end(session, session_id, "revoked")

    database().run(work)
    security_log.note("session_end", "ok", detail={"sessions": [session_id]})
    flash("已结束这次登录。", "ok")
    return redirect(url_for("auth.account"), 303)


@blueprint.post("/account/sessions/end-others")
@for_users
def end_other_sessions() -> BaseResponse:
    """Sign out everywhere else."""
    own = me()
    load(Nothing(), form_data())
    ended = database().run(
        lambda session: sessions.end_all(session, own.id, "revoked", but=own.session_id)
    )
    security_log.note("session_end", "ok", detail={"count": ended})
    flash(f"已结束其他 {ended} 处登录。", "ok")
    return redirect(url_for("auth.account"), 303)
