"""One action on one membership: a form that tells the effect first, then the deed.

Every permission has an address of its own, ``/memberships/12/remove/expire``, so that a route
names what it needs while the actions themselves stay the business of programme files.
"""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Membership
from marketplace.permissions import Permission, can
from marketplace.phases import PUBLIC_PHASES, StandingPhase
from marketplace.programmes.workflows import Transition
from marketplace.schemas.pool import DecisionForm
from marketplace.services.pool import consequences, pool_board
from marketplace.services.pool.memberships import Decision
from marketplace.services.proceedings import proceedings_direct
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import load, page_again
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.memberships import VERBS, get

LABELS = {
    "reason": "理由",
    "reason_code": "原因",
    "document_no": "依据文号",
    "rectify_by": "整改期限",
    "public_reason": "对外说明",
}


def decision_of(data: dict[str, Any]) -> Decision:
    """The decision that a checked form holds."""
    return Decision(
        why={
            "reason_code": data["reason_code"],
            "reason": data["reason"],
            "document_no": data["document_no"],
        },
        rectify_by=data["rectify_by"],
        public_reason=data["public_reason"],
        expected_version=data.get("version"),
    )


def fields_of(row: Membership, transition: Transition) -> dict[str, Any]:
    """Which fields the form of an action shows."""
    words = vocabulary()
    after = row.round.programme.workflows["standing"].state(transition.to)
    return {
        "transition": transition,
        "tone": shapes.tone(transition.tone),
        "reason_codes": [(c, words.name("exit_reason", c)) for c in transition.reason_codes],
        "asks_day": after.phase == StandingPhase.RECTIFYING,
        "asks_public": after.phase in (StandingPhase.SUSPENDED, StandingPhase.EXITED),
        "labels": LABELS,
    }


def _page(session: Session, row: Membership, transition: Transition) -> dict[str, Any]:
    effect = consequences.foresee(session, row, transition)
    cell = pool_board.cell_of(session, row.quota)
    after = None
    if effect.used_after != effect.used_before:
        after = pool_board.after_exit(cell, listed=row.phase in PUBLIC_PHASES)
    return {
        "row": shapes.membership(row),
        "effect": effect,
        "before": shapes.tag(effect.before),
        "after": shapes.tag(effect.after),
        "cell": shapes.cell(row.round, cell),
        "cell_after": shapes.cell(row.round, after) if after else None,
        "version": row.version,
        **fields_of(row, transition),
    }


def _transition(session: Session, row: Membership, verb: str, action: str) -> Transition:
    """What the action would do now. Raises NotFound, Forbidden, Conflict (wrong state, guards)."""
    workflow = row.round.programme.workflows["standing"]
    if (action, VERBS[verb].value) not in {(item.action, item.by) for item in workflow.transitions}:
        raise NotFound("没有这个操作")
    if not can(current_actor(), VERBS[verb], row):
        raise Forbidden
    transition, reasons = proceedings_direct.refusals(session, current_actor(), row, action)
    if transition is not None and transition.by != VERBS[verb]:
        raise NotFound("没有这个操作")
    if transition is None or reasons:
        raise Conflict("；".join(reasons), code="wrong_state", reasons=reasons)
    return transition


def _form(verb: str) -> Any:
    def form(membership_id: int, action: str) -> str:
        session = current_session()
        row = get(session, membership_id)
        transition = _transition(session, row, verb, action)
        page = _page(session, row, transition)
        return render_template("work/action.html", errors={}, values={}, **page)

    return form


def _perform(verb: str) -> Any:
    def perform(membership_id: int, action: str) -> Response:
        session, actor = current_session(), current_actor()
        row = get(session, membership_id)
        transition = _transition(session, row, verb, action)
        try:
            data = load(DecisionForm(), once.fields())
            proceedings_direct.act(session, actor, row, action, decision_of(data))
        except Invalid as error:
            return page_again("work/action.html", error, **_page(session, row, transition))
        flash(f"已办理：{transition.label} {row.provider.organisation.name}", "ok")
        return redirect(url_for("work.membership", membership_id=row.id), 303)

    return perform


def _register(verb: str, permission: Permission) -> None:
    rule = f"/memberships/<int:membership_id>/{verb}/<action>"
    form = needs(Permission.WORK_READ)(_form(verb))
    blueprint.add_url_rule(rule, f"act_{verb}_form", form, methods=["GET"])
    perform = needs(permission)(once.once(_perform(verb)))
    blueprint.add_url_rule(rule, f"act_{verb}", perform, methods=["POST"])


for _verb, _permission in VERBS.items():
    _register(_verb, _permission)
