"""Enquiries and their threads as pages show them, for whichever side looks."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import make_response, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.models import InquiryMessage, InquiryParty, StoredFile
from marketplace.models.inquiries import ENTERPRISE_SIDE
from marketplace.permissions import Actor
from marketplace.phases import UNANSWERED
from marketplace.programmes import nouns
from marketplace.schemas.inquiries import LABELS
from marketplace.services.inquiries import inquiry_rules, inquiry_threads
from marketplace.web import drafts
from marketplace.web.context import dt
from marketplace.web.parts import cipher
from marketplace.web.uploads import size_text
from marketplace.web.work.shapes import tag

POSTS = 50
"""Posts on one page of a thread; the last page is shown first."""

for _form in ("inquiry", "inquiry_post", "demand", "demand_answer"):
    drafts.LABELS[_form] = LABELS


def state(row: Any, noun: str = inquiry_rules.NOUN, *, staff: bool = False) -> dict[str, str]:
    """The state as status_tag takes it."""
    return tag(nouns.workflow(noun).state(row.state), staff=staff)


def due(row: InquiryParty) -> dict[str, Any]:
    """The last day for the answer, and whether it is over while nobody answered."""
    return {
        "day": f"{clock.last_day(row.reply_by):%Y-%m-%d}",
        "late": row.phase in UNANSWERED and row.reply_by <= clock.now(),
        "waiting": row.phase in UNANSWERED,
        "answered_late": row.answered_at is not None and row.answered_at >= row.reply_by,
    }


def page_number() -> int:
    """The page in the address, 1 without one, 0 for the last."""
    given = request.args.get("page", "")
    return int(given) if given.isdecimal() and len(given) < 5 else 0


def file_line(row: StoredFile) -> dict[str, Any]:
    """A file as file_list takes it."""
    return {
        "name": row.name, "url": url_for("files.view", file_id=row.id),
        "size": size_text(row.size), "at": dt(row.uploaded_at), "version": row.version,
    }  # fmt: skip


def thread(session: Session, actor: Actor, row: InquiryParty, endpoint: str) -> dict[str, Any]:
    """One page of the posts of a thread, with who wrote and what was attached."""
    total = inquiry_threads.number(session, row)
    pages = max(1, -(-total // POSTS))
    page = min(page_number() or pages, pages)
    query = inquiry_threads.messages(row).limit(POSTS).offset((page - 1) * POSTS)
    rows = session.scalars(query).all()
    attached = inquiry_threads.attached(session, rows)
    return {
        "posts": [_post(item, row, attached) for item in rows],
        "posts_total": total,
        "posts_page": page,
        "posts_pages": pages,
        "posts_link": lambda number: url_for(endpoint, party_id=row.id, page=number),
        "contact": inquiry_threads.contact(actor, cipher(), row),
    }


def _post(
    item: InquiryMessage, row: InquiryParty, attached: Mapping[int, Sequence[StoredFile]]
) -> dict[str, Any]:
    own = item.side == ENTERPRISE_SIDE
    organisation = row.inquiry.organisation if own else row.provider.organisation
    return {
        "side": item.side, "who": organisation.name, "at": dt(item.created_at),
        "text": item.text, "files": [file_line(file) for file in attached.get(item.id, [])],
    }  # fmt: skip


def refused(error: Invalid | Conflict) -> tuple[dict[str, list[str]], int]:
    """What a form says of an error, and the status: a step that cannot be taken is told in the
    form as well, so that nothing typed is lost."""
    if isinstance(error, Invalid):
        return error.fields or {"form": [error.message]}, 422
    reasons = [f"{text}。{error.remedy}" for text in error.reasons]
    return {"form": reasons}, 409


def answer(page: str, status: int) -> Response:
    """A page with a status."""
    response = make_response(page)
    response.status_code = status
    return response


def typed() -> dict[str, str]:
    """What the form holds, for showing it again."""
    return {name: text for name, text in request.form.items() if "password" not in name}
