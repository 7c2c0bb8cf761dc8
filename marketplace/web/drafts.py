"""Forms that lose nothing: saved while typing, restored later, compared when two windows clash.

A view shows a form with ``draft = drafts.of("case:12", base_version=case.version)`` and fills it
with ``draft.values`` when there are some; its template opens the form with
``<form … {{ draft_attrs(draft) }}>`` and puts ``{{ draft_bar(draft) }}`` on top. When the form has
taken effect, ``drafts.done("case:12")`` in the same transaction.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import current_session
from marketplace.errors import MarketplaceError
from marketplace.services.forms import drafts, submissions
from marketplace.services.forms.drafts import Draft, Saved, Text, Typed
from marketplace.web import limits
from marketplace.web.access import current_actor
from marketplace.web.access import signed_in as for_users
from marketplace.web.context import dt
from marketplace.web.errors import STATUS
from marketplace.web.forms import CSRF_FIELD, local_path
from marketplace.web.parts import cipher, database

blueprint = Blueprint("drafts", __name__, url_prefix="/drafts")

OWN = "draft_"
NEVER = (CSRF_FIELD, "form_key")
SECRET = "password"  # noqa: S105  a part of field names that are not kept


LABELS: dict[str, Mapping[str, str]] = {}
"""Labels of the fields of a form, by the part of its key before the colon: ``{"case": {…}}``."""


@dataclass(frozen=True)
class DraftField:
    """The draft of a form as its page needs it."""

    key: str
    version: int
    window: str
    base_version: int | None
    path: str
    user_id: int
    saved: str
    """When, in words; empty without a draft."""
    fields: Mapping[str, list[str]]
    clash: str
    """The address that shows both texts, when two windows clashed."""
    outdated: bool
    """The row was changed by somebody else since the draft was begun."""
    discard: str

    @property
    def values(self) -> dict[str, str]:
        """First values by field, as templates take them; empty without a draft."""
        return {name: texts[0] for name, texts in self.fields.items() if texts}

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be ticked more than once."""
        return list(self.fields.get(name, []))


def of(key: str, *, base_version: int | None = None) -> DraftField:
    """The draft of this user for the form ``key``; one without text if there is none."""
    actor = current_actor()
    found = drafts.find(current_session(), actor, cipher(), key)
    base: dict[str, Any] = {
        "key": key, "window": secrets.token_urlsafe(8), "path": request.path,
        "user_id": actor.user_id or 0,
    }  # fmt: skip
    if found is None:
        nothing: dict[str, Any] = {
            "version": 0, "saved": "", "fields": {}, "clash": "", "outdated": False, "discard": "",
        }  # fmt: skip
        return DraftField(**base, **nothing, base_version=base_version)
    return DraftField(
        **base, version=found.version, base_version=found.base_version, saved=dt(found.saved_at),
        fields=found.text.fields,
        clash=url_for("drafts.compare", draft_id=found.id) if found.rivals else "",
        outdated=base_version is not None and found.base_version not in (None, base_version),
        discard=url_for("drafts.discard", draft_id=found.id),
    )  # fmt: skip


def done(key: str) -> None:
    """The form has taken effect: its draft goes, in the running transaction, and what its window
    still saves or keeps in the browser counts no more.
    """
    session, actor = current_session(), current_actor()
    drafts.drop(session, actor, key)
    if window := _window(request.form):
        submissions.claim(session, actor, window, "")


@blueprint.post("")
@for_users
def save() -> Response:
    """Keep what was typed; 409 with the address of both texts when another window was faster, 410
    when the form was sent meanwhile.
    """
    actor = current_actor()
    limits.take("draft", str(actor.user_id), failing_open=True)
    typed = _typed()

    def keep(session: Session) -> Saved | None:
        if submissions.find(session, actor, typed.window) is not None:
            return None
        return drafts.save(session, actor, cipher(), typed)

    try:
        saved = _saved(keep)
    except MarketplaceError as error:
        return _refused(error.message, STATUS[type(error)])
    if saved is None:
        return _refused("这张表已经提交过，没有自动保存", 410)
    draft = saved.draft
    response = jsonify(
        version=draft.version, saved=dt(draft.saved_at),
        compare=url_for("drafts.compare", draft_id=draft.id) if saved.late else "",
    )  # fmt: skip
    response.status_code = 409 if saved.late else 200
    return response


def _refused(message: str, status: int) -> Response:
    response = jsonify(error=message)
    response.status_code = status
    return response


def _saved(work: Callable[[Session], Saved | None]) -> Saved | None:
    # In a transaction of its own: a late text is kept although the answer is a refusal.
    try:
        return database().run(work)
    except drafts.RETRIED:
        return database().run(work)


def _typed() -> Typed:
    given = request.form
    fields = {
        name: texts
        for name, texts in given.lists()
        if name not in NEVER and not name.startswith(OWN) and SECRET not in name
    }
    return Typed(
        key=given.get("draft_key", ""), version=_number(given.get("draft_version", "")) or 0,
        fields=fields, window=_window(given),
        path=local_path(given.get("draft_path"), ""),
        base_version=_number(given.get("draft_base", "")),
    )  # fmt: skip


def _window(given: Mapping[str, str]) -> str:
    return given.get("draft_window", "")[:40]


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


@blueprint.get("/token")
@for_users
def token() -> Response:
    """The forgery token of the present session, for a form that was opened before a new login."""
    return jsonify(user=current_actor().user_id, token=generate_csrf())


@blueprint.get("/sent")
@for_users
def sent() -> Response:
    """Whether the form of a window took effect, for the copy of what was typed in a browser."""
    found = submissions.find(current_session(), current_actor(), request.args.get("window", ""))
    return jsonify(sent=found is not None)


@blueprint.get("/<int:draft_id>")
@for_users
def compare(draft_id: int) -> str:
    """The texts of all windows side by side."""
    draft = drafts.get(current_session(), current_actor(), cipher(), draft_id)
    return render_template("drafts/compare.html", **_sides(draft))


def _sides(draft: Draft) -> dict[str, Any]:
    texts: list[Text] = [draft.text, *draft.rivals]
    known = LABELS.get(draft.key.partition(":")[0], {})
    names = [*known, *sorted({name for text in texts for name in text.fields} - set(known))]
    labels = {name: known.get(name, f"第{place}项") for place, name in enumerate(names, 1)}
    return {
        "draft_id": draft.id, "path": draft.text.path,
        "heads": [dt(datetime.fromisoformat(text.at)) for text in texts],
        "rows": versions_rows(labels, *[text.fields for text in texts]),
    }  # fmt: skip


def versions_rows(labels: Mapping[str, str], *sides: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the macro ``versions_table`` shows: one row per field that differs, in order of
    ``labels``; a side's value is a text or a list of texts."""
    rows = []
    for name, label in labels.items():
        cells = [_plain(side.get(name)) for side in sides]
        if len(set(cells)) > 1:
            rows.append({"label": label, "cells": cells})
    return rows


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


@blueprint.post("/<int:draft_id>/choose")
@for_users
def choose(draft_id: int) -> BaseResponse:
    """Go on with one of the texts."""
    number = _number(request.form.get("number", ""))
    draft = drafts.choose(
        current_session(), current_actor(), cipher(), draft_id, -1 if number is None else number
    )
    flash("已选用这一份，可以继续填写。", "ok")
    return redirect(local_path(draft.text.path, "/"), 303)


@blueprint.post("/<int:draft_id>/discard")
@for_users
def discard(draft_id: int) -> BaseResponse:
    """Give the draft up and start from what is stored."""
    drafts.discard(current_session(), current_actor(), draft_id)
    flash("已放弃没有提交的内容。", "ok")
    return redirect(local_path(request.form.get("to"), "/"), 303)
