"""A provider's team is told when the standing of one of its places changes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Event, Membership, Organisation, Provider
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.workflow import workflow_of

TEAM = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def tell(session: Session, membership: Membership, event: Event) -> None:
    """One message to each of the team about ``event`` (flushed), in its transaction."""
    organisation = session.execute(
        select(Organisation.id, Organisation.name)
        .join(Provider, Provider.organisation_id == Organisation.id)
        .where(Provider.id == membership.provider_id)
    ).one()
    readers = inbox.team(session, organisation.id, *TEAM)
    if not readers:
        return
    workflow = workflow_of(membership)
    transition = workflow.transition(event.from_state, event.action)
    due = f"整改期限：{membership.rectify_by}。" if membership.rectify_by else ""
    reason = f"理由：{event.reason}。" if event.reason else ""
    facts = {
        "provider": organisation.name,
        "place": place_of(membership),
        "action": transition.label if transition else event.action,
        "state": workflow.state(event.to_state).public_label,
        "reason": due + (membership.public_reason or reason),
    }
    inbox.notify(
        session, "standing", readers,
        cause=f"event:{event.id}", voice="provider", url="/p", facts=facts,
    )  # fmt: skip


def place_of(membership: Membership) -> str:
    """Segment and type in the words of the round's programme; its round must be loaded."""
    programme = membership.round.programme
    segment = programme.segment_label(membership.segment)
    return f"{segment}·{programme.type_label(membership.type)}"
