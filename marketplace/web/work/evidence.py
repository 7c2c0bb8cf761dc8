"""The evidence package of a place: with masked numbers, or with full ones for a reason."""

from typing import IO

from flask import Response, render_template, send_file
from werkzeug.wrappers import Response as BaseResponse

from marketplace.crypto import Cipher
from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.permissions import Permission
from marketplace.schemas.accounts import ReasonForm
from marketplace.services.audit import why
from marketplace.services.audit.why import Story
from marketplace.services.pool import evidence
from marketplace.services.pool.evidence import Entry
from marketplace.web import limits, security_log, why_words
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import cipher
from marketplace.web.uploads import storage
from marketplace.web.work.blueprint import blueprint

PAGE = "work/evidence.html"


def _story(membership_id: int) -> Story:
    return why.whole(current_session(), current_actor(), membership_id)


@blueprint.get("/memberships/<int:membership_id>/evidence")
@needs(Permission.EVIDENCE_EXPORT)
def evidence_form(membership_id: int) -> str:
    """What is in the package, and the two ways to take it."""
    return render_template(PAGE, errors={}, values={}, story=_story(membership_id))


@blueprint.get("/memberships/<int:membership_id>/evidence.zip")
@needs(Permission.EVIDENCE_EXPORT)
def evidence_zip(membership_id: int) -> Response:
    """The package; every telephone number in it is masked."""
    limits.take("export", str(current_actor().user_id))
    story = _story(membership_id)
    packed = _build(story, None)
    security_log.note("export", "ok", object_=f"evidence of memberships/{membership_id}")
    return _answer(packed, membership_id)


@blueprint.post("/memberships/<int:membership_id>/evidence")
@needs(Permission.EVIDENCE_FULL_EXPORT)
def evidence_full(membership_id: int) -> BaseResponse:
    """The package with full numbers: the reason and who took it stay in the history."""
    limits.take("unmask", str(current_actor().user_id))
    story = _story(membership_id)
    try:
        reason: str = load(ReasonForm(), form_data())["reason"]
        evidence.open_numbers(current_session(), current_actor(), story, reason)
    except Invalid as error:
        return page_again(PAGE, error, story=story)
    packed = _build(story, cipher())
    security_log.note("unmask", "ok", object_=f"evidence of memberships/{membership_id}")
    return _answer(packed, membership_id)


def _build(story: Story, opened: Cipher | None) -> IO[bytes]:
    page = render_template(
        "documents/why.html",
        story=story,
        place=why_words.place(story.membership),
        steps=[why_words.line(step, staff=True) for step in story.steps],
    )
    text = page if opened else evidence.masked(page)
    pages = [Entry("timeline.html", "每一步，供阅读和打印", text.encode())]
    return evidence.build(
        current_session(), current_actor(), story, storage=storage(), pages=pages, cipher=opened
    )


def _answer(packed: IO[bytes], membership_id: int) -> Response:
    answer = send_file(
        packed, mimetype="application/zip", as_attachment=True,
        download_name=f"证据包-{membership_id}.zip",
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer
