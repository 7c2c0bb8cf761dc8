"""One action on many memberships: choose, see what happens to whom, do it, read the report."""

from typing import Any

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.permissions import Permission
from marketplace.programmes.workflows import Transition
from marketplace.schemas.pool import BulkForm, BulkQuery
from marketplace.services.forms import submissions
from marketplace.services.pool import bulk
from marketplace.services.pool.bulk import Planned
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.work import once, shapes
from marketplace.web.work.actions import decision_of, fields_of
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.memberships import VERBS


@blueprint.get("/memberships/bulk/<key>")
@needs(Permission.WORK_READ)
def bulk_report(key: str) -> str:
    """What happened to whom."""
    row = submissions.find(current_session(), current_actor(), key)
    if row is None or not row.report:
        raise NotFound
    lines = [
        {**line, "url": url_for("work.membership", membership_id=line["id"])} for line in row.report
    ]
    return render_template("work/bulk_report.html", lines=lines)


def _page(action: str, ids: list[int]) -> dict[str, Any]:
    planned = bulk.plan(current_session(), current_actor(), action, ids)
    first = next((item for item in planned if item.possible and item.transition), None)
    known = [shapes.transitions(item.membership.round).get(action) for item in planned]
    named = first.transition if first else next((item for item in known if item), None)
    if named is None:
        raise NotFound("没有这个操作")
    return {
        "action": action,
        "label": named.label,
        "lines": [_line(item) for item in planned],
        "possible": sum(item.possible for item in planned),
        "run_url": url_for(f"work.bulk_{_verb_of(named)}", action=action),
        **(fields_of(first.membership, named) if first else {"transition": named}),
    }


def _verb_of(transition: Transition) -> str:
    return transition.by.partition(":")[2]


def _line(item: Planned) -> dict[str, Any]:
    effect = item.consequence
    return {
        **shapes.membership(item.membership),
        "cell": item.membership.quota.label,
        "after": shapes.tag(effect.after) if effect else None,
        "texts": effect.texts[1:] if effect else (),
        "possible": item.possible,
        "reasons": item.reasons,
    }


def _plan(verb: str) -> Any:
    def plan(action: str) -> str:
        """What would happen to whom; nothing is written."""
        query = load(BulkQuery(), form_data(("id",)))
        page = _page(action, query["id"])
        if page["transition"].by != VERBS[verb]:
            raise NotFound("没有这个操作")
        return render_template("work/bulk.html", errors={}, values={}, **page)

    return plan


def _run(verb: str) -> Any:
    def run(action: str) -> Response:
        session, actor = current_session(), current_actor()
        data = load(BulkForm(), once.fields(("item",)))
        planned = bulk.plan(session, actor, action, list(data["item"]))
        if any(item.transition and item.transition.by != VERBS[verb] for item in planned):
            raise NotFound("没有这个操作")
        row = once.submission()
        try:
            decision = decision_of(data)
            row.report = bulk.run(session, actor, action, data["item"], decision)
        except Invalid as error:
            return page_again("work/bulk.html", error, **_page(action, list(data["item"])))
        return redirect(url_for("work.bulk_report", key=row.key), 303)

    return run


for _verb, _permission in VERBS.items():
    blueprint.add_url_rule(
        f"/memberships/bulk/{_verb}/<action>/plan",
        f"bulk_{_verb}_plan",
        needs(_permission)(_plan(_verb)),
        methods=["POST"],
    )
    blueprint.add_url_rule(
        f"/memberships/bulk/{_verb}/<action>",
        f"bulk_{_verb}",
        needs(_permission)(once.once(_run(_verb))),
        methods=["POST"],
    )
