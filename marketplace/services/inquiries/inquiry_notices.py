"""Who is told of a step of an enquiry, in words for his side."""

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Event, InquiryParty
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
PROVIDER, ENTERPRISE, BUREAU = "provider", "enterprise", "bureau"

TOLD: dict[str, tuple[tuple[str, str], ...]] = {
    "inquiry_send": ((PROVIDER, "asked"),),
    "inquiry_reply": ((ENTERPRISE, "answered"),),
    "inquiry_decline": ((ENTERPRISE, "declined"),),
    "inquiry_close": ((PROVIDER, "closed"),),
    "inquiry_post_enterprise": ((PROVIDER, "post_to_provider"),),
    "inquiry_post_provider": ((ENTERPRISE, "post_to_enterprise"),),
    "inquiry_contact_show": ((PROVIDER, "contact"),),
    "inquiry_lapse": (
        (PROVIDER, "late_to_provider"),
        (ENTERPRISE, "late_to_enterprise"),
        (BUREAU, "late_to_bureau"),
    ),
    "inquiry_urge": ((PROVIDER, "urged_to_provider"), (ENTERPRISE, "urged_to_enterprise")),
}
"""Side and voice by action; who did it is not told himself."""


def due_day(row: InquiryParty) -> str:
    """The last day for the answer; the stored instant is the end of it."""
    return f"{clock.last_day(row.reply_by):%Y-%m-%d}"


def tell(session: Session, row: InquiryParty, event: Event, action: str = "") -> None:
    """One message to each reader about ``event``, in its transaction. Parties are loaded."""
    session.flush()
    facts = {
        "title": row.inquiry.title,
        "enterprise": row.inquiry.organisation.name,
        "provider": row.provider.organisation.name,
        "until": due_day(row),
        "reason": f"说明：{event.reason}" if event.reason else "",
    }
    for side, voice in TOLD.get(action or event.action, ()):
        readers = [r for r in _readers(session, row, side) if r.user_id != event.actor_id]
        inbox.notify(
            session, "inquiry", readers, cause=f"event:{event.id}:{side}", voice=voice,
            url=_place(row, side), facts=facts,
        )  # fmt: skip


def _place(row: InquiryParty, side: str) -> str:
    if side == ENTERPRISE:
        return f"/me/inquiries/threads/{row.id}"
    return f"/p/inquiries/{row.id}" if side == PROVIDER else f"/work/inquiries/{row.id}"


def _readers(session: Session, row: InquiryParty, side: str) -> list[Reader]:
    if side == PROVIDER:
        return inbox.team(session, row.provider.organisation_id, *EDITORS)
    if side == ENTERPRISE:
        return inbox.team(session, row.inquiry.organisation_id, Role.ENTERPRISE)
    return inbox.holders(session, Role.CITY_OFFICER)
