"""群发通知: write, look at it as one recipient gets it, and only then send."""

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.permissions import Permission
from marketplace.services.inbox import letters
from marketplace.services.inbox.letters import Audience, Recipient
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import page_again
from marketplace.web.work.once import once

blueprint = Blueprint("letters", __name__, url_prefix="/work/letters")

TEMPLATE = "letters/new.html"


@blueprint.get("/new")
@needs(Permission.LETTER_SEND)
def new() -> str:
    """The form."""
    return render_template(TEMPLATE, errors={}, values={}, **_choices())


@blueprint.post("/preview")
@needs(Permission.LETTER_SEND)
def preview() -> str | Response:
    """The letter with the data of one recipient, and who gets it."""
    sent = _sent()
    if request.form.get("edit"):
        return render_template(TEMPLATE, errors={}, values=sent, **_choices())
    try:
        letters.check(sent["title"], sent["text"])
        if not sent["reason"]:
            raise Invalid(fields={"reason": ["请填写发送依据或理由"]})
        found = letters.recipients(current_session(), current_actor(), _audience(sent))
        if not any(one.readers for one in found):
            raise Invalid(fields={"segment": ["没有收件人：这些服务商都还没有账号"]})
    except Invalid as error:
        return page_again(TEMPLATE, error, **_choices())
    chosen = _chosen(found)
    reader = chosen.readers[0][1] if chosen.readers else "（没有账号）"
    words = letters.rendered(sent["title"], sent["text"], chosen.facts(reader))
    return render_template(
        "letters/preview.html", values=sent, words=words, chosen=chosen, recipients=found,
        readers=sum(len(one.readers) for one in found),
        form_key=secrets.token_urlsafe(16),
        silent=[one.name for one in found if not one.readers], errors={},
    )  # fmt: skip


@blueprint.post("")
@needs(Permission.LETTER_SEND)
@once
def send() -> Response:
    """Send it to everybody in the audience."""
    sent = _sent()
    try:
        event = letters.send(
            current_session(), current_actor(), title=sent["title"], text=sent["text"],
            audience=_audience(sent), reason=sent["reason"],
        )  # fmt: skip
    except Invalid as error:
        return page_again(TEMPLATE, error, **_choices())
    count = event.diff["letter_readers"]
    flash(f"已发给 {event.diff['letter_to']} 家服务商的 {count} 个账号。", "ok")
    return redirect(url_for("letters.new"), 303)


def _sent() -> dict[str, str]:
    names = ("title", "text", "segment", "type", "reason")
    return {name: request.form.get(name, "").strip().replace("\r\n", "\n") for name in names}


def _audience(sent: dict[str, str]) -> Audience:
    return Audience(segment=sent["segment"], type=sent["type"])


def _chosen(found: Any) -> Recipient:
    wanted = request.form.get("recipient", "")
    rows = [one for one in found if one.readers] or list(found)
    chosen: Recipient = next((one for one in found if str(one.organisation_id) == wanted), rows[0])
    return chosen


def _choices() -> dict[str, Any]:
    words = vocabulary()
    return {
        "segments": [(term.code, term.name) for term in words.options("segment")],
        "types": [(term.code, term.name) for term in words.options("provider_type")],
        "places": letters.PLACES,
    }
