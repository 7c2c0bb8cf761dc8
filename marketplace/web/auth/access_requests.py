"""Requests for a role: an enterprise, a provider known or new, an evaluating organisation; follow,
mend, take back."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import current_session
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.models import AccessRequest, Organisation
from marketplace.models.access_requests import CLAIM, ENROL, EVALUATE, REGISTER
from marketplace.permissions import Permission, can
from marketplace.phases import OPEN_ACCESS, AccessPhase
from marketplace.schemas import access as schema
from marketplace.schemas.accounts import Nothing
from marketplace.services.access import access_decisions
from marketplace.services.access import access_requests as service
from marketplace.services.access import access_tasks as _tasks  # noqa: F401  tasks register themselves
from marketplace.services.access.access_requests import LETTER, Filing
from marketplace.services.files import files
from marketplace.web import access_shapes, drafts, uploads
from marketplace.web.access import current_actor
from marketplace.web.access import signed_in as for_users
from marketplace.web.auth.blueprint import blueprint
from marketplace.web.context import vocabulary
from marketplace.web.forms import form_data, load, page_again, query_data
from marketplace.web.parts import cipher
from marketplace.web.uploads import size_text
from marketplace.web.work import once

FORM = "auth/access_form.html"
KEYS = {
    REGISTER: "access:register", CLAIM: "access:claim", ENROL: "access:enrol",
    EVALUATE: "access:evaluate",
}  # fmt: skip
SENT_TO = {
    REGISTER: "auth.file_registration", CLAIM: "auth.file_claim", ENROL: "auth.file_enrolment",
    EVALUATE: "auth.file_evaluator",
}  # fmt: skip
drafts.LABELS["access"] = access_shapes.LABELS


@blueprint.get("/account/requests")
@for_users
def access_requests() -> str:
    """What one asked for, and what one can ask for."""
    rows = service.own(current_session(), current_actor())
    return render_template(
        "auth/access_requests.html", may_file=can(current_actor(), Permission.ACCESS_FILE),
        second=access_shapes.second(current_session(), current_actor()),
        rows=[access_shapes.line(row, "auth.access_request") for row in rows],
    )  # fmt: skip


@blueprint.get("/register/enterprise")
@for_users
def new_registration() -> str:
    """The form of an enterprise."""
    return _form(REGISTER)


@blueprint.get("/claim")
@for_users
def new_claim() -> str:
    """Find the provider first, then the form."""
    query = load(schema.FindQuery(), query_data())
    found = service.providers(current_session(), query["q"])
    chosen = service.providers(current_session(), query["uscc"]) if query["uscc"] else []
    if not chosen and not drafts.of(KEYS[CLAIM]).fields:
        return render_template("auth/claim_find.html", q=query["q"], found=found)
    return _form(CLAIM, uscc=chosen[0].uscc if chosen else "")


@blueprint.get("/claim/new")
@for_users
def new_enrolment() -> str:
    """The form of a provider that is not registered yet."""
    return _form(ENROL)


@blueprint.get("/register/evaluator")
@for_users
def new_evaluator() -> str:
    """The form of an organisation that evaluates."""
    return _form(EVALUATE)


def _form(kind: str, uscc: str = "") -> str:
    _allowed()
    draft = drafts.of(KEYS[kind])
    values = dict(draft.values)
    if request.args.get("own") and (own := _own(kind)) is not None:
        uscc = own.uscc
    if uscc and values.get("uscc") != uscc:
        values["uscc"] = uscc
    values.setdefault("contact_name", current_actor().name)
    fields = {LETTER: uploads.show(current_session(), LETTER)}
    return render_template(
        FORM, errors={}, values=values, uploads=fields, **_context(kind, None, values)
    )


def _own(kind: str) -> Organisation | None:
    """The organisation acted for, when it may get this role beside its own."""
    found = service.second_of(current_session(), current_actor())
    return found[1] if found is not None and found[0] == kind else None


def _allowed() -> None:
    if not can(current_actor(), Permission.ACCESS_FILE):
        raise Forbidden("工作人员身份不能申请", remedy="请先切换到其他身份，或用个人账号申请。")


def _context(kind: str, row: AccessRequest | None, values: dict[str, Any]) -> dict[str, Any]:
    code = row.uscc if row else values.get("uscc", "")
    own = _own(kind)
    named = service.providers(current_session(), code) if kind == CLAIM and code else []
    return {
        "kind": kind, "row": row, "labels": access_shapes.labels(kind),
        "second": own if own is not None and own.uscc == code else None,
        "here": url_for("auth.resend_access_request", request_id=row.id)
        if row
        else url_for(SENT_TO[kind]),
        "options": access_shapes.options(), "claimed": named[0] if named else None,
        "draft": drafts.of(_key(kind, row), base_version=row.version if row else None),
    }  # fmt: skip


def _key(kind: str, row: AccessRequest | None) -> str:
    return f"access:{row.id}" if row else KEYS[kind]


@blueprint.post("/register/enterprise")
@for_users
def file_registration() -> BaseResponse:
    """Send it to the district, or to the enterprise's own people."""
    return once.once(lambda: _file(REGISTER))()


@blueprint.post("/claim")
@for_users
def file_claim() -> BaseResponse:
    """Send it to the bureau, or to the provider's own people."""
    uploads.posted(LETTER)  # before the first query: files are checked outside a transaction
    return once.once(lambda: _file(CLAIM))()


@blueprint.post("/claim/new")
@for_users
def file_enrolment() -> BaseResponse:
    """Send it to the bureau."""
    uploads.posted(LETTER)
    return once.once(lambda: _file(ENROL))()


@blueprint.post("/register/evaluator")
@for_users
def file_evaluator() -> BaseResponse:
    """Send it to the bureau."""
    uploads.posted(LETTER)
    return once.once(lambda: _file(EVALUATE))()


def _file(kind: str) -> BaseResponse:
    session, actor = current_session(), current_actor()
    try:
        row = service.file(session, actor, cipher(), _filing(kind))
        if kind != REGISTER:
            uploads.posted(LETTER).attach(session, actor, row, required=True)
        access_decisions.send(session, actor, row)
    except Invalid as error:
        return _again(kind, None, error)
    except Conflict as conflict:
        return _again(kind, None, Invalid(conflict.message), status=409)
    drafts.done(KEYS[kind])
    flash("申请已提交，办理结果会发到消息和邮箱。", "ok")
    return redirect(url_for("auth.access_request", request_id=row.id), 303)


def _filing(kind: str, row: AccessRequest | None = None) -> Filing:
    form = {CLAIM: schema.ClaimForm, REGISTER: schema.RegisterForm}.get(kind, schema.NewForm)()
    given = {name: text for name, text in form_data().items() if name != once.KEY_FIELD}
    given.pop("version", None)
    data = load(form, {**given, "uscc": row.uscc} if row else given)
    known = {kind: {word.code for word in vocabulary().options(kind)} for kind in ("district",)}
    errors, district = {}, data.get("district", "")
    if (kind == REGISTER or district) and district not in known["district"]:
        errors["district"] = ["请选择列表中的一项"]
    if data.get("segment") and vocabulary().get("segment", data["segment"]) is None:
        errors["segment"] = ["请选择列表中的一项"]
    if errors:
        raise Invalid(fields=errors)
    return Filing(
        kind=kind, uscc=data["uscc"], name=data.get("name", ""),
        district=district, contact_name=data["contact_name"],
        contact_post=data["contact_post"], phone=data["phone"],
        facts={name: data[name] for name in schema.FACTS if data.get(name)},
    )  # fmt: skip


def _again(
    kind: str, row: AccessRequest | None, error: Invalid, *, status: int = 422
) -> BaseResponse:
    context = _context(kind, row, form_data())
    if kind == REGISTER:
        response = page_again(FORM, error, uploads={}, **context)
    else:
        response = uploads.again(FORM, error, uploads.posted(LETTER), subject=row, **context)
    response.status_code = status
    return response


def _get(request_id: int) -> AccessRequest:
    row = service.get(current_session(), current_actor(), request_id)
    if row.user_id != current_actor().user_id:
        raise Forbidden  # others have pages of their own
    return row


@blueprint.get("/account/requests/<int:request_id>")
@for_users
def access_request(request_id: int) -> str:
    """One request: where it stands; the form again when it came back."""
    row = _get(request_id)
    phone = service.phone(cipher(), row)
    letters = files.of(current_session(), row, LETTER)
    return render_template(
        "auth/access_request.html", row=row, state=access_shapes.tag(row),
        facts=access_shapes.facts(row, phone), lettered=row.kind != REGISTER,
        letters=[
            {"name": one.name, "url": url_for("files.view", file_id=one.id),
             "size": size_text(one.size), "at": ""}
            for one in letters
        ],
        may_mend=row.phase == AccessPhase.RETURNED, may_withdraw=row.phase in OPEN_ACCESS,
        granted=row.phase == AccessPhase.APPROVED,
    )  # fmt: skip


@blueprint.get("/account/requests/<int:request_id>/edit")
@for_users
def edit_access_request(request_id: int) -> str | BaseResponse:
    """Mend what came back."""
    row = _get(request_id)
    if row.phase != AccessPhase.RETURNED:
        return redirect(url_for("auth.access_request", request_id=row.id))
    draft = drafts.of(_key(row.kind, row), base_version=row.version)
    stored = {
        "uscc": row.uscc, "name": row.name, "district": row.district, **row.facts,
        "contact_name": row.contact_name, "contact_post": row.contact_post,
        "phone": service.phone(cipher(), row),
    }  # fmt: skip
    values = draft.values or stored
    fields = {LETTER: uploads.show(current_session(), LETTER, row)}
    return render_template(
        FORM, errors={}, values=values, uploads=fields, **_context(row.kind, row, values)
    )


@blueprint.post("/account/requests/<int:request_id>/edit")
@for_users
def resend_access_request(request_id: int) -> BaseResponse:
    """Send it again."""
    uploads.posted(LETTER)
    return once.once(_resend)(request_id)


def _resend(request_id: int) -> BaseResponse:
    session, actor = current_session(), current_actor()
    row = _get(request_id)
    try:
        service.revise(session, actor, cipher(), row, _filing(row.kind, row))
        if row.kind != REGISTER:
            uploads.posted(LETTER).attach(session, actor, row, required=True)
        access_decisions.send(session, actor, row)
    except Invalid as error:
        return _again(row.kind, row, error)
    drafts.done(_key(row.kind, row))
    flash("已重新提交。", "ok")
    return redirect(url_for("auth.access_request", request_id=row.id), 303)


@blueprint.post("/account/requests/<int:request_id>/withdraw")
@for_users
def withdraw_access_request(request_id: int) -> BaseResponse:
    """Take it back."""
    load(Nothing(), form_data())
    row = _get(request_id)
    access_decisions.act(
        current_session(), current_actor(), row, "access_withdraw", expected_version=row.version
    )
    flash("申请已撤回。", "ok")
    return redirect(url_for("auth.access_requests"), 303)
