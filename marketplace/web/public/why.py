"""Why a place of the pool stands where it stands, for everybody: no person is named (F-A3)."""

from flask import render_template, request

from marketplace.db import current_session
from marketplace.services.audit import why
from marketplace.services.profiles.catalogue import state_of
from marketplace.web import why_words
from marketplace.web.access import public
from marketplace.web.public import blueprint
from marketplace.web.public.parts import standing_tag


@blueprint.get("/providers/<int:provider_id>/why/<int:membership_id>")
@public
def why_page(provider_id: int, membership_id: int) -> str:
    """Every public step of one place, also after its exit."""
    story = why.public(current_session(), provider_id, membership_id)
    group = request.args.get("group", "")
    membership = story.membership
    return render_template(
        "public/why.html",
        organisation=membership.provider.organisation,
        membership=membership,
        programme=membership.round.programme,
        place=why_words.place(membership),
        standing=standing_tag(state_of(membership)),
        tabs=why_words.tabs(story, group, request.path),
        steps=[why_words.line(step, staff=False) for step in story.of_group(group).steps],
    )
