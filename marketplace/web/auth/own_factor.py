"""One's own second factor: set up, renewed, recovery codes."""

from flask import make_response, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.errors import Invalid
from marketplace.schemas.accounts import CodeForm, Nothing
from marketplace.services.accounts import accounts, second_factor, sessions
from marketplace.web import limits, security_log
from marketplace.web.access import signed_in as for_users
from marketplace.web.auth import qr, signing_in
from marketplace.web.auth.account import me
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.auth.login import WRONG_CODE
from marketplace.web.auth.own_login import tell
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import cipher, database
from marketplace.web.sessions import web_session

SECRET = "new_secret"  # noqa: S105  a key of the session


@blueprint.post("/account/second-factor/new")
@for_users
@recently_confirmed
def begin_factor() -> BaseResponse:
    """Make a secret; the old one works until the new one is proved."""
    load(Nothing(), form_data())
    web_session()[SECRET] = signing_in.seal_secret(second_factor.new_secret())
    return redirect(url_for("auth.factor"), 303)


@blueprint.get("/account/second-factor")
@for_users
@recently_confirmed
def factor() -> str | BaseResponse:
    """QR code and field for the first code."""
    sealed = web_session().get(SECRET)
    if sealed is None:
        return redirect(url_for("auth.account"))
    return render_template(
        "auth/factor.html", errors={}, **qr.context(signing_in.open_secret(sealed), me().login)
    )


@blueprint.post("/account/second-factor")
@for_users
@recently_confirmed
def finish_factor() -> BaseResponse:
    """The first code proves the app; recovery codes are shown this once."""
    own = me()
    sealed = web_session().get(SECRET)
    if sealed is None:
        return redirect(url_for("auth.account"), 303)
    limits.take("second_factor", str(own.id))
    secret = signing_in.open_secret(sealed)
    try:
        typed = load(CodeForm(), form_data())["code"]
        token, codes = _enrol(secret, typed)
    except Invalid as error:
        return page_again("auth/factor.html", error, **qr.context(secret, own.login))
    del web_session()[SECRET]
    web_session().renew(token, own.session_id)
    security_log.note("second_factor_enrol", "ok")
    return make_response(
        render_template("auth/recovery.html", codes=codes, target=url_for("auth.account"))
    )


def _enrol(secret: str, typed: str) -> tuple[str, list[str]]:
    own = me()

    def work(session: Session) -> tuple[str, list[str]]:
        user = accounts.get(session, own.id)
        codes = second_factor.enrol(session, cipher(), own.actor, user, secret=secret, typed=typed)
        if codes is None:
            raise Invalid(fields={"code": [WRONG_CODE]})
        sessions.end_all(session, own.id, "revoked", but=own.session_id)
        tell(session, user, "您的账号刚刚绑定了新的动态口令。")
        return sessions.rotate(session, own.session_id, confirmed=True), codes

    return database().run(work)
