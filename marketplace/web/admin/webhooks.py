"""Webhooks: addresses that are told about events, their secrets, and the log of messages."""

from typing import Any

from flask import flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace import outbox
from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import WebhookEndpoint
from marketplace.permissions import Permission
from marketplace.programmes import webhook_kinds
from marketplace.schemas.accounts import Nothing, ReasonForm
from marketplace.schemas.operating import PageQuery
from marketplace.schemas.webhooks import DeliveriesQuery, endpoint_form
from marketplace.services.webhooks import deliveries, endpoints
from marketplace.services.webhooks.endpoints import Wanted
from marketplace.web.access import current_actor, needs
from marketplace.web.admin import webhook_shapes as shapes
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.lists import page_of
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.parts import cipher, settings
from marketplace.web.work import once
from marketplace.workflow import available

LIST, FORM, PAGE = "admin/webhooks.html", "admin/webhook_form.html", "admin/webhook.html"
LISTS = ("kinds", "programmes")
PING = webhook_kinds.PING


@blueprint.get("/webhooks")
@needs(Permission.WEBHOOK_MANAGE)
def webhooks() -> str:
    """The addresses, and what stands in the way of sending."""
    return render_template(LIST, errors={}, values={}, **_list())


@blueprint.post("/webhooks/retry")
@needs(Permission.WEBHOOK_MANAGE)
@once.once
def webhook_retry() -> Response:
    """Let events that could not be handled run again."""
    try:
        reason = load(ReasonForm(), once.fields())["reason"]
    except Invalid as error:
        return page_again(LIST, error, **_list())
    count = deliveries.retry_parked(current_session(), current_actor(), reason=reason)
    flash(f"已重新排队 {count} 件。" if count else "没有搁置的事件。", "ok" if count else "info")
    return redirect(url_for("admin.webhooks"), 303)


@blueprint.get("/webhooks/new")
@needs(Permission.WEBHOOK_MANAGE)
@recently_confirmed
def webhook_new() -> str:
    """The empty form."""
    values = {"kinds": list(webhook_kinds.rules().kinds)}
    return render_template(FORM, errors={}, values=values, **_form(None))


@blueprint.post("/webhooks/new")
@needs(Permission.WEBHOOK_MANAGE)
@recently_confirmed
@once.once
def webhook_create() -> Response:
    """Enter an address and show its secret, this once."""
    typed = once.fields(LISTS)
    try:
        data = load(endpoint_form(webhook_kinds.rules().kinds, shapes.programme_names()), typed)
        row, secret = endpoints.create(
            current_session(), current_actor(), cipher(), settings(), Wanted(**data)
        )
    except Invalid as error:
        return _again(error, None, typed)
    return _secret(row, secret, "接收地址已登记")


@blueprint.get("/webhooks/<int:endpoint_id>")
@needs(Permission.WEBHOOK_MANAGE)
def webhook(endpoint_id: int) -> str:
    """One address: facts, steps, and the log of its messages."""
    return render_template(PAGE, errors={}, values={}, **_page(_get(endpoint_id)))


@blueprint.get("/webhooks/<int:endpoint_id>/edit")
@needs(Permission.WEBHOOK_MANAGE)
@recently_confirmed
def webhook_edit(endpoint_id: int) -> str:
    """The form with what is entered."""
    row = _get(endpoint_id)
    values = {name: getattr(row, name) for name in ("name", "url", *LISTS, "version")}
    return render_template(FORM, errors={}, values=values, **_form(row))


@blueprint.post("/webhooks/<int:endpoint_id>/edit")
@needs(Permission.WEBHOOK_MANAGE)
@recently_confirmed
@once.once
def webhook_save(endpoint_id: int) -> Response:
    """Change what is entered."""
    row, typed = _get(endpoint_id), once.fields(LISTS)
    try:
        known = (webhook_kinds.rules().kinds, shapes.programme_names())
        data = load(endpoint_form(*known, edited=True), typed)
        expected = data.pop("version")
        changed = endpoints.edit(
            current_session(), current_actor(), settings(), row, Wanted(**data),
            expected_version=expected,
        )  # fmt: skip
    except Invalid as error:
        return _again(error, row, typed)
    return _back(row, "已保存。" if changed else "没有改动。")


@blueprint.post("/webhooks/<int:endpoint_id>/pause")
@needs(Permission.WEBHOOK_MANAGE)
@recently_confirmed
@once.once
def webhook_pause(endpoint_id: int) -> Response:
    """Send nothing for the time being."""
    row = _get(endpoint_id)
    try:
        reason = load(ReasonForm(), once.fields())["reason"]
    except Invalid as error:
        return page_again(PAGE, error, **_page(row))
    endpoints.act(current_session(), current_actor(), row, "webhook_pause", reason=reason)
    return _back(row, "已暂停。暂停期间新发生的事件不再补发。")


@blueprint.post("/webhooks/<int:endpoint_id>/resume")
@needs(Permission.WEBHOOK_MANAGE)
@recently_confirmed
@once.once
def webhook_resume(endpoint_id: int) -> Response:
    """Send again."""
    load(Nothing(), once.fields())
    row = _get(endpoint_id)
    endpoints.act(current_session(), current_actor(), row, "webhook_resume")
    return _back(row, "已恢复推送。")


@blueprint.post("/webhooks/<int:endpoint_id>/secret")
@needs(Permission.WEBHOOK_MANAGE)
@recently_confirmed
@once.once
def webhook_secret(endpoint_id: int) -> Response:
    """Replace the secret and show the new one, this once."""
    row = _get(endpoint_id)
    data = once.fields()
    try:
        # A name of its own: the page asks for another reason beside it.
        reason = load(ReasonForm(), {"reason": data.pop("why", ""), **data})["reason"]
    except Invalid as error:
        error.fields = {"why" if name == "reason" else name: t for name, t in error.fields.items()}
        return page_again(PAGE, error, **_page(row))
    secret = endpoints.replace_secret(
        current_session(), current_actor(), cipher(), row, reason=reason
    )
    return _secret(row, secret, "密钥已更换")


@blueprint.post("/webhooks/<int:endpoint_id>/ping")
@needs(Permission.WEBHOOK_MANAGE)
@once.once
def webhook_ping(endpoint_id: int) -> Response:
    """Send a test message."""
    load(Nothing(), once.fields())
    made = deliveries.ping(current_session(), current_actor(), _get(endpoint_id))
    flash("测试消息已排队，几秒后刷新可以看到结果。", "ok")
    return redirect(
        url_for("admin.webhook_delivery", endpoint_id=endpoint_id, delivery_id=made.id), 303
    )


@blueprint.get("/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>")
@needs(Permission.WEBHOOK_MANAGE)
def webhook_delivery(endpoint_id: int, delivery_id: int) -> str:
    """One message with every try."""
    session, actor = current_session(), current_actor()
    endpoint = _get(endpoint_id)
    row = deliveries.get(session, actor, endpoint_id, delivery_id)
    return render_template(
        "admin/webhook_delivery.html",
        endpoint=endpoint,
        row=row,
        line=shapes.delivery(row),
        next_try=shapes.next_try(row, endpoint),
        ended=deliveries.state_of(row) != deliveries.WAITING,
        sending=_pausable(endpoint),
        attempts=[shapes.attempt(item) for item in deliveries.attempts(session, row)],
    )


@blueprint.post("/webhooks/<int:endpoint_id>/deliveries/<int:delivery_id>/again")
@needs(Permission.WEBHOOK_MANAGE)
@once.once
def webhook_again(endpoint_id: int, delivery_id: int) -> Response:
    """Send a message once more."""
    load(Nothing(), once.fields())
    session, actor = current_session(), current_actor()
    deliveries.again(session, actor, deliveries.get(session, actor, endpoint_id, delivery_id))
    flash("已重新排队，消息编号不变。", "ok")
    return redirect(
        url_for("admin.webhook_delivery", endpoint_id=endpoint_id, delivery_id=delivery_id), 303
    )


def _list() -> dict[str, Any]:
    session = current_session()
    query = load(PageQuery(), query_data())
    found = page_of(endpoints.listed(current_actor()), query["page"])
    return {
        "found": found,
        "rows": shapes.lines(session, found.rows),
        "origins": settings().webhook_origins,
        "parked": outbox.status(session, outbox.WEBHOOK).parked,
    }


def _get(endpoint_id: int) -> WebhookEndpoint:
    return endpoints.get(current_session(), current_actor(), endpoint_id)


def _pausable(row: WebhookEndpoint) -> bool:
    return any(step.action == "webhook_pause" for step in available(row, current_actor()))


def _page(row: WebhookEndpoint) -> dict[str, Any]:
    query = load(DeliveriesQuery(), query_data())
    labels = {PING: webhook_kinds.rules().label(PING), **webhook_kinds.rules().kinds}
    query["state"] = query["state"] if query["state"] in deliveries.STATES else ""
    query["kind"] = query["kind"] if query["kind"] in labels else ""
    found = page_of(
        deliveries.listed(current_actor(), row, state=query["state"], kind=query["kind"]),
        query["page"],
    )
    return {
        "endpoint": row,
        "state": shapes.state(row),
        "chosen": shapes.chosen(row),
        "allowed": settings().tells(row.url),
        "sending": _pausable(row),
        "hours": int(webhook_kinds.rules().former_secret.total_seconds() // 3600),
        "query": query,
        "states": [(code, label) for code, (_, _, label) in shapes.STATES.items()],
        "kinds": list(labels.items()),
        "found": found,
        "rows": [shapes.delivery(item) for item in found.rows],
    }


def _form(row: WebhookEndpoint | None) -> dict[str, Any]:
    return {
        "endpoint": row,
        "origins": settings().webhook_origins,
        "kinds": list(webhook_kinds.rules().kinds.items()),
        "programmes": list(shapes.programme_names().items()),
    }


def _again(error: Invalid, row: WebhookEndpoint | None, typed: dict[str, Any]) -> Response:
    return page_again(FORM, error, **_form(row), ticked=typed)


def _secret(row: WebhookEndpoint, secret: str, title: str) -> Response:
    # Sent again, the form leads to the address: the secret is shown once only.
    once.submission().location = url_for("admin.webhook", endpoint_id=row.id)
    return make_response(
        render_template("admin/webhook_secret.html", endpoint=row, secret=secret, title=title)
    )


def _back(row: WebhookEndpoint, text: str) -> Response:
    flash(text, "ok")
    return redirect(url_for("admin.webhook", endpoint_id=row.id), 303)
