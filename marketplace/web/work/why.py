"""The whole story of a place of the pool, for staff and auditors (F-A3)."""

from typing import Any

from flask import render_template, request, url_for

from marketplace.db import current_session
from marketplace.permissions import Permission, can
from marketplace.services.audit import why
from marketplace.services.profiles.catalogue import state_of
from marketplace.web import why_words
from marketplace.web.access import current_actor, needs
from marketplace.web.work import shapes
from marketplace.web.work.blueprint import blueprint

PAGE = 100


@blueprint.get("/memberships/<int:membership_id>/why")
@needs(Permission.WORK_READ)
def why_page(membership_id: int) -> str:
    """Each step with rule, version, data, documents, people and clock; filtered by group."""
    actor = current_actor()
    story = why.whole(current_session(), actor, membership_id)
    group = request.args.get("group", "")
    chosen = story.of_group(group).steps
    pages = max(1, -(-len(chosen) // PAGE))
    number = request.args.get("page", "")
    page = min(int(number), pages) if number.isdecimal() and int(number[:6]) > 0 else pages
    takes = can(actor, Permission.EVIDENCE_EXPORT)
    membership = story.membership
    return render_template(
        "work/why.html",
        organisation=membership.provider.organisation,
        membership=membership,
        place=why_words.place(membership),
        programme=membership.round.programme,
        state=shapes.tag(state_of(membership)),
        tabs=why_words.tabs(story, group, request.path),
        steps=[_line(step, takes) for step in chosen[(page - 1) * PAGE : page * PAGE]],
        cut=story.cut,
        page=page,
        pages=pages,
        link=lambda number: url_for(
            "work.why_page", membership_id=membership_id, page=number, group=group or None
        ),
    )


def _line(step: why.Step, takes: bool) -> dict[str, Any]:
    """Names of files are for those who may take the evidence; others read how many there are."""
    shown = why_words.line(step, staff=True)
    files = shown["files"]
    for file in files:
        file["url"] = url_for("files.download", file_id=file["id"])
    if files and not takes:
        shown["files"] = [{"name": f"{len(files)} 份", "url": ""}]
    return shown
