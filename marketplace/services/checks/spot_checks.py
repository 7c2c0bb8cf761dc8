"""Spot checks (不定期抽查, LC 第二十一条): planned by staff, recorded with what was found.

The provider learns of a check by its result. A failed one names the exit reason that it found, if
it found one; what follows is decided in a proceeding of its own.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import (
    Complaint,
    Event,
    Membership,
    Organisation,
    Provider,
    Round,
    SpotCheck,
)
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import Role, SpotCheckPhase
from marketplace.programmes import nouns
from marketplace.programmes.schema import Programme
from marketplace.services.checks import spot_check_follow as _follow  # noqa: F401  registers
from marketplace.services.files import files
from marketplace.services.inbox import inbox
from marketplace.services.inbox.tasks import MOST, Task, source
from marketplace.workflow import Data, effect, guard, lives_in, perform

EVIDENCE = "spot_check_evidence"
PASS, FAIL = "check_pass", "check_fail"
EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
BESIDE = (
    joinedload(SpotCheck.provider).joinedload(Provider.organisation),
    joinedload(SpotCheck.membership).joinedload(Membership.round),
)
lives_in(SpotCheck, "spot_check", *BESIDE)
files.READERS[EVIDENCE] = files.holders_of(Permission.SPOT_CHECK_RUN)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be checked, when, and how. ``complaint_id``: what gave the occasion."""

    topic: str
    planned_on: date
    plan: str = ""
    complaint_id: int | None = None


def topics(programme: Programme) -> list[str]:
    """What the programme has checked (its removal's ``checks``), in its words."""
    return list(programme.removal.checks) or ["服务质量"]


def causes(programme: Programme) -> tuple[str, ...]:
    """Codes of the exit reasons that a check may find."""
    return programme.removal.grounds


def plan(session: Session, actor: Actor, membership: Membership, what: Plan) -> SpotCheck:
    """Note a check that is to come. Raises Forbidden, NotFound, Invalid."""
    require(actor, Permission.SPOT_CHECK_RUN, membership)
    if what.topic not in topics(membership.round.programme):
        raise Invalid(fields={"topic": ["请从列表中选择"]})
    if what.complaint_id is not None and not _of_provider(session, actor, membership, what):
        raise NotFound("没有这件投诉")
    workflow = nouns.workflow("spot_check")
    first = workflow.state(workflow.initial)
    row = SpotCheck(
        membership=membership, provider=membership.provider, topic=what.topic, plan=what.plan,
        planned_on=what.planned_on, complaint_id=what.complaint_id, state=first.id,
        phase=first.phase, state_since=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    diff = {"topic": row.topic, "membership_id": membership.id}
    record(session, actor, "check_plan", row, states=("", first.id), diff=diff)
    return row


def _of_provider(session: Session, actor: Actor, membership: Membership, what: Plan) -> bool:
    query = visible(actor, Permission.COMPLAINT_HANDLE, Complaint).where(
        Complaint.id == what.complaint_id, Complaint.provider_id == membership.provider_id
    )
    return session.scalars(query.with_only_columns(Complaint.id)).first() is not None


def membership(session: Session, actor: Actor, membership_id: int) -> Membership:
    """A place that the actor may check, with provider and round. Raises NotFound."""
    found = session.scalars(
        visible(actor, Permission.SPOT_CHECK_RUN, Membership)
        .where(Membership.id == membership_id, Membership.exited_on.is_(None))
        .options(
            joinedload(Membership.provider).joinedload(Provider.organisation),
            joinedload(Membership.round),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个在池资格")
    return found


def candidates(session: Session, actor: Actor, text: str) -> list[tuple[Membership, Round, str]]:
    """Places whose provider's name holds ``text``, for the choice of what to check: at most 50."""
    query = (
        visible(actor, Permission.SPOT_CHECK_RUN, Membership)
        .join(Round, Round.id == Membership.round_id)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            Membership.exited_on.is_(None), Organisation.name.icontains(text, autoescape=True)
        )
        .order_by(Organisation.name, Membership.id)
        .limit(50)
        .add_columns(Round, Organisation.name)
    )  # fmt: skip
    return [(place, round_, name) for place, round_, name in session.execute(query)]


def step(
    session: Session, actor: Actor, row: SpotCheck, action: str, *, reason: str,
    expected_version: int | None = None, **given: Any,
) -> Event:  # fmt: skip
    """Record a result (``checked_on``, ``cause`` of a failed one) or cancel. Raises as perform."""
    if action in (PASS, FAIL) and given.get("checked_on", clock.today()) > clock.today():
        raise Invalid(fields={"checked_on": ["不能晚于今天"]})
    why: Why = {"reason": reason}
    event = perform(
        session, actor, row, action, why=why, expected_version=expected_version, **given
    )
    if action in (PASS, FAIL):
        _tell(session, row, event)
    return event


def _tell(session: Session, row: SpotCheck, event: Event) -> None:
    session.flush()
    programme = row.membership.round.programme
    inbox.notify(
        session, "spot_check", inbox.team(session, row.provider.organisation_id, *EDITORS),
        cause=f"event:{event.id}", voice="provider", url="/p/checks",
        facts={
            "state": nouns.workflow("spot_check").state(row.state).public_label,
            "day": f"{row.checked_on}", "topic": row.topic, "finding": row.finding,
            "place": programme.segment_label(row.membership.segment),
        },
    )  # fmt: skip


@guard("cause_known")
def cause_known(session: Session, subject: SpotCheck, actor: Actor, data: Data) -> str | None:
    """A cause is one of the programme's grounds of removal, or none."""
    cause = data.get("cause", "")
    known = causes(subject.membership.round.programme)
    return None if not cause or cause in known else "方案的退出事由中没有这一项"


@effect("note_checked")
def note_checked(session: Session, subject: SpotCheck, actor: Actor, data: Data) -> None:
    """Day, finding and cause, with the state: CHECKs tie them together."""
    subject.checked_on = data.get("checked_on") or clock.today()
    subject.finding = data.get("reason", "")
    subject.cause = data.get("cause", "") if subject.phase == SpotCheckPhase.FAILED else ""


def get(session: Session, actor: Actor, check_id: int) -> SpotCheck:
    """A check the actor may know of. Raises NotFound."""
    query = visible(actor, Permission.SPOT_CHECK_READ, SpotCheck)
    found = session.scalars(query.where(SpotCheck.id == check_id).options(*BESIDE)).one_or_none()
    if found is None:
        raise NotFound("没有这次抽查")
    return found


def listed(actor: Actor, phase: str = "", text: str = "") -> Select[SpotCheck]:
    """SELECT of the checks the actor may know of: what is to come first, then the latest."""
    query = visible(actor, Permission.SPOT_CHECK_READ, SpotCheck)
    if phase:
        query = query.where(SpotCheck.phase == phase)
    if text:
        firms = select(Organisation.id).where(Organisation.name.icontains(text, autoescape=True))
        owned = select(Provider.id).where(Provider.organisation_id.in_(firms))
        query = query.where(SpotCheck.provider_id.in_(owned))
    return query.order_by(
        SpotCheck.checked_on.is_not(None), SpotCheck.planned_on.desc(), SpotCheck.id.desc()
    )


@source(Role.CITY_OFFICER, Role.DISTRICT_REVIEWER)
def planned(session: Session, actor: Actor) -> list[Task]:
    """Checks that wait for their result."""
    rows = session.scalars(
        visible(actor, Permission.SPOT_CHECK_RUN, SpotCheck)
        .where(SpotCheck.phase == SpotCheckPhase.PLANNED)
        .options(joinedload(SpotCheck.provider).joinedload(Provider.organisation))
        .order_by(SpotCheck.planned_on, SpotCheck.id)
        .limit(MOST)
    )
    return [
        Task(
            f"登记抽查结果：{row.provider.organisation.name}", f"/work/spot-checks/{row.id}",
            row.planned_on, "抽查",
        )
        for row in rows
    ]  # fmt: skip
