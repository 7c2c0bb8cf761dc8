"""The way in and out."""

from flask import Response, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from marketplace.errors import Invalid
from marketplace.permissions import Actor
from marketplace.schemas.accounts import CodeForm, LoginForm
from marketplace.services.accounts import accounts, second_factor, sessions
from marketplace.services.demo.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from marketplace.web import limits, security_log
from marketplace.web.access import public
from marketplace.web.access import signed_in as for_users
from marketplace.web.auth import qr, signing_in
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.forms import form_data, load, local_path, page_again
from marketplace.web.parts import cipher, database, settings
from marketplace.web.sessions import signed_in, visitor

WRONG = "邮箱或口令不正确"
WRONG_CODE = "动态口令不正确或已用过，请输入应用中最新的6位数字"


@blueprint.get("/login")
@public
def login() -> str | BaseResponse:
    """The form; those who are signed in already go on."""
    target = local_path(request.args.get("next"), "")
    user = signed_in()
    if user is not None:
        return redirect(target or signing_in.home_of(user.actor))
    return render_template("auth/login.html", errors={}, values={"next": target}, **_demo())


def _demo() -> dict[str, object]:
    shown = settings().demo
    return {
        "demo_accounts": DEMO_ACCOUNTS if shown else (),
        "demo_password": DEMO_PASSWORD if shown else "",
    }


@blueprint.post("/login")
@public
def sign_in() -> BaseResponse:
    """Password right: go on, to the second factor if there must be one."""
    try:
        data = load(LoginForm(), form_data(drop=("password",)))
        user_id = signing_in.check_password(data["login"], request.form.get("password", ""))
        if user_id is None:
            raise Invalid(fields={"login": [WRONG]})
    except Invalid as error:
        return page_again("auth/login.html", error, **_demo())
    target = local_path(data["next"], "")
    if not signing_in.needs_second_factor(user_id):
        actor = signing_in.complete(user_id)
        return redirect(target or signing_in.home_of(actor), 303)
    enrolled = signing_in.begin_second_factor(user_id, target)
    return redirect(url_for("auth.code" if enrolled else "auth.setup"), 303)


@blueprint.get("/login/code")
@public
def code() -> str | BaseResponse:
    """Ask for a code of the second factor."""
    if signing_in.pending() is None:
        return redirect(url_for("auth.login"))
    return render_template("auth/code.html", errors={})


@blueprint.post("/login/code")
@public
def check_code() -> BaseResponse:
    """Code right: signed in."""
    pending = signing_in.pending()
    if pending is None:
        return _too_late()
    user_id: int = pending["user"]
    limits.take("second_factor", str(user_id))
    try:
        typed = load(CodeForm(), form_data())["code"]
        if not _verify(user_id, typed):
            security_log.note("second_factor", "failed", user_id=user_id)
            raise Invalid(fields={"code": [WRONG_CODE]})
    except Invalid as error:
        return page_again("auth/code.html", error)
    actor = signing_in.complete(user_id)
    return redirect(pending["next"] or signing_in.home_of(actor), 303)


def _verify(user_id: int, typed: str) -> bool:
    return database().run(
        lambda session: second_factor.verify(
            session, cipher(), accounts.get(session, user_id), typed
        )
    )


@blueprint.get("/login/setup")
@public
def setup() -> str | BaseResponse:
    """Staff without a second factor set one up before they get in."""
    pending = signing_in.pending()
    if pending is None or "secret" not in pending:
        return redirect(url_for("auth.login"))
    return render_template("auth/setup.html", errors={}, **_secret(pending))


def _secret(pending: dict[str, str]) -> dict[str, str]:
    secret = signing_in.open_secret(pending["secret"])
    with database().reading() as session:
        login = accounts.get(session, int(pending["user"])).login
    return qr.context(secret, login)


@blueprint.post("/login/setup")
@public
def finish_setup() -> BaseResponse:
    """The first code proves the app; recovery codes are shown this once."""
    pending = signing_in.pending()
    if pending is None or "secret" not in pending:
        return _too_late()
    limits.take("second_factor", str(pending["user"]))
    try:
        typed = load(CodeForm(), form_data())["code"]
        codes = _enrol(pending, typed)
    except Invalid as error:
        return page_again("auth/setup.html", error, **_secret(pending))
    actor = signing_in.complete(pending["user"])
    target = pending["next"] or signing_in.home_of(actor)
    return Response(render_template("auth/recovery.html", codes=codes, target=target))


def _enrol(pending: dict[str, str], typed: str) -> list[str]:
    secret = signing_in.open_secret(pending["secret"])
    user_id = int(pending["user"])
    with database().unit_of_work() as session:
        user = accounts.get(session, user_id)
        actor = Actor(user_id=user.id, name=user.name, ip=visitor().ip)
        codes = second_factor.enrol(session, cipher(), actor, user, secret=secret, typed=typed)
    if codes is None:
        raise Invalid(fields={"code": [WRONG_CODE]})
    return codes


def _too_late() -> BaseResponse:
    flash("验证时间已过，请重新登录。", "warn")
    return redirect(url_for("auth.login"), 303)


@blueprint.post("/logout")
@for_users
def sign_out() -> BaseResponse:
    """End the session on the server and clear what the browser keeps."""
    user = signed_in()
    if user is not None:
        row_id = user.session_id
        database().run(lambda session: sessions.end(session, row_id, "logout"))
        security_log.note("logout", "ok")
    g.forget_cookie = True
    response = redirect("/", 303)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response
