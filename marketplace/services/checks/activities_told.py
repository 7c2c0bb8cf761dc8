"""Who is told of activities: providers in the pool when one is announced, guests afterwards."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Activity, Attendance, Event, Membership, Organisation, Provider
from marketplace.phases import (
    PUBLIC_PHASES,
    ActivityPhase,
    AttendancePhase,
    Role,
)
from marketplace.programmes import nouns
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader

GUESTS = (Role.ENTERPRISE, Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def _facts(row: Activity) -> dict[str, str]:
    return {
        "title": row.title, "place": row.place,
        "when": f"{clock.beijing(row.starts_at):%Y-%m-%d %H:%M}",
        "until": f"{clock.beijing(row.sign_up_by):%Y-%m-%d %H:%M}",
    }  # fmt: skip


def tell(session: Session, row: Activity, event: Event) -> None:
    """Providers in the pool (of the district that invites) hear of what is announced; those who
    signed up hear that it does not take place."""
    session.flush()
    if row.phase == ActivityPhase.ANNOUNCED:
        readers, voice = _pool(session, row), "announced"
    elif row.phase == ActivityPhase.CANCELLED:
        readers, voice = _guests(session, row), "cancelled"
    else:
        return
    reason = f"原因：{event.reason}。" if event.reason else ""
    inbox.notify(
        session, "activity", readers, cause=f"event:{event.id}", voice=voice,
        url=f"/activities/{row.id}", facts={**_facts(row), "reason": reason},
    )  # fmt: skip


def _pool(session: Session, row: Activity) -> list[Reader]:
    query = (
        select(Organisation.id)
        .join(Provider, Provider.organisation_id == Organisation.id)
        .join(Membership, Membership.provider_id == Provider.id)
        .where(Membership.phase.in_(PUBLIC_PHASES))
        .distinct()
    )
    if row.district is not None:
        query = query.where(Organisation.district == row.district)
    invited = set(session.scalars(query))
    return [r for r in inbox.holders(session, *EDITORS) if r.organisation_id in invited]


def _guests(session: Session, row: Activity) -> list[Reader]:
    query = select(Attendance.organisation_id).where(
        Attendance.activity_id == row.id, Attendance.phase == AttendancePhase.SIGNED_UP
    )
    coming = set(session.scalars(query))
    return [r for r in inbox.holders(session, *GUESTS) if r.organisation_id in coming]


def tell_attendance(session: Session, row: Activity, attendance: Attendance, event: Event) -> None:
    """The guest hears what was noted of it."""
    session.flush()
    label = nouns.workflow("attendance").state(attendance.state).public_label
    inbox.notify(
        session, "activity", inbox.team(session, attendance.organisation_id, *GUESTS),
        cause=f"event:{event.id}", voice="attendance", url=f"/activities/{row.id}",
        facts={**_facts(row), "state": label},
    )  # fmt: skip
