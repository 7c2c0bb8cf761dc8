"""One's own personal data: as a file, or erased with the account (PIPL 45, 47)."""

import io
from typing import Any

from flask import g, make_response, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.schemas.access import EraseForm
from marketplace.schemas.accounts import Nothing
from marketplace.services.accounts import accounts, own_data
from marketplace.web import limits, security_log
from marketplace.web.access import signed_in as for_users
from marketplace.web.auth.account import me
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import cipher

PAGE = "auth/own_data.html"


@blueprint.get("/account/data")
@for_users
def own_data_page() -> str:
    """What is kept, and what can be done about it."""
    return render_template(PAGE, errors={}, values={}, **_context())


def _context() -> dict[str, Any]:
    session = current_session()
    user = accounts.get(session, me().id)
    return {
        "login": user.login, "parts": own_data.labels(), "reasons": own_data.why_not(session, user),
    }  # fmt: skip


@blueprint.post("/account/data/export")
@for_users
@recently_confirmed
def export_own_data() -> BaseResponse:
    """The file."""
    limits.take("export", str(me().id))
    load(Nothing(), form_data())
    session = current_session()
    packed = own_data.export(session, me().actor, cipher(), accounts.get(session, me().id))
    security_log.note("own_data_export", "ok")
    name = f"个人信息-{clock.today():%Y%m%d}.zip"
    return send_file(
        io.BytesIO(packed), mimetype="application/zip", as_attachment=True, download_name=name
    )


@blueprint.post("/account/data/erase")
@for_users
@recently_confirmed
def erase_account() -> BaseResponse:
    """Delete the account; the last owner of a team hands it over first."""
    session = current_session()
    try:
        typed: str = load(EraseForm(), form_data())["login"]
        if typed != me().login:
            raise Invalid(fields={"login": ["与登录邮箱不一致"]})
        own_data.erase(session, me().actor, accounts.get(session, me().id))
    except Invalid as error:
        return page_again(PAGE, error, **_context())
    except Conflict:
        response = make_response(render_template(PAGE, errors={}, values={}, **_context()))
        response.status_code = 409
        return response
    security_log.note("account_erase", "ok")
    g.forget_cookie = True
    answer = redirect(url_for("auth.login"), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer
