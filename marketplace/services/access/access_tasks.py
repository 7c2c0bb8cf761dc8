"""What requests for access leave to do: for desks, for owners, for who asked."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.clock import WorkingCalendar
from marketplace.errors import Invalid
from marketplace.models import AccessRequest
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import PRIVATE_ROLES, AccessPhase, Role
from marketplace.services.access import teams
from marketplace.services.accounts.account_rules import rules
from marketplace.services.calendar import calendar
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source

KIND = "开通"


def answer_by(days: WorkingCalendar, since: datetime) -> date | None:
    """The last day for an owner's answer; None while the calendar does not reach so far."""
    try:
        return days.add(clock.beijing(since).date(), rules().answer_days)
    except Invalid:
        return None


def _waiting(actor: Actor, permission: Permission, phase: AccessPhase) -> Select[AccessRequest]:
    return (
        visible(actor, permission, AccessRequest)
        .where(AccessRequest.phase == phase)
        .order_by(AccessRequest.state_since, AccessRequest.id)
        .limit(MOST)
    )


@source(Role.DISTRICT_REVIEWER, Role.CITY_OFFICER)
def requests_to_decide(session: Session, actor: Actor) -> Iterable[Task]:
    """Desks: requests that wait, and those whose owners do not answer."""
    for row in session.scalars(_waiting(actor, Permission.ACCESS_DECIDE, AccessPhase.WAITING)):
        title = f"审核开通申请：{row.name}"
        yield Task(title, f"/work/requests/{row.id}", None, KIND, row.contact_name)
    asked = session.scalars(_waiting(actor, Permission.ACCESS_DECIDE, AccessPhase.OWNER)).all()
    days = calendar.load(session) if asked else WorkingCalendar({}, {})
    for row in asked:
        due = answer_by(days, row.state_since)
        if due is not None and due < clock.today():
            title = f"负责人没有答复，请接手办理：{row.name}"
            yield Task(title, f"/work/requests/{row.id}", due, KIND, row.contact_name)


@source(Role.PROVIDER_OWNER, Role.ENTERPRISE)
def colleagues_to_answer(session: Session, actor: Actor) -> Iterable[Task]:
    """Owners: who wants to join the team."""
    rows = session.scalars(_waiting(actor, Permission.ACCESS_ANSWER, AccessPhase.OWNER)).all()
    owns = actor.role is Role.PROVIDER_OWNER
    if not rows or not (owns or teams.leads(session, actor)):
        return
    days = calendar.load(session)
    for row in rows:
        url = "/p/team" if owns else "/me/team"
        due = answer_by(days, row.state_since)
        yield Task(f"答复加入申请：{row.contact_name}", url, due, KIND, row.contact_post)


@listed(*PRIVATE_ROLES)
def requests_to_mend(actor: Actor) -> Iterable[Lines]:
    """Who asked: requests that came back."""
    query = (
        select(AccessRequest)
        .where(AccessRequest.user_id == actor.user_id, AccessRequest.phase == AccessPhase.RETURNED)
        .order_by(AccessRequest.state_since)
    )
    yield Lines(
        query,
        lambda row: Task(
            f"补正开通申请：{row.one}", f"/account/requests/{row.id}", None, KIND, row.two[:80]
        ),
        id=AccessRequest.id, one=AccessRequest.name, two=AccessRequest.note,
    )  # fmt: skip
