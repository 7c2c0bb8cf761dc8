"""Writing into the thread of an enquiry, and the form that comes back: the same for both sides."""

from typing import Any

from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import InquiryParty
from marketplace.schemas.inquiries import PostForm
from marketplace.services.inquiries import inquiry_threads
from marketplace.services.inquiries.inquiry_threads import FILES
from marketplace.web import drafts, inquiry_shapes, uploads
from marketplace.web.access import current_actor
from marketplace.web.forms import load
from marketplace.web.work import once


def draft_key(row: InquiryParty) -> str:
    """The draft of what somebody is writing into this thread."""
    return f"inquiry_post:{row.id}"


def post(row: InquiryParty) -> None:
    """Write what was sent, with its files. Raises Invalid or Conflict, then nothing stands."""
    session, actor = current_session(), current_actor()
    text = load(PostForm(), once.fields())["text"]
    with session.begin_nested():  # the page that comes back must not show half of it
        message = inquiry_threads.post(session, actor, row, text)
        uploads.posted(FILES).attach(session, actor, message)
    drafts.done(draft_key(row))


def again(template: str, error: Invalid | Conflict, slot: str, **context: Any) -> Response:
    """The form once more, with its words and uploads: 422, or 409 for a conflict."""
    fields, status = inquiry_shapes.refused(error)
    page = uploads.again(
        template, Invalid(error.message, fields=fields), uploads.posted(slot), **context
    )
    page.status_code = status
    return page
