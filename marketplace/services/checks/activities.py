"""Activities (供需对接会、培训、观摩, QD 三(五)): announced, signed up for, confirmed by staff.

Attendance that staff confirmed is what evaluation reads (D4-3). Places are counted under a lock of
the activity, so the last one is taken once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Activity, Attendance, Event, Organisation
from marketplace.permissions import Actor, Permission, can, require, visible
from marketplace.phases import ActivityPhase, AttendancePhase, Role
from marketplace.programmes import nouns
from marketplace.services.checks import activities_told
from marketplace.workflow import Data, guard, lives_in, locked, perform

KINDS = {"matching": "供需对接会", "training": "培训", "visit": "观摩", "other": "其他活动"}
SHOWN = (ActivityPhase.ANNOUNCED, ActivityPhase.HELD, ActivityPhase.CANCELLED)
COUNTED = (AttendancePhase.SIGNED_UP, AttendancePhase.ATTENDED)
MOST_PEOPLE = 20

lives_in(Activity, "activity")
lives_in(
    Attendance, "attendance", joinedload(Attendance.activity), joinedload(Attendance.organisation)
)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What an activity says of itself; instants are aware."""

    kind: str
    title: str
    text: str
    place: str
    starts_at: datetime
    ends_at: datetime
    sign_up_by: datetime
    places: int | None = None


def _check(content: Content) -> None:
    fields = {}
    if content.ends_at <= content.starts_at:
        fields["ends_at"] = ["要晚于开始时间"]
    if content.sign_up_by > content.starts_at:
        fields["sign_up_by"] = ["不能晚于开始时间"]
    if content.places is not None and content.places < 1:
        fields["places"] = ["至少1个单位，不限的不填"]
    if fields:
        raise Invalid(fields=fields)


def create(session: Session, actor: Actor, content: Content) -> Activity:
    """A draft of the acting office: the city's, or a district's own. Raises Invalid, Forbidden."""
    require(actor, Permission.ACTIVITY_MANAGE)
    _check(content)
    workflow = nouns.workflow("activity")
    first = workflow.state(workflow.initial)
    own = actor.district if actor.role is Role.DISTRICT_REVIEWER else None
    row = Activity(
        **vars(content), district=own, state=first.id, phase=first.phase, state_since=clock.now()
    )
    session.add(row)
    session.flush()
    record(session, actor, "activity_create", row, states=("", first.id))
    return row


def edit(
    session: Session, actor: Actor, row: Activity, content: Content, expected_version: int
) -> Activity:
    """Change a draft or an announced activity. Raises Conflict (stale, over), Invalid."""
    require(actor, Permission.ACTIVITY_MANAGE, row)
    _check(content)
    found: Activity = locked(session, Activity, row.id)
    if found.phase not in (ActivityPhase.DRAFT, ActivityPhase.ANNOUNCED):
        raise Conflict("活动已经结束，不能修改", code="wrong_state")
    if found.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    if content.places is not None and content.places < _taken(session, found):
        raise Invalid(fields={"places": ["少于已经报名的单位数"]})
    changed = sorted(n for n, value in vars(content).items() if getattr(found, n) != value)
    for name, value in vars(content).items():
        setattr(found, name, value)
    session.flush()
    record(session, actor, "activity_edit", found, diff={"fields": changed})
    return found


def step(
    session: Session, actor: Actor, row: Activity, action: str, *, reason: str = "",
    expected_version: int | None = None,
) -> Event:  # fmt: skip
    """Announce, close or cancel; those whom it concerns are told. Raises as perform."""
    why: Why = {"reason": reason}
    event = perform(session, actor, row, action, why=why, expected_version=expected_version)
    activities_told.tell(session, row, event)
    return event


@guard("activity_ahead")
def activity_ahead(session: Session, subject: Activity, actor: Actor, data: Data) -> str | None:
    """Nobody is invited to what is over."""
    return None if subject.sign_up_by > clock.now() else "报名时间已过，请先修改时间"


@guard("activity_begun")
def activity_begun(session: Session, subject: Activity, actor: Actor, data: Data) -> str | None:
    """What has not begun was not held."""
    return None if subject.starts_at <= clock.now() else "活动还没有开始"


@guard("activity_over")
def activity_over(session: Session, subject: Attendance, actor: Actor, data: Data) -> str | None:
    """Attendance is confirmed when the activity was held."""
    held = subject.activity.phase == ActivityPhase.HELD
    return None if held else "活动举办以后才能登记到场情况"


@guard("sign_up_open")
def sign_up_open(session: Session, subject: Attendance, actor: Actor, data: Data) -> str | None:
    """Signing up and off ends with its time."""
    return refusal(subject.activity)


def refusal(row: Activity) -> str | None:
    """Why nobody may sign up (or off) now; None while it is open."""
    if row.phase != ActivityPhase.ANNOUNCED:
        return "活动不在报名中"
    return None if row.sign_up_by > clock.now() else "报名已截止"


def _taken(session: Session, row: Activity) -> int:
    query = select(func.count()).where(
        Attendance.activity_id == row.id, Attendance.phase.in_(COUNTED)
    )
    return session.scalar(query) or 0


def sign_up(
    session: Session, actor: Actor, activity_id: int, *, people: int, note: str = ""
) -> Attendance:
    """The acting organisation comes. Raises NotFound, Conflict (closed, full, signed), Invalid."""
    require(actor, Permission.ACTIVITY_ATTEND)
    if actor.organisation_id is None:
        raise Forbidden
    if not 1 <= people <= MOST_PEOPLE:
        raise Invalid(fields={"people": [f"请填写1至{MOST_PEOPLE}"]})
    row: Activity = locked(session, Activity, public(session, activity_id).id)
    if (reason := refusal(row)) is not None:
        raise Conflict(reason, code="closed")
    old = own(session, actor, row)
    if old is not None and old.phase != AttendancePhase.CANCELLED:
        raise Conflict("本单位已经报名", code="signed_up")
    if row.places is not None and _taken(session, row) >= row.places:
        raise Conflict("名额已满", code="full")
    if old is not None:
        old.people, old.note = people, note
        perform(session, actor, old, "attendance_again")
        return old
    workflow = nouns.workflow("attendance")
    first = workflow.state(workflow.initial)
    made = Attendance(
        activity=row, organisation_id=actor.organisation_id, people=people, note=note,
        state=first.id, phase=first.phase, state_since=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    diff = {"activity_id": row.id, "people": people}
    record(session, actor, "attendance_sign", made, states=("", first.id), diff=diff)
    return made


def sign_off(session: Session, actor: Actor, row: Attendance) -> Event:
    """Not to come after all. Raises Conflict (closed), NotFound."""
    return perform(session, actor, row, "attendance_cancel")


def confirm(
    session: Session, actor: Actor, row: Activity, came: Collection[int]
) -> tuple[int, int]:
    """Who of those that signed up came; answers how many came and how many did not."""
    require(actor, Permission.ACTIVITY_MANAGE, row)
    counts = {True: 0, False: 0}
    for attendance in attendances(session, row):
        there = attendance.id in came
        counts[there] += 1
        goal = AttendancePhase.ATTENDED if there else AttendancePhase.ABSENT
        if attendance.phase == goal:
            continue
        action = "attendance_confirm" if there else "attendance_miss"
        event = perform(session, actor, attendance, action)
        activities_told.tell_attendance(session, row, attendance, event)
    return counts[True], counts[False]


def attendances(session: Session, row: Activity) -> list[Attendance]:
    """Everybody who signed up and did not sign off, by name."""
    query = (
        select(Attendance)
        .join(Organisation, Organisation.id == Attendance.organisation_id)
        .where(Attendance.activity_id == row.id, Attendance.phase != AttendancePhase.CANCELLED)
        .options(joinedload(Attendance.activity), joinedload(Attendance.organisation))
        .order_by(Organisation.name, Attendance.id)
    )
    return list(session.scalars(query))


def own(session: Session, actor: Actor, row: Activity) -> Attendance | None:
    """The attendance of the acting organisation."""
    query = visible(actor, Permission.ACTIVITY_ATTEND, Attendance)
    return session.scalars(
        query.where(Attendance.activity_id == row.id).options(joinedload(Attendance.activity))
    ).one_or_none()


def taken(session: Session, row: Activity) -> int:
    """How many organisations come."""
    return _taken(session, row)


def public(session: Session, activity_id: int) -> Activity:
    """An activity that everybody may see. Raises NotFound."""
    query = select(Activity).where(Activity.id == activity_id, Activity.phase.in_(SHOWN))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这个活动")
    return found


def open_to_all(kind: str = "", *, past: bool = False) -> Select[Activity]:
    """SELECT of what everybody may see: what is to come, by its day; or what was, latest first."""
    phases = (ActivityPhase.HELD, ActivityPhase.CANCELLED) if past else (ActivityPhase.ANNOUNCED,)
    query = select(Activity).where(Activity.phase.in_(phases))
    if kind:
        query = query.where(Activity.kind == kind)
    order = Activity.starts_at.desc() if past else Activity.starts_at.asc()
    return query.order_by(order, Activity.id)


def get(session: Session, actor: Actor, activity_id: int) -> Activity:
    """An activity that staff may manage or watch. Raises NotFound."""
    query = visible(actor, Permission.ACTIVITY_READ, Activity).where(Activity.id == activity_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这个活动")
    return found


def listed(actor: Actor, phase: str = "") -> Select[Activity]:
    """SELECT of the activities of the acting office, the latest first."""
    query = visible(actor, Permission.ACTIVITY_READ, Activity)
    if phase:
        query = query.where(Activity.phase == phase)
    return query.order_by(Activity.starts_at.desc(), Activity.id.desc())


def may_join(actor: Actor) -> bool:
    """Whether the actor acts for an organisation that comes to activities."""
    return can(actor, Permission.ACTIVITY_ATTEND) and actor.organisation_id is not None
