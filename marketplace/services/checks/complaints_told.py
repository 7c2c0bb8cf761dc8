"""Who is told of a complaint: the desk of its coming, both sides of every step."""

from datetime import datetime

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Complaint, Event
from marketplace.phases import ComplaintPhase, Role
from marketplace.programmes import nouns
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
DESK, PROVIDER, SENDER, STAFF = "desk", "provider", "sender", "staff"
TOLD: dict[str, tuple[str, ...]] = {
    "complaint_lodge": (DESK,),
    "complaint_accept": (PROVIDER, SENDER),
    "complaint_lead": (SENDER,),
    "complaint_refuse": (SENDER,),
    "complaint_reply": (STAFF,),
    "complaint_close_hearing": (PROVIDER, STAFF),
    "complaint_uphold": (PROVIDER, SENDER),
    "complaint_dismiss": (PROVIDER, SENDER),
    "complaint_settle": (PROVIDER, SENDER),
    "complaint_withdraw": (PROVIDER, STAFF),
}
URLS = {DESK: "/work/complaints", STAFF: "/work/complaints", PROVIDER: "/p/complaints",
        SENDER: "/me/complaints"}  # fmt: skip


def tell(session: Session, row: Complaint, event: Event) -> None:
    """One message to each reader about ``event``; provider and organisation are loaded."""
    session.flush()
    workflow = nouns.workflow("complaint")
    step = next((item.label for item in workflow.transitions if item.action == event.action), "")
    facts = {
        "subject": row.subject, "provider": row.provider.organisation.name, "step": step,
        "state": workflow.state(row.state).public_label,
        "reason": f"说明：{event.reason}。" if event.reason else "",
        "sort": "匿名线索" if row.anonymous else "投诉",
        "acknowledge": _day(row.acknowledge_by), "conclude": _day(row.conclude_by),
        "todo": f"请在{_day(row.reply_by)}前答复。"
        if row.phase == ComplaintPhase.HEARING else "",
    }  # fmt: skip
    for audience in TOLD.get(event.action, ()):
        readers = [r for r in _readers(session, row, audience) if r.user_id != event.actor_id]
        inbox.notify(
            session, "complaint", readers, cause=f"event:{event.id}", voice=audience,
            url=f"{URLS[audience]}/{row.id}", facts=facts,
        )  # fmt: skip


def _day(instant: datetime | None) -> str:
    return f"{clock.last_day(instant)}" if instant else ""


def _readers(session: Session, row: Complaint, audience: str) -> list[Reader]:
    if audience == PROVIDER:
        asked = row.reply_by is not None  # before that it knows of no complaint
        return inbox.team(session, row.provider.organisation_id, *EDITORS) if asked else []
    if audience == SENDER:
        own = row.organisation_id
        return inbox.team(session, own, Role.ENTERPRISE) if own is not None else []
    city = inbox.holders(session, Role.CITY_OFFICER)
    district = row.provider.organisation.district
    if district is None:
        return city
    return [*city, *inbox.holders(session, Role.DISTRICT_REVIEWER, district=district)]
