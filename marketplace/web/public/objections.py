"""Objections by visitors: the form on a notice, the receipt, and the state behind a receipt code.

The code is a secret: pages that carry it are kept nowhere and sent on to nobody.
"""

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, MarketplaceError, NotFound
from marketplace.models import Objection, PublicNotice
from marketplace.permissions import NOBODY
from marketplace.programmes import nouns
from marketplace.schemas.notices import (
    ANONYMOUS,
    NAMED,
    OBJECTION_LABELS,
    ObjectionForm,
    ReceiptForm,
)
from marketplace.services.audit.receipts import digest_of
from marketplace.services.files import files
from marketplace.services.notices import (
    objections,
    objections_letters,
    public_notices,
    public_notices_changes,
)
from marketplace.services.notices.objections import Contact, Filing
from marketplace.web import limits, uploads
from marketplace.web import notice_shapes as shapes
from marketplace.web.access import public
from marketplace.web.context import dt
from marketplace.web.forms import form_data, load
from marketplace.web.notice_letters import letter_file
from marketplace.web.parts import cipher
from marketplace.web.public import blueprint
from marketplace.web.secret_links import code_of, new_ticket, private
from marketplace.web.sessions import visitor

FORM = "public/objection_new.html"
TICKET = "objection-ticket"
limits.VISITOR_UPLOADS["public.file_objection"] = 60 * 2**20


@blueprint.get("/notices/<int:notice_id>/objection")
@public
def object_to(notice_id: int) -> Response:
    """The form; after the end of the window a page that says so."""
    notice = public_notices.public(current_session(), notice_id)
    return _form(notice, ticket=new_ticket(TICKET))


def _form(notice: PublicNotice, *, status: int = 200, **given: Any) -> Response:
    session = current_session()
    entries = public_notices_changes.open_entries(session, notice)
    wanted = request.args.get("entry", "")
    context = {
        "notice": notice, "line": shapes.line(notice), "labels": OBJECTION_LABELS,
        "open": public_notices.accepts_objections(session, notice), "errors": {},
        "values": {"entry_id": wanted},
        "entries": [
            (row["id"], " · ".join(filter(None, (row["name"], row["segment"], row["type"]))))
            for row in shapes.entries(entries, notice.round, staff=False)
        ],
        "how": ((NAMED, "实名提出"), (ANONYMOUS, "匿名提出（作为线索）")), "clash": "",
        **given,
    }  # fmt: skip
    if "uploads" not in context:
        context["uploads"] = {objections.EVIDENCE: uploads.show(session, objections.EVIDENCE)}
    response = make_response(render_template(FORM, **context))
    response.status_code = status
    return private(response)


@blueprint.post("/notices/<int:notice_id>/objection")
@public
def file_objection(notice_id: int) -> Response:
    """Take it in, and show the receipt."""
    evidence = uploads.posted(objections.EVIDENCE, NOBODY)
    session = current_session()
    notice = public_notices.public(session, notice_id)
    try:
        data = load(ObjectionForm(), form_data())
        code = code_of(data["ticket"], TICKET)
        row = objections.file_(session, visitor(), cipher(), notice_id, _filing(data, code))
        if not files.of(session, row):
            kept = evidence.attach(session, NOBODY, row)
            objections.attach_evidence(session, row, kept)
    except (Invalid, Conflict) as error:
        return _again(notice, error, evidence)
    return private(redirect(url_for("public.objection_state", code=code, new=1), 303))


def _filing(data: dict[str, Any], code: str) -> Filing:
    contact = None
    if data["how"] == NAMED:
        contact = Contact(name=data["name"], phone=data["phone"], organisation=data["organisation"])
    return Filing(
        entry_id=data["entry_id"], facts=data["facts"], digest=digest_of(code), contact=contact
    )


def _again(notice: PublicNotice, error: MarketplaceError, evidence: uploads.Posted) -> Response:
    session = current_session()
    shown = {objections.EVIDENCE: evidence.field(session, NOBODY)}
    values = {name: text for name, text in request.form.items() if name in OBJECTION_LABELS}
    ticket = request.form.get("ticket", "")
    given = {"values": values, "ticket": ticket, "uploads": shown}
    if isinstance(error, Invalid):
        fields = dict(error.fields) or {"form": [error.message]}
        if evidence.errors:
            fields.setdefault(objections.EVIDENCE, evidence.errors)
        return _form(notice, status=422, errors=fields, **given)
    return _form(notice, status=409, clash=error.message, **given)


@blueprint.get("/objections")
@public
def find_objection() -> Response:
    """Where a receipt code is typed."""
    return _find({}, {})


def _find(errors: dict[str, list[str]], values: dict[str, str], status: int = 200) -> Response:
    page = render_template(
        "public/objection_find.html", errors=errors, values=values, labels=OBJECTION_LABELS
    )
    response = make_response(page)
    response.status_code = status
    return private(response)


@blueprint.post("/objections")
@public
def look_up_objection() -> Response:
    """Lead to the state, or say that there is no such code."""
    limits.take("receipt", limits.address())
    try:
        code = load(ReceiptForm(), form_data())["code"]
        objections.by_receipt(current_session(), code)
    except Invalid as error:
        return _find(dict(error.fields), dict(request.form.items()), 422)
    except NotFound as error:
        texts = {"code": [f"{error.message}{error.remedy}"]}
        return _find(texts, dict(request.form.items()), 404)
    return private(redirect(url_for("public.objection_state", code=code), 303))


@blueprint.get("/objections/<code>")
@public
def objection_state(code: str) -> Response:
    """Where an objection stands, for who holds its receipt code."""
    limits.take("receipt", limits.address())
    session = current_session()
    row = objections.by_receipt(session, code)
    page = render_template(
        "public/objection.html", row=row, code=code, new="new" in request.args,
        state=shapes.tag("objection", row.state, staff=False), steps=_steps(row),
        programme=row.notice.round.programme, entry=shapes.tag(
            "notice_entry", row.entry.state, staff=False
        ),
        files=[one.name for one in files.of(session, row, objections.EVIDENCE)],
    )  # fmt: skip
    return private(make_response(page))


def _steps(row: Objection) -> list[dict[str, str]]:
    """What happened so far, in order; nothing of the inner work."""
    label = nouns.workflow("objection").state(row.state).public_label
    found = [("提交", row.filed_at, "")]
    if row.accepted_at is not None:
        found.append(("受理，开始核查", row.accepted_at, ""))
    if row.asked_at is not None:
        found.append(("请服务商作出说明", row.asked_at, ""))
    if row.replied_at is not None:
        found.append(("收到服务商的说明", row.replied_at, ""))
    if row.decided_at is not None:
        found.append((label, row.decided_at, row.decision))
    return [{"when": dt(at), "title": title, "text": text} for title, at, text in found]


@blueprint.get("/objections/<code>/decision.<kind>")
@public
def objection_decision(code: str, kind: str) -> Response:
    """The decision as a letter, for who holds the receipt code."""
    limits.take("receipt", limits.address())
    row = objections.by_receipt(current_session(), code)
    return private(letter_file(row, objections_letters.DECISION, kind))
