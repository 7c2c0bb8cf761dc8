"""Tasks of complaints, each with its stored clock."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Complaint
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import ComplaintPhase, Role
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source

WORDS = {
    ComplaintPhase.LODGED: "受理投诉", ComplaintPhase.LEAD: "核查线索",
    ComplaintPhase.DECIDING: "对投诉作出结论",
}  # fmt: skip


@source(Role.CITY_OFFICER, Role.DISTRICT_REVIEWER)
def at_the_desk(session: Session, actor: Actor) -> Iterable[Task]:
    """Complaints that wait for staff; concluding is the city's."""
    phases = [*WORDS] if actor.role is Role.CITY_OFFICER else [*WORDS][:2]
    rows = session.scalars(
        visible(actor, Permission.COMPLAINT_HANDLE, Complaint)
        .where(Complaint.phase.in_(phases))
        .order_by(Complaint.acknowledge_by, Complaint.id)
        .limit(MOST)
    )
    for row in rows:
        phase = ComplaintPhase(row.phase)
        due = row.acknowledge_by if phase is ComplaintPhase.LODGED else row.conclude_by
        url = f"/work/complaints/{row.id}"
        yield Task(f"{WORDS[phase]}：{row.subject}", url, _day(due), "投诉")


@listed(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def to_reply(actor: Actor) -> Iterable[Lines]:
    """Complaints that wait for the provider's reply."""
    query = (
        visible(actor, Permission.COMPLAINT_REPLY, Complaint)
        .where(Complaint.phase == ComplaintPhase.HEARING)
        .order_by(Complaint.reply_by, Complaint.id)
    )
    yield Lines(
        query,
        lambda row: Task(f"答复投诉：{row.one}", f"/p/complaints/{row.id}", _day(row.at), "投诉"),
        id=Complaint.id, one=Complaint.subject, at=Complaint.reply_by,
    )  # fmt: skip


def _day(instant: datetime | None) -> date | None:
    return clock.last_day(instant) if instant else None
