"""One's own password and mail address."""

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace import mail
from marketplace.errors import Invalid
from marketplace.models import User
from marketplace.schemas.accounts import MailForm
from marketplace.services.access import invitations
from marketplace.services.accounts import accounts, passwords, sessions
from marketplace.services.accounts.passwords import Choice
from marketplace.web import limits, security_log
from marketplace.web.access import signed_in as for_users
from marketplace.web.auth.account import me
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.auth.confirm import is_right, recently_confirmed
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import cipher, database, post, settings
from marketplace.web.sessions import web_session

PASSWORD_FIELDS = ("current_password", "password", "again")


@blueprint.get("/account/password")
@for_users
def password() -> str:
    """The form."""
    return render_template("auth/password.html", errors={}, overdue=me().password_overdue)


@blueprint.post("/account/password")
@for_users
def change_password() -> BaseResponse:
    """Old password right and new one good: all other sessions end."""
    own = me()
    limits.take("confirm", str(own.id))
    try:
        if form_data(drop=PASSWORD_FIELDS):
            raise Invalid("表单里有多余的内容")
        hashed = _new_hash(own.id, staff=own.staff)
    except Invalid as error:
        return page_again("auth/password.html", error, overdue=own.password_overdue)

    def work(session: Session) -> str:
        user = accounts.get(session, own.id)
        accounts.set_password(session, own.actor, user, hashed=hashed, keep_session=own.session_id)
        tell(session, user, "您的登录口令刚刚被修改。")
        return sessions.rotate(session, own.session_id, confirmed=True)

    web_session().renew(database().run(work), own.session_id)
    security_log.note("password_change", "ok")
    flash("口令已修改，其他设备上的登录已结束。", "ok")
    return redirect(url_for("auth.account"), 303)


def _new_hash(user_id: int, *, staff: bool) -> str:
    own = me()
    if not is_right(own, request.form.get("current_password", ""), second=False):
        security_log.note("confirm", "failed")
        raise Invalid(fields={"current_password": ["原口令不正确"]})
    return checked_hash(user_id, staff=staff)


def checked_hash(user_id: int, *, staff: bool) -> str:
    """The hash of the new password in the form, once it is found good; no transaction is open."""
    with database().reading() as session:
        user = accounts.get(session, user_id)
        former = accounts.former_hashes(session, user)
    chosen = request.form.get("password", "")
    passwords.check(
        Choice(
            password=chosen,
            again=request.form.get("again", ""),
            login=user.login,
            name=user.name,
            profile=passwords.profile_of(settings().password_profile, staff=staff),
            former=former,
        )
    )
    return passwords.hash_(chosen)


def tell(session: Session, user: User, text: str, *, to: str = "") -> None:
    """Let the owner of an account know what happened to it."""
    letter = mail.compose("notice.txt", to=to or user.login, name=user.name, text=text)
    mail.put(session, cipher(), letter)


@blueprint.get("/account/email")
@for_users
@recently_confirmed
def email() -> str:
    """The form."""
    return render_template("auth/email.html", errors={}, values={}, present=me().login)


@blueprint.post("/account/email")
@for_users
@recently_confirmed
def change_email() -> BaseResponse:
    """Send a link to the new address; nothing changes before it is opened."""
    own = me()
    limits.take("reset_account", f"email:{own.id}")
    try:
        wanted: str = load(MailForm(), form_data())["login"]
    except Invalid as error:
        return page_again("auth/email.html", error, present=own.login)

    def work(session: Session) -> None:
        user = accounts.get(session, own.id)
        if accounts.by_login(session, wanted) is None:
            invitations.send_login_change(session, post(), user, login=wanted)

    # Whether the address belongs to another account is not told here.
    database().run(work)
    security_log.note("email_change", "ok")
    flash("确认链接已发到新邮箱，30分钟内打开后生效。", "ok")
    return redirect(url_for("auth.account"), 303)
