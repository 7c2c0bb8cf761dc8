"""Who is told of a step of an objection: the bureau, and the provider once it is asked."""

from sqlalchemy.orm import Session

from marketplace.models import Event, Objection
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.workflow import workflow_of

TEAM = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
DESK = (Role.CITY_OFFICER,)
TO_PROVIDER = ("objection_ask", "objection_uphold", "objection_reject")
TO_BUREAU = ("objection_reply",)


def received(session: Session, row: Objection, event: Event) -> None:
    """The desk learns that something came in, not from whom."""
    session.flush()
    what = "匿名线索" if row.anonymous else "实名异议"
    _notify(session, row, event, "bureau", f"收到{what}")


def tell(session: Session, row: Objection, event: Event) -> None:
    """Who has something to do or to know after a step. Raises nothing."""
    session.flush()
    label = next(t.label for t in workflow_of(row).transitions if t.action == event.action)
    if event.action in TO_BUREAU:
        _notify(session, row, event, "bureau", label)
    if event.action in TO_PROVIDER and row.asked_at is not None:
        _notify(session, row, event, "provider", label)


def _notify(session: Session, row: Objection, event: Event, voice: str, what: str) -> None:
    own = voice == "provider"
    readers = (
        inbox.team(session, row.provider.organisation_id, *TEAM)
        if own
        else inbox.holders(session, *DESK)
    )
    inbox.notify(
        session, "objection", [one for one in readers if one.user_id != event.actor_id],
        cause=f"event:{event.id}", voice=voice,
        url=f"/p/objections/{row.id}" if own else f"/work/objections/{row.id}",
        facts={"title": row.notice.title, "name": row.entry.name, "what": what},
    )  # fmt: skip
