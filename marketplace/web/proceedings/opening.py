"""What may be opened on a place, as buttons of its page, and the case that is open."""

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Membership, Proceeding
from marketplace.phases import LIVE_PHASES, ProceedingKind, ProceedingPhase, Role
from marketplace.programmes.workflows import Transition
from marketplace.services.proceedings import proceedings, proceedings_rules
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS
from marketplace.web.access import current_actor
from marketplace.web.context import dt
from marketplace.web.proceedings import shapes

ACTS = {
    ProceedingKind.RECTIFICATION: "责令整改",
    ProceedingKind.SUSPENSION: "暂停",
    ProceedingKind.REMOVAL: "启动退出程序",
}


def label(kind: ProceedingKind) -> str:
    """What opening a case of this kind is called for the present actor."""
    return "提出移出建议" if current_actor().role == Role.DISTRICT_REVIEWER else ACTS[kind]


def links(row: Membership) -> list[dict[str, str]]:
    """Buttons that open a case file."""
    if row.phase not in LIVE_PHASES:
        return []
    return [
        {
            "label": label(kind), "tone": "danger",
            "url": url_for("work.new_proceeding", membership_id=row.id, kind=kind.value),
        }
        for kind in proceedings.may_open(current_actor(), row)
    ]  # fmt: skip


def direct(row: Membership, found: list[Transition]) -> list[Transition]:
    """Actions of the standing workflow that are not a matter of case files."""
    programme = row.round.programme
    mine = proceedings_rules.removal_actions(programme) | {
        proceedings_rules.RECTIFY, proceedings_rules.SUSPEND,
    }  # fmt: skip
    if programme.procedures is None:
        return found
    if not proceedings_rules.offers(programme, ProceedingKind.RECTIFICATION):
        mine -= {proceedings_rules.RECTIFY}
    return [step for step in found if step.action not in mine]


def cases(session: Session, row: Membership) -> list[dict[str, object]]:
    """The case files of a place, the newest first."""
    rows = session.scalars(
        select(Proceeding)
        .where(Proceeding.membership_id == row.id)
        .order_by(Proceeding.id.desc())
        .limit(20)
    )
    return [
        {
            "kind": KIND_LABELS[ProceedingKind(one.kind)],
            "url": url_for("work.proceeding", proceeding_id=one.id),
            "state": shapes.state_of(f"proceeding_{one.kind}", one.state, staff=True),
            "opened": dt(one.opened_at),
            "open": one.phase != ProceedingPhase.CLOSED,
        }
        for one in rows
    ]
