"""Single-use links. Opening one changes nothing: mail programs open links by themselves."""

from typing import Any

from flask import flash, make_response, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.errors import Invalid
from marketplace.models import OneTimeLink, User
from marketplace.permissions import Actor
from marketplace.schemas.accounts import MailForm
from marketplace.services.access import invitations, links
from marketplace.services.accounts import accounts, lockout
from marketplace.web import limits, security_log
from marketplace.web.access import public
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.auth.own_login import checked_hash, tell
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import database, post
from marketplace.web.sessions import visitor

SENT = "如果这个邮箱有账号，重新设置口令的链接已经发出，30分钟内有效。"
TITLES = {
    links.RESET: ("重新设置口令", "设置新口令后，其他设备上的登录会全部结束。"),
    links.INVITE: ("设置口令，启用账号", "设置好以后，用邮箱和口令登录。"),
    links.FIRST_ADMIN: (
        "设置口令，启用首位用户管理员",
        "设置好以后，用邮箱和口令登录，再邀请其他人。",
    ),
    links.EMAIL_CHANGE: ("确认新的登录邮箱", "确认后用新邮箱登录，原邮箱不能再登录。"),
}


@blueprint.get("/reset")
@public
def reset() -> str:
    """Ask for the mail address."""
    return render_template("auth/reset.html", errors={}, values={})


@blueprint.post("/reset")
@public
def send_reset() -> BaseResponse:
    """The same answer, in the same time, whether the account exists or not (S22)."""
    limits.take("reset_address", limits.address())
    try:
        login: str = load(MailForm(), form_data())["login"]
    except Invalid as error:
        return page_again("auth/reset.html", error)
    limits.take("reset_account", login)

    def work(session: Session) -> None:
        user = accounts.by_login(session, login)
        known = user if user is not None and user.active else None
        invitations.send_reset(session, post(), known)

    database().run(work)
    security_log.note("reset_request", "ok")
    return make_response(render_template("auth/reset_sent.html", text=SENT))


@blueprint.get("/links/<token>")
@public
def open_link(token: str) -> BaseResponse:
    """What the link is for."""
    link, user = _peek(token)
    return private(render_template(_template(link), errors={}, **_context(link, user, token)))


@blueprint.post("/links/<token>")
@public
def use_link(token: str) -> BaseResponse:
    """Do it, once."""
    limits.take("link", limits.address())
    link, user = _peek(token)
    try:
        done = _take_over_login(token, user) if _is_login(link) else _new_password(token, user)
    except Invalid as error:
        again = page_again(_template(link), error, **_context(link, user, token))
        return private(again)
    flash(done, "ok")
    return private(redirect(url_for("auth.login"), 303))


def _peek(token: str) -> tuple[OneTimeLink, User]:
    with database().reading() as session:
        link = links.peek(session, token)
        return link, accounts.get(session, link.user_id or 0)


def _is_login(link: OneTimeLink) -> bool:
    return link.kind == links.EMAIL_CHANGE


def _template(link: OneTimeLink) -> str:
    return "auth/confirm_login.html" if _is_login(link) else "auth/new_password.html"


def _context(link: OneTimeLink, user: User, token: str) -> dict[str, Any]:
    title, lead = TITLES[link.kind]
    return {
        "title": title, "lead": lead, "token": token, "name": user.name, "present": user.login,
        "wanted": link.payload.get("login", ""),
    }  # fmt: skip


def private(answer: Any) -> BaseResponse:
    """The address is a secret: it must not travel on as a referrer."""
    response = make_response(answer)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _self(user: User) -> Actor:
    nobody = visitor()
    return Actor(user_id=user.id, name=user.name, request_id=nobody.request_id, ip=nobody.ip)


def _new_password(token: str, user: User) -> str:
    if form_data(drop=("password", "again")):
        raise Invalid("表单里有多余的内容")
    with database().reading() as session:
        staff = accounts.is_staff(session, user.id)
    hashed = checked_hash(user.id, staff=staff)

    def work(session: Session) -> None:
        links.use(session, token)
        fresh = accounts.get(session, user.id)
        first = not fresh.password_hash
        accounts.set_password(session, _self(user), fresh, hashed=hashed)
        lockout.clear(session, fresh.login)
        if not first:
            tell(session, fresh, "您的登录口令刚刚通过邮件链接重新设置。")

    database().run(work)
    security_log.note("password_set", "ok", user_id=user.id)
    return "口令已设置，请登录。"


def _take_over_login(token: str, user: User) -> str:
    if form_data():
        raise Invalid("表单里有多余的内容")

    def work(session: Session) -> None:
        link = links.use(session, token)
        fresh = accounts.get(session, user.id)
        before = fresh.login
        accounts.change_login(session, _self(user), fresh, login=link.payload["login"])
        tell(session, fresh, f"登录邮箱已改为 {fresh.login}。", to=before)

    database().run(work)
    security_log.note("email_change", "ok", user_id=user.id)
    return "登录邮箱已更改，请用新邮箱登录。"
