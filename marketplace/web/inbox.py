"""消息: what a user was told, and how he wants to be told by mail. Open to whoever is signed in."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import Message
from marketplace.services.inbox import inbox, message_kinds
from marketplace.web.access import current_actor
from marketplace.web.access import signed_in as for_users
from marketplace.web.context import dt
from marketplace.web.forms import form_data, local_path, page_again

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")

DELIVERIES = {"now": "立即发邮件", "digest": "每天汇总一封", "none": "不发邮件"}
LAST_PAGE = 9999


@blueprint.get("")
@for_users
def index() -> str:
    """The list, newest first; unread ones or one kind if wanted."""
    unread = request.args.get("unread") == "1"
    kinds = message_kinds.kinds().by_name
    kind = request.args.get("kind", "")
    kind = kind if kind in kinds else ""
    number = request.args.get("page", "1")
    page = min(max(int(number), 1), LAST_PAGE) if number.isdecimal() and len(number) < 6 else 1
    found = inbox.listed(current_session(), current_actor(), unread=unread, kind=kind, page=page)

    def link(to: int) -> str:
        given = {"unread": "1" if unread else None, "kind": kind or None, "page": to}
        return url_for("inbox.index", **given)  # type: ignore[arg-type]

    return render_template(
        "inbox/index.html",
        messages=[{**_shape(message), "place": place} for message, place in found.messages],
        total=found.total, page=page, pages=found.pages, link=link, unread=unread, kind=kind,
        kinds=[(name, rule.label) for name, rule in kinds.items()],
    )  # fmt: skip


@blueprint.get("/<int:message_id>")
@for_users
def message(message_id: int) -> str:
    """One message; letters lead here."""
    row = inbox.get(current_session(), current_actor(), message_id)
    return render_template("inbox/message.html", message=_shape(row))


@blueprint.post("/<int:message_id>/open")
@for_users
def open_message(message_id: int) -> BaseResponse:
    """Note it as read and go where something can be done about it."""
    row = inbox.read(current_session(), current_actor(), message_id)
    there = url_for("inbox.message", message_id=row.id)
    return redirect(local_path(row.url, there), 303)


@blueprint.post("/read")
@for_users
def read_all() -> BaseResponse:
    """Note everything as read."""
    count = inbox.read_all(current_session(), current_actor())
    flash(f"已把 {count} 条消息标为已读。", "ok")
    return redirect(url_for("inbox.index"), 303)


@blueprint.get("/choices")
@for_users
def choices() -> str:
    """How each kind is mailed."""
    chosen = inbox.choices(current_session(), current_actor())
    return render_template("inbox/choices.html", errors={}, **_choices(chosen))


@blueprint.post("/choices")
@for_users
def choose() -> BaseResponse | Response:
    """Keep the choice."""
    wanted = form_data()
    try:
        inbox.choose(current_session(), current_actor(), wanted)
    except Invalid as error:
        chosen = inbox.choices(current_session(), current_actor())
        return page_again("inbox/choices.html", error, **_choices(chosen))
    flash("已保存。", "ok")
    return redirect(url_for("inbox.choices"), 303)


def _choices(chosen: dict[str, str]) -> dict[str, Any]:
    rules = message_kinds.kinds()
    return {
        "rows": [
            {
                "name": name, "label": rule.label, "must": rule.must, "chosen": chosen[name],
                "options": [(choice, DELIVERIES[choice]) for choice in rule.choices],
            }
            for name, rule in rules.by_name.items()
        ],
        "digest_at": f"{rules.digest_at:%H:%M}",
    }  # fmt: skip


def _shape(row: Message) -> dict[str, Any]:
    kind = message_kinds.kinds().by_name.get(row.kind)
    return {
        "id": row.id, "title": row.title, "text": row.text, "at": dt(row.created_at),
        "unread": row.read_at is None, "kind": kind.label if kind else "",
        "leads": bool(row.url), "place": "",
    }  # fmt: skip
