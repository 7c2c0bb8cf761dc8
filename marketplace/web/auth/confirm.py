"""Before sensitive actions the password is asked again, unless it was lately (S32)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import SAFE_METHODS
from marketplace.errors import Invalid
from marketplace.schemas.accounts import ConfirmForm
from marketplace.services.accounts import accounts, passwords, second_factor, sessions
from marketplace.web import held, limits, security_log
from marketplace.web.access import signed_in as for_users
from marketplace.web.auth.account import me
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.forms import form_data, load, local_path, page_again
from marketplace.web.parts import cipher, database, settings
from marketplace.web.sessions import SignedIn, signed_in, web_session

View = TypeVar("View", bound=Callable[..., Any])

WRONG = "口令或动态口令不正确"


def recently_confirmed(view: View) -> View:
    """Send whoever has not typed the password lately to the confirmation page first."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        user = signed_in()
        if user is None or user.recently_confirmed:
            return view(*args, **kwargs)
        return redirect(url_for("auth.confirm", next=_kept(user) or _back()), 303)

    return cast(View, guarded)


def _kept(user: SignedIn) -> str:
    """Where a form that was sent waits until the password was typed: nothing typed is lost."""
    if request.method in SAFE_METHODS or not request.form:
        return ""
    return held.keep_form(user.actor, user.id, user.grant_id)


def _back() -> str:
    """The page itself, or the one whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    came = urlsplit(request.referrer or "")
    return local_path(came.path if came.netloc == request.host else "", "/account")


def _asks_code(user: SignedIn) -> bool:
    return user.enrolled and not settings().demo


@blueprint.get("/account/confirm")
@for_users
def confirm() -> str:
    """The form."""
    target = local_path(request.args.get("next"), "/account")
    user = signed_in()
    return render_template(
        "auth/confirm.html", errors={}, values={"next": target},
        asks_code=user is not None and _asks_code(user),
    )  # fmt: skip


@blueprint.post("/account/confirm")
@for_users
def check_again() -> BaseResponse:
    """Right: the session gets a new secret and 15 minutes."""
    user = me()
    limits.take("confirm", str(user.id))
    try:
        data = load(ConfirmForm(), form_data(drop=("password",)))
        if not is_right(user, request.form.get("password", ""), data["code"]):
            security_log.note("confirm", "failed")
            raise Invalid(fields={"password": [WRONG]})
    except Invalid as error:
        return page_again("auth/confirm.html", error, asks_code=_asks_code(user))
    token = database().run(
        lambda session: sessions.rotate(session, user.session_id, confirmed=True)
    )
    web_session().renew(token, user.session_id)
    security_log.note("confirm", "ok")
    return redirect(local_path(data["next"], "/account"), 303)


def is_right(user: SignedIn, password: str, code: str = "", *, second: bool = True) -> bool:
    """Whether the password, and (``second``) the code where one is needed, are this user's."""
    with database().reading() as session:
        stored = accounts.get(session, user.id).password_hash
    if not passwords.verify(stored, password):
        return False

    def work(session: Session) -> bool:
        return second_factor.verify(session, cipher(), accounts.get(session, user.id), code)

    return database().run(work) if second and _asks_code(user) else True
