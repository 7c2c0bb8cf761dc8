"""Everybody whom a step of a proceeding, an appeal or a hand-over concerns is told."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from marketplace.models import Event, Membership, Proceeding, Project, Provider
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader
from marketplace.services.pool.standing_notices import TEAM, place_of
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS
from marketplace.workflow import workflow_of

PROVIDER, DISTRICT, CITY, BUREAUS = "provider", "district", "city", "bureaus"

QUIET = frozenset(("open_removal", "supersede", "recommend_up"))
"""Steps that the provider learns of by the next one."""

OTHERS: Mapping[str, tuple[str, ...]] = {
    "open_suspension": (CITY,),
    "open_removal": (CITY,),
    "open_withdrawal": (CITY,),
    "open_rectification": (DISTRICT,),
    "report_mended": (DISTRICT,),
    "check_pass": (CITY,),
    "resume": (DISTRICT, CITY),
    "lapse": (DISTRICT, CITY),
    "reply": (CITY,),
    "ask_hearing": (CITY,),
    "hearing_over": (CITY,),
    "ask_bureaus": (BUREAUS,),
    "announce": (DISTRICT,),
    "dismiss": (DISTRICT,),
    "send_papers": (DISTRICT,),
    "recommend_two": (CITY,),
    "recommend_three": (CITY,),
    "take_back_request": (CITY,),
    "appeal_file": (CITY,),
    "uphold": (CITY, DISTRICT),
    "uphold_full": (CITY,),
    "reject": (CITY,),
    "withdraw_appeal": (CITY,),
}
"""Who is told besides the provider, by step."""

STARTED = {
    **{f"open_{kind}": f"{label}立案" for kind, label in KIND_LABELS.items()},
    "appeal_file": "收到申诉",
}
"""Words for steps that are no transition."""


def tell(session: Session, case: Proceeding, event: Event) -> None:
    """One message to each reader about ``event``, in its transaction."""
    label = KIND_LABELS[_kind(case)]
    send(session, case, case.membership, case.provider, event, label, f"proceedings/{case.id}")


def _kind(case: Proceeding) -> Any:
    return next(kind for kind in KIND_LABELS if kind == case.kind)


def send(
    session: Session, subject: Any, membership: Membership, provider: Provider, event: Event,
    noun: str, path: str,
) -> None:  # fmt: skip
    """Tell the provider's team and the offices that the step concerns."""
    session.flush()
    audiences = OTHERS.get(event.action, ())
    if event.action not in QUIET:
        audiences = (PROVIDER, *audiences)
    facts = {
        "noun": noun, "provider": provider.organisation.name, "place": place_of(membership),
        "step": _step(subject, event),
        "state": workflow_of(subject).state(event.to_state).public_label,
        "reason": f"说明：{event.reason.rstrip('。')}。" if event.reason else "",
    }  # fmt: skip
    for audience in audiences:
        told = [r for r in _readers(session, provider, audience) if r.user_id != event.actor_id]
        inbox.notify(
            session, "proceeding", told, cause=f"event:{event.id}",
            voice=PROVIDER if audience == PROVIDER else "staff",
            url=f"/{'p' if audience == PROVIDER else 'work'}/{path}", facts=facts,
        )  # fmt: skip


def _step(subject: Any, event: Event) -> str:
    if event.action in STARTED:
        return STARTED[event.action]
    steps = workflow_of(subject).transitions
    return next(step.label for step in steps if step.action == event.action)


def _readers(session: Session, provider: Provider, audience: str) -> list[Reader]:
    if audience == PROVIDER:
        return inbox.team(session, provider.organisation_id, *TEAM)
    if audience == CITY:
        return inbox.holders(session, Role.CITY_OFFICER)
    if audience == BUREAUS:
        return inbox.holders(session, Role.COSIGNER, Role.CITY_LEADER)
    district = provider.organisation.district
    if district is None:
        return inbox.holders(session, Role.CITY_OFFICER)
    return inbox.holders(session, Role.DISTRICT_REVIEWER, district=district)


def ask_enterprise(session: Session, project: Project, event: Event, url: str) -> None:
    """The enterprise is asked whether it agrees to a transfer."""
    session.flush()
    readers = inbox.team(session, project.enterprise_id, Role.ENTERPRISE)
    inbox.notify(
        session, "hand_over", readers, cause=f"event:{event.id}", voice="enterprise", url=url,
        facts={"project": project.title, "reason": event.reason},
    )  # fmt: skip
