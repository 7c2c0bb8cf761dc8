"""Registration: an address, a letter, a password. A role comes later, by a request."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.errors import Conflict, Invalid
from marketplace.schemas.access import FinishForm
from marketplace.schemas.accounts import MailForm
from marketplace.services.access import registrations
from marketplace.services.accounts import passwords
from marketplace.services.accounts.passwords import Choice
from marketplace.web import limits, security_log
from marketplace.web.access import public
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.auth.links import private
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import database, post, settings
from marketplace.web.sessions import signed_in, visitor

PASSWORDS = ("password", "again")


@blueprint.get("/register")
@public
def register() -> str | BaseResponse:
    """Ask for the mail address; who is signed in goes on to the requests."""
    if signed_in() is not None:
        return redirect(url_for("auth.access_requests"))
    return render_template("auth/register.html", errors={}, values={})


@blueprint.post("/register")
@public
def send_registration() -> BaseResponse:
    """The same answer, in the same time, whether the address has an account or not (S22)."""
    limits.take("reset_address", limits.address())
    try:
        login: str = load(MailForm(), form_data())["login"]
    except Invalid as error:
        return page_again("auth/register.html", error)
    limits.take("reset_account", f"register:{login}")
    database().run(lambda session: registrations.ask(session, post(), login=login))
    security_log.note("register_request", "ok")
    return make_response(render_template("auth/register_sent.html", login=login))


@blueprint.get("/register/<token>")
@public
def finish_registration(token: str) -> BaseResponse:
    """Name and password for the address that the link was sent to."""
    page = render_template("auth/register_finish.html", errors={}, values={}, **_context(token))
    return private(page)


def _context(token: str) -> dict[str, Any]:
    with database().reading() as session:
        return {"token": token, "login": registrations.peek(session, token).login}


@blueprint.post("/register/<token>")
@public
def create_account(token: str) -> BaseResponse:
    """Make the account, once."""
    limits.take("link", limits.address())
    context = _context(token)
    try:
        name: str = load(FinishForm(), form_data(drop=PASSWORDS))["name"]
        hashed = new_hash(context["login"], name)

        def work(session: Session) -> int:
            made = registrations.complete(session, visitor(), token, name=name, hashed=hashed)
            return made.id

        user_id = database().run(work)
    except Invalid as error:
        return private(page_again("auth/register_finish.html", error, **context))
    except Conflict:
        # Somebody made it meanwhile: the address is the visitor's own, so it may be told.
        flash("这个邮箱已经有账号，请直接登录。", "warn")
        return private(redirect(url_for("auth.login"), 303))
    security_log.note("register", "ok", user_id=user_id)
    flash("账号已建立。请登录，再申请开通企业或服务商。", "ok")
    target = url_for("auth.login", next=url_for("auth.access_requests"))
    return private(redirect(target, 303))


def new_hash(login: str, name: str) -> str:
    """The hash of the password in the form for an account that is to be made, found good."""
    chosen = request.form.get("password", "")
    profile = passwords.profile_of(settings().password_profile, staff=False)
    passwords.check(
        Choice(
            password=chosen, again=request.form.get("again", ""), login=login, name=name,
            profile=profile, former=[],
        )
    )  # fmt: skip
    return passwords.hash_(chosen)
