"""A client answers by the link of its letter; opening the link changes nothing (S31)."""

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import CaseConsent
from marketplace.schemas import cases as schema
from marketplace.services.cases import case_studies, consents
from marketplace.services.files import files
from marketplace.web import case_shapes, limits
from marketplace.web.access import public
from marketplace.web.context import dt
from marketplace.web.files import SANDBOX
from marketplace.web.forms import form_data, load
from marketplace.web.secret_links import private
from marketplace.web.sessions import visitor
from marketplace.web.uploads import storage

blueprint = Blueprint("consents", __name__, url_prefix="/consents")

GONE = ("ended", "late")


@blueprint.get("/<token>")
@public
def show(token: str) -> Response:
    """What the client is asked, or what it answered; 410 for a link that is dead."""
    row = consents.find(current_session(), token)
    return _page(row, token, 410 if consents.state(row) in GONE else 200)


def _page(row: CaseConsent, token: str, status: int, **more: Any) -> Response:
    session, version = current_session(), row.case_version
    state = consents.state(row)
    # Who holds a dead link has no business with the text any more.
    view = None if state in GONE else case_shapes.view(
        version.content, files.of(session, version, case_studies.PICTURE),
        lambda file: url_for("consents.picture", token=token, file_id=file.id),
    )  # fmt: skip
    context = {
        "token": token, "state": state, "version": version, "view": view,
        "provider": version.provider.organisation.name, "until": dt(row.expires_at),
        "answered": dt(row.answered_at), "withdrawn": dt(row.withdrawn_at),
        "signer": f"{row.signer}（{row.signer_post}）" if row.signer else "",
        "labels": schema.LABELS, "errors": {}, "values": {}, "said": "", **more,
    }  # fmt: skip
    response = make_response(render_template("public/consent.html", **context))
    response.status_code = status
    return private(response)


@blueprint.get("/<token>/pictures/<int:file_id>")
@public
def picture(token: str, file_id: int) -> Response:
    """A picture of the case that the link asks about."""
    session = current_session()
    row = consents.find(session, token)
    if consents.state(row) in GONE:
        raise NotFound
    shown = files.of(session, row.case_version, case_studies.PICTURE)
    found = next((one for one in shown if one.id == file_id), None)
    if found is None:
        raise NotFound
    answer = send_file(storage().open(found.sha256), mimetype=found.media_type, etag=found.sha256)
    answer.headers["Content-Security-Policy"] = SANDBOX
    return private(answer)


@blueprint.post("/<token>")
@public
def answer(token: str) -> Response:
    """Take the one answer."""
    limits.take("link", limits.address())
    return _taken(token, lambda data: consents.answer(
        current_session(), visitor(), token, agrees=data["agrees"] == "yes", uscc=data["uscc"],
        signer=data["signer"], signer_post=data["signer_post"], reason=data["reason"],
    ), schema.AnswerForm())  # fmt: skip


@blueprint.post("/<token>/withdraw")
@public
def withdraw(token: str) -> Response:
    """Take a given consent back."""
    limits.take("link", limits.address())
    return _taken(token, lambda data: consents.withdraw(
        current_session(), visitor(), token, uscc=data["uscc"], reason=data["reason"],
    ), schema.WithdrawForm())  # fmt: skip


def _taken(token: str, work: Any, form: Any) -> Response:
    row = consents.find(current_session(), token)
    values = dict(request.form.items())
    try:
        work(load(form, form_data()))
    except Invalid as error:
        return _page(row, token, 422, errors=error.fields, values=values)
    except Conflict as conflict:
        row = consents.find(current_session(), token)
        status = 410 if consents.state(row) in GONE else 409
        return _page(row, token, status, said=conflict.message)
    return private(redirect(url_for("consents.show", token=token), 303))
