"""The enterprise's side of a thread: write, show whom to call, end it."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import InquiryParty
from marketplace.permissions import Permission
from marketplace.schemas.accounts import Nothing
from marketplace.schemas.inquiries import LABELS, LONGEST_TEXT, ContactForm, StepForm
from marketplace.services.files import files
from marketplace.services.inquiries import inquiries, inquiry_threads
from marketplace.services.inquiries.inquiry_threads import ENDED, FILES
from marketplace.web import drafts, inquiry_posts, inquiry_shapes, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load
from marketplace.web.me.blueprint import blueprint
from marketplace.web.parts import cipher
from marketplace.web.projects.views import with_files
from marketplace.web.work import once

PAGE = "me/inquiry_thread.html"


def _get(party_id: int) -> InquiryParty:
    return inquiries.party(current_session(), current_actor(), party_id)


def _context(row: InquiryParty) -> dict[str, Any]:
    session, actor = current_session(), current_actor()
    question = files.of(session, row.inquiry, inquiries.FILES)
    return {
        "party": row,
        "inquiry": row.inquiry,
        "provider": row.provider.organisation,
        "state": inquiry_shapes.state(row),
        "due": inquiry_shapes.due(row),
        "files": [inquiry_shapes.file_line(item) for item in question],
        "open": row.phase not in ENDED,
        "longest": LONGEST_TEXT,
        "labels": LABELS,
        "draft": drafts.of(inquiry_posts.draft_key(row)),
        **inquiry_shapes.thread(session, actor, row, "me.thread"),
    }


@blueprint.get("/inquiries/threads/<int:party_id>")
@needs(Permission.INQUIRY_SEND)
def thread(party_id: int) -> str:
    """What was said with one provider."""
    context = _context(_get(party_id))
    return render_template(
        PAGE, errors={}, values=context["draft"].values,
        uploads={FILES: uploads.show(current_session(), FILES)}, **context,
    )  # fmt: skip


def _again(error: Invalid | Conflict, party_id: int) -> Response:
    return inquiry_posts.again(PAGE, error, FILES, **_context(_get(party_id)))


@blueprint.post("/inquiries/threads/<int:party_id>")
@needs(Permission.INQUIRY_SEND)
@with_files(lambda party_id: FILES)
@once.once
def post_thread(party_id: int) -> Response:
    """Write into it."""
    try:
        inquiry_posts.post(_get(party_id))
    except (Invalid, Conflict) as error:
        return _again(error, party_id)
    flash("已发送。", "ok")
    return _back(party_id)


def _back(party_id: int) -> Response:
    return redirect(url_for("me.thread", party_id=party_id), 303)


@blueprint.post("/inquiries/threads/<int:party_id>/contact")
@needs(Permission.INQUIRY_SEND)
@with_files(lambda party_id: FILES)
@once.once
def show_contact(party_id: int) -> Response:
    """Show this provider whom to call."""
    session, actor = current_session(), current_actor()
    row = _get(party_id)
    try:
        data = load(ContactForm(), once.fields())
        inquiry_threads.show_contact(
            session, actor, cipher(), row, name=data["name"], phone=data["phone"]
        )
    except (Invalid, Conflict) as error:
        return _again(error, party_id)
    flash("已向这家服务商出示联系方式。", "ok")
    return _back(party_id)


@blueprint.post("/inquiries/threads/<int:party_id>/contact/hide")
@needs(Permission.INQUIRY_SEND)
@once.once
def hide_contact(party_id: int) -> Response:
    """Take it back."""
    row = _get(party_id)
    load(Nothing(), once.fields())
    inquiry_threads.hide_contact(current_session(), current_actor(), row)
    flash("已收回联系方式。", "ok")
    return _back(party_id)


@blueprint.post("/inquiries/threads/<int:party_id>/close")
@needs(Permission.INQUIRY_SEND)
@with_files(lambda party_id: FILES)
@once.once
def close_thread(party_id: int) -> Response:
    """End it with this provider."""
    row = _get(party_id)
    try:
        data = load(StepForm(), once.fields())
        inquiries.close(
            current_session(), current_actor(), row, reason=data["reason"],
            expected_version=data["version"],
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _again(error, party_id)
    flash("咨询已结束。", "ok")
    return _back(party_id)
