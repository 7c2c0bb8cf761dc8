"""Who is told of a step of a demand or of an answer to one."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Demand, DemandAnswer, Event, Provider
from marketplace.phases import AnswerPhase, Role
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
TO_ENTERPRISE = {"demand_take_down": "taken_down", "demand_expire": "expired"}
TO_PROVIDERS = {"demand_end": "ended", "demand_take_down": "ended", "demand_expire": "ended"}


def tell(session: Session, demand: Demand, event: Event) -> None:
    """The enterprise, and providers whose answers were not dealt with; nobody learns of others."""
    session.flush()
    facts = {"title": demand.title, "reason": f"说明：{event.reason}" if event.reason else ""}
    if voice := TO_ENTERPRISE.get(event.action):
        inbox.notify(
            session, "demand", _enterprise(session, demand, event),
            cause=f"event:{event.id}:enterprise", voice=voice, url=f"/me/demands/{demand.id}",
            facts=facts,
        )  # fmt: skip
    if voice := TO_PROVIDERS.get(event.action):
        inbox.notify(
            session, "demand", _waiting(session, demand), cause=f"event:{event.id}:providers",
            voice=voice, url="/p/demands?kind=own", facts={"title": demand.title},
        )  # fmt: skip


def _enterprise(session: Session, demand: Demand, event: Event) -> list[Reader]:
    found = inbox.team(session, demand.organisation_id, Role.ENTERPRISE)
    return [reader for reader in found if reader.user_id != event.actor_id]


def _waiting(session: Session, demand: Demand) -> list[Reader]:
    owners = session.scalars(
        select(Provider.organisation_id)
        .join(DemandAnswer, DemandAnswer.provider_id == Provider.id)
        .where(DemandAnswer.demand_id == demand.id, DemandAnswer.phase == AnswerPhase.SENT)
        .order_by(Provider.id)
    ).all()
    return [reader for owner in owners for reader in inbox.team(session, owner, *EDITORS)]


def tell_answer(session: Session, answer: DemandAnswer, event: Event, voice: str) -> None:
    """An answer came or changed (to the enterprise), or was not chosen (to its provider)."""
    session.flush()
    own = voice == "refused"
    readers = (
        inbox.team(session, answer.provider.organisation_id, *EDITORS)
        if own
        else inbox.team(session, answer.demand.organisation_id, Role.ENTERPRISE)
    )
    facts = {
        "title": answer.demand.title, "provider": answer.provider.organisation.name,
        "reason": f"说明：{event.reason}" if event.reason else "",
    }  # fmt: skip
    inbox.notify(
        session, "demand", [r for r in readers if r.user_id != event.actor_id],
        cause=f"event:{event.id}", voice=voice, facts=facts,
        url=f"/p/demands/{answer.demand_id}" if own else f"/me/demands/{answer.demand_id}",
    )  # fmt: skip
