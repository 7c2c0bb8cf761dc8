"""A form that arrives after its session ended is kept, files included, and sent after login."""

import re

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import SAFE_METHODS, current_session
from marketplace.errors import MarketplaceError
from marketplace.permissions import Actor
from marketplace.services.accounts import sessions
from marketplace.services.accounts.session_lookup import Found
from marketplace.services.forms import held_forms
from marketplace.services.uploads import slots
from marketplace.web import uploads
from marketplace.web.access import before_refusal, current_actor, wants_json
from marketplace.web.access import signed_in as for_users
from marketplace.web.context import dt
from marketplace.web.forms import CSRF_FIELD, local_path
from marketplace.web.parts import cipher, database
from marketplace.web.sessions import signed_in

blueprint = Blueprint("held", __name__, url_prefix="/resume")

SECRET = "password"  # noqa: S105  a part of field names that are not kept
REPLACED = re.compile(r"([a-z][a-z0-9_]{0,29})-replace-(\d+)")
UNHELD = ("uploads.upload", "drafts.save", "auth.sign_out")
"""Answered to scripts, or not worth coming back to."""


def _hold() -> None:
    """Keep the form of this request for the user whose session has just ended."""
    ended: Found | None = g.get("ended")
    if (
        ended is None
        or ended.user is None
        or request.method in SAFE_METHODS
        or request.endpoint in UNHELD
        or wants_json()
    ):
        return
    actor = sessions.actor_of(ended.user, ended.grant)
    url = keep_form(actor, ended.user.id, ended.grant.id if ended.grant else None)
    if url:
        g.held_form = url


def keep_form(actor: Actor, user_id: int, grant_id: int | None) -> str:
    """Keep the form of this request; answers the address that leads back to it, empty = none.

    Call it before the first query of the request.
    """
    pairs = [
        (name, text)
        for name, text in request.form.items(multi=True)
        if name != CSRF_FIELD and SECRET not in name
    ]
    pairs += _files(actor)

    def keep(session: Session) -> str:
        return held_forms.hold(
            session, cipher(), user_id=user_id, grant_id=grant_id,
            path=request.full_path.rstrip("?"), pairs=pairs,
        )  # fmt: skip

    token = database().run(keep)
    return url_for("held.show", token=token) if token else ""


def _files(actor: Actor) -> list[tuple[str, str]]:
    """Files of the form as drafts; what is refused is asked for again after login."""
    pairs = []
    for name, stream in request.files.items(multi=True):
        replaced = REPLACED.fullmatch(name)
        slot = slots.rules().slots.get(replaced.group(1) if replaced else name)
        if slot is None or not stream.filename:
            continue
        try:
            token = uploads.token_of(uploads.keep(actor, stream, slot))
        except MarketplaceError:
            continue
        field = f"{slot.name}-swap-{replaced.group(2)}" if replaced else f"{slot.name}-kept"
        pairs.append((field, token))
    return pairs


@blueprint.get("/<token>")
@for_users
def show(token: str) -> str:
    """The kept form, to be sent now with the present session's own forgery token."""
    held = held_forms.find(current_session(), current_actor(), cipher(), token)
    user = signed_in()
    return render_template(
        "drafts/held.html", path=local_path(held.path), pairs=held.pairs, at=dt(held.at),
        token=token, same_role=user is not None and user.grant_id == held.grant_id,
    )  # fmt: skip


@blueprint.post("/<token>/discard")
@for_users
def discard(token: str) -> BaseResponse:
    """Give it up."""
    held_forms.drop(current_session(), current_actor(), token)
    flash("已放弃没有提交的内容。", "ok")
    return redirect("/", 303)


def init_app(app: Flask) -> None:
    """Be asked before a sender is told to sign in."""
    if _hold not in before_refusal:
        before_refusal.append(_hold)
