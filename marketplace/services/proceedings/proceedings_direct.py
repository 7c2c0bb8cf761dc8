"""Actions of staff on a place outside a case file: what a procedure governs does not pass it by.

Ordering a rectification and suspending open their case file; a removal is refused, because it has
steps of its own; everything else is taken directly unless a case file is open.
"""

from sqlalchemy.orm import Session

from marketplace import workflow
from marketplace.errors import Conflict
from marketplace.models import Membership
from marketplace.permissions import Actor
from marketplace.phases import ProceedingKind
from marketplace.programmes.schema import Programme
from marketplace.programmes.workflows import Transition
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.proceedings import proceedings, proceedings_rules
from marketplace.services.proceedings.proceedings_checks import Details

NEEDS_PROCEDURE = "须按方案的退出程序办理，请在席位页面启动退出程序"


def refusal(programme: Programme, action: str) -> str:
    """Why an action cannot be taken directly; empty when it can."""
    kind = proceedings_rules.governing(programme, action)
    return NEEDS_PROCEDURE if kind == ProceedingKind.REMOVAL else ""


def refusals(
    session: Session, actor: Actor, membership: Membership, action: str
) -> tuple[Transition | None, list[str]]:
    """As ``workflow.refusals``, with what the procedures say against it."""
    transition, reasons = workflow.refusals(session, actor, membership, action)
    if reason := refusal(membership.round.programme, action):
        reasons.append(reason)
    return transition, reasons


def act(
    session: Session, actor: Actor, membership: Membership, action: str, decision: Decision
) -> None:
    """Take an action, by its case file where one governs it. Raises as ``memberships.act``."""
    programme = membership.round.programme
    kind = proceedings_rules.governing(programme, action)
    if reason := refusal(programme, action):
        raise Conflict(reason, code="needs_procedure")
    if kind is None or kind == ProceedingKind.WITHDRAWAL:
        memberships.act(session, actor, membership, action, decision)
        return
    memberships.check_decision(membership, action, decision)
    expected = decision.expected_version
    if expected is not None and membership.version != expected:
        raise Conflict("内容已被他人更新", code="stale_version")
    details = Details(due_on=decision.rectify_by, direct=True)
    code = decision.why.get("reason_code", "")
    proceedings.open(session, actor, membership, kind, code, decision.why, details)
