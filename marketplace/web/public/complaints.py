"""Complaints by anybody: the form, the receipt, and what became of it behind a receipt code.

The code is a secret: pages that carry it are kept nowhere and sent on to nobody.
"""

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from marshmallow import Schema, fields, validate
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.models import Organisation, Provider
from marketplace.programmes import nouns
from marketplace.schemas.pool import ERRORS
from marketplace.services.audit.receipts import digest_of
from marketplace.services.checks import complaints
from marketplace.services.checks.complaints import Contact, Filing
from marketplace.web import complaint_shapes as shapes
from marketplace.web import limits
from marketplace.web.access import public
from marketplace.web.context import dt
from marketplace.web.forms import form_data, load
from marketplace.web.parts import cipher
from marketplace.web.public import blueprint
from marketplace.web.secret_links import code_of, new_ticket, private
from marketplace.web.sessions import visitor
from marketplace.web.work import upkeep

FORM, STATE, HOME = "public/complaint_new.html", "public/complaint.html", "public/complaints.html"
NAMED, ANONYMOUS = "named", "anonymous"
TICKET = "complaint-ticket"
LABELS = {
    "provider": "服务商名称", "subject": "事项", "text": "经过", "evidence": "依据", "how": "方式",
    "name": "姓名", "phone": "联系电话", "code": "回执编号",
}  # fmt: skip


def _text(longest: int, *, required: bool = True) -> fields.String:
    limit = validate.Length(max=longest, error=f"不超过{longest}个字")
    if required:
        return fields.String(required=True, validate=limit, error_messages=ERRORS)
    return fields.String(load_default="", validate=limit)


class ComplaintForm(Schema):
    """What a visitor sends."""

    provider = _text(120)
    subject = _text(120)
    text = _text(4000)
    evidence = _text(2000, required=False)
    how = fields.String(
        required=True, validate=validate.OneOf([NAMED, ANONYMOUS], error="请选择"),
        error_messages=ERRORS,
    )  # fmt: skip
    name = _text(30, required=False)
    phone = fields.String(
        load_default="", validate=validate.Regexp(r"([0-9+ -]{7,20})?\Z", error="请填写电话号码")
    )
    ticket = fields.String(required=True)


class ReceiptForm(Schema):
    """A code as somebody types it."""

    code = fields.String(
        required=True, validate=validate.Length(max=40, error="编号不正确"), error_messages=ERRORS
    )


@blueprint.get("/complaints")
@public
def complaint_home() -> str:
    """Where to complain, and where to ask by a receipt code."""
    return render_template(HOME, errors={}, values={}, labels=LABELS)


@blueprint.post("/complaints")
@public
def find_complaint() -> Response:
    """Go to the page of a code; how often is limited, the answer for wrong ones is one."""
    limits.take("receipt", limits.address())
    try:
        code = load(ReceiptForm(), form_data())["code"]
        complaints.by_receipt(current_session(), code)
    except Invalid as error:
        return _home_again(error)
    except NotFound as missing:
        return _home_again(Invalid(fields={"code": [missing.message]}))
    return private(redirect(url_for("public.complaint_state", code=_plain(code)), 303))


def _plain(code: str) -> str:
    return "".join(char for char in code.upper() if char.isalnum())


def _home_again(error: Invalid) -> Response:
    page = render_template(
        HOME, errors=error.fields, values=dict(request.form.items()), labels=LABELS
    )
    return private(upkeep.answer(page, 422))


@blueprint.get("/complaints/new")
@public
def complaint_form() -> Response:
    """The form; ``provider`` names the provider that it is about."""
    return _form(ticket=new_ticket(TICKET), values={"provider": _named()})


def _named() -> str:
    given = request.args.get("provider", "")
    if not given.isdecimal() or len(given) > 9:
        return ""
    name = current_session().scalar(
        select(Organisation.name)
        .join(Provider, Provider.organisation_id == Organisation.id)
        .where(Provider.id == int(given), Provider.hidden_at.is_(None))
    )
    return name or ""


def _form(status: int = 200, **given: Any) -> Response:
    how = (
        (NAMED, "实名（联系方式加密保存，不告诉服务商）"),
        (ANONYMOUS, "匿名（作为线索核查，不计分）"),
    )
    context = {"labels": LABELS, "errors": {}, "values": {}, "how": how, **given}
    return private(upkeep.answer(render_template(FORM, **context), status))


@blueprint.post("/complaints/new")
@public
def file_public_complaint() -> Response:
    """Take it in, and show the receipt."""
    limits.take("complaint", limits.address())
    session = current_session()
    try:
        data = load(ComplaintForm(), form_data())
        code = code_of(data["ticket"], TICKET)
        contact = _contact(data)
        provider = complaints.provider_named(session, data["provider"])
        said = Filing(subject=data["subject"], text=data["text"], evidence=data["evidence"])
        complaints.file_public(
            session, visitor(), cipher(), provider, said, receipt_hash=digest_of(code),
            contact=contact,
        )  # fmt: skip
    except Invalid as error:
        errors = error.fields or {"form": [error.message]}
        values = {name: text for name, text in request.form.items() if name in LABELS}
        return _form(422, errors=errors, values=values, ticket=request.form.get("ticket", ""))
    return private(redirect(url_for("public.complaint_state", code=_plain(code), new=1), 303))


def _contact(data: dict[str, Any]) -> Contact | None:
    """Name and number, for who gives his name; nothing is kept of who does not."""
    if data["how"] == ANONYMOUS:
        return None
    missing = {name: ["实名投诉请填写"] for name in ("name", "phone") if not data[name]}
    if missing:
        raise Invalid(fields=missing)
    return Contact(name=data["name"], phone=data["phone"])


@blueprint.get("/complaints/<code>")
@public
def complaint_state(code: str) -> Response:
    """What became of it, for whoever holds the code."""
    limits.take("receipt", limits.address())
    row = complaints.by_receipt(current_session(), code)
    found = nouns.workflow("complaint").state(row.state)
    shown = "-".join(_plain(code)[start : start + 4] for start in range(0, len(_plain(code)), 4))
    page = render_template(
        STATE, row=row, code=shown, new=request.args.get("new") == "1",
        state=upkeep.tag("complaint", row.state, staff=False), label=found.public_label,
        provider=row.provider.organisation.name, lodged=dt(row.lodged_at),
        clocks=shapes.clocks(row),
    )  # fmt: skip
    return private(make_response(page))
