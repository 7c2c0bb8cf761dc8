"""Proceedings on places of the pool (案卷): opened by staff or by rule, moved step by step.

Each step goes through ``workflow.perform`` on the proceeding; what follows for the place itself is
taken by ``proceedings_places`` in the same transaction, through the standing workflow. Lock order:
organisations of the group, proceeding, membership, quota.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, NotFound
from marketplace.history import Why, record
from marketplace.models import Event, Membership, Organisation, Proceeding, Provider
from marketplace.models.proceedings import CASES
from marketplace.permissions import SYSTEM, Actor, Permission, can, require, visible
from marketplace.phases import (
    ProceedingKind,
    ProceedingPhase,
    RemovalStep,
    Role,
)
from marketplace.programmes import nouns
from marketplace.programmes.workflows import Transition
from marketplace.services.files import file_subjects, files
from marketplace.services.pool import applicants
from marketplace.services.proceedings import (
    proceedings_checks,
    proceedings_letters,
    proceedings_notices,
    proceedings_rules,
)
from marketplace.services.proceedings import proceedings_places as places
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS, RECTIFY, SUSPEND, Due
from marketplace.workflow import GUARDS, available, lives_in, locked, perform, workflow_of

LOADING = (
    joinedload(Proceeding.membership).options(
        joinedload(Membership.round),
        joinedload(Membership.quota),
        joinedload(Membership.provider).joinedload(Provider.organisation),
    ),
    joinedload(Proceeding.provider).joinedload(Provider.organisation),
)
SLOTS = ("proceeding_evidence", "proceeding_answer")

CASE_OF: dict[str, type[Proceeding]] = {
    str(model.__mapper_args__["polymorphic_identity"]): model for model in CASES
}
for _kind, _model in CASE_OF.items():
    lives_in(_model, f"proceeding_{_kind}", *LOADING)


def _file_subject(session: Session, id_: int) -> Proceeding | None:
    query = select(Proceeding).where(Proceeding.id == id_).options(*LOADING)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


file_subjects.LOADERS[Proceeding.__tablename__] = _file_subject
for _slot in SLOTS:
    files.READERS[_slot] = files.holders_of(Permission.PROCEEDING_READ)


def get(session: Session, actor: Actor, proceeding_id: int) -> Proceeding:
    """A proceeding the actor may know of, with its place and provider. Raises NotFound."""
    query = visible(actor, Permission.PROCEEDING_READ, Proceeding)
    found = session.scalars(query.where(Proceeding.id == proceeding_id).options(*LOADING))
    case = found.one_or_none()
    if case is None:
        raise NotFound("没有这份案卷")
    return case


def listed(actor: Actor, *, kind: str = "", phase: str = "", text: str = "") -> Select[Proceeding]:
    """SELECT of the proceedings the actor may know of: the open before the closed, by clock."""
    query = visible(actor, Permission.PROCEEDING_READ, Proceeding)
    if kind:
        query = query.where(Proceeding.kind == kind)
    if phase == "open":
        query = query.where(Proceeding.phase != ProceedingPhase.CLOSED)
    elif phase:
        query = query.where(Proceeding.phase == phase)
    if text:
        named = select(Provider.id).join(Organisation, Organisation.id == Provider.organisation_id)
        found = named.where(Organisation.name.icontains(text, autoescape=True))
        query = query.where(Proceeding.provider_id.in_(found))
    return query.order_by(
        Proceeding.phase == ProceedingPhase.CLOSED, Proceeding.due_at.is_(None),
        Proceeding.due_at, Proceeding.id.desc(),
    )  # fmt: skip


def current(session: Session, membership_id: int) -> Proceeding | None:
    """The open proceeding on a place, if there is one."""
    query = select(Proceeding).where(
        Proceeding.membership_id == membership_id, Proceeding.phase != ProceedingPhase.CLOSED
    )
    return session.scalars(query.options(*LOADING)).one_or_none()


def opened_by(session: Session, row: Any) -> Sequence[Proceeding]:
    """The proceedings that ``row`` gave the occasion for, by number."""
    query = select(Proceeding).where(
        Proceeding.origin_type == row.__tablename__, Proceeding.origin_id == row.id
    )
    return session.scalars(query.options(*LOADING).order_by(Proceeding.id)).all()


def open(
    session: Session, actor: Actor, membership: Membership, kind: str, cause: str, why: Why,
    details: Details = Details(),  # noqa: B008  frozen
) -> Proceeding:  # fmt: skip
    """Open a proceeding of a ``kind`` for a ``cause`` (X01-X17); the place follows at once.

    A lesser open proceeding is closed. Raises Invalid, Conflict (``proceeding_open``: an equal or
    graver one is open), Forbidden, NotFound.
    """
    require(actor, Permission.PROCEEDING_OPEN, membership)
    membership = _locked_place(session, membership)
    details = proceedings_checks.completed(actor, details, why)
    proceedings_checks.check(actor, membership, kind, cause, why, details)
    supersede(session, membership, kind)
    case = begin(session, membership, kind, cause, why, details)
    event = _opened(session, actor, case, why, details.due_on)
    if details.found and case.kind == ProceedingKind.REMOVAL:
        states = workflow_of(case).states
        case.state = next(s.id for s in states if s.behind == RemovalStep.VERIFICATION)
        session.flush()
    proceedings_letters.issue(session, actor, case, event)
    proceedings_notices.tell(session, case, event)
    if kind == ProceedingKind.SUSPENSION and not actor.system:
        act(session, actor, case, "confirm_suspension", why=why)
    return case


def _locked_place(session: Session, membership: Membership) -> Membership:
    owner = select(Provider.organisation_id).where(Provider.id == membership.provider_id)
    applicants.lock(session, [session.scalars(owner).one()])
    found: Membership = locked(session, Membership, membership.id)
    return found


def supersede(session: Session, membership: Membership, kind: str) -> None:
    """Close a lesser open proceeding. Raises Conflict when it is equal or graver."""
    existing = current(session, membership.id)
    if existing is None:
        return
    gravity = proceedings_rules.GRAVITY
    if gravity[ProceedingKind(existing.kind)] >= gravity[ProceedingKind(kind)]:
        label = KIND_LABELS[ProceedingKind(existing.kind)]
        text = f"这个席位已有在办的{label}案卷，请在那份案卷中办理"
        raise Conflict(text, code="proceeding_open")
    perform(session, SYSTEM, existing, "supersede")


def begin(
    session: Session, membership: Membership, kind: str, cause: str, why: Why, details: Details
) -> Proceeding:
    """Write the row of a proceeding in its first state. Raises Conflict ``proceeding_open``."""
    workflow = nouns.workflow(f"proceeding_{kind}")
    first = workflow.state(workflow.initial)
    origin = details.origin
    case = CASE_OF[kind](
        membership=membership, provider=membership.provider, cause=cause,
        proposer=details.proposer, proposer_name=details.proposer_name,
        findings=details.findings, state=first.id, phase=first.phase,
        predecessor_id=details.predecessor.id if details.predecessor else None,
        origin_type=origin.__tablename__ if origin else "", origin_id=origin.id if origin else None,
        state_since=clock.now(), opened_at=clock.now(), document_no=why.get("document_no", ""),
    )  # fmt: skip
    session.add(case)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("这个席位刚刚由他人立案", code="proceeding_open") from error
    return case


def _opened(
    session: Session, actor: Actor, case: Proceeding, why: Why, due_on: date | None
) -> Event:
    """Start the clocks of the kind, write the event, and let the place follow."""
    due = _first_due(session, case, due_on)
    diff: dict[str, Any] = {"rule": proceedings_letters.rule_of(case), "cause": case.cause}
    if due is not None:
        case.due_at = due.at
        diff |= due.facts
    session.flush()
    grounds = Why(reason_code=case.cause, reason=why.get("reason", ""),
                  document_no=why.get("document_no", ""))  # fmt: skip
    event = record(
        session, actor, f"open_{case.kind}", case, states=("", case.state), why=grounds, diff=diff
    )
    session.flush()
    if case.kind == ProceedingKind.RECTIFICATION and due is not None:
        last = clock.last_day(due.at)
        places.follow(session, actor, case, RECTIFY, grounds, rectify_by=last)
    elif case.kind == ProceedingKind.SUSPENSION:
        places.follow(session, actor, case, SUSPEND, grounds)
    return event


def _first_due(session: Session, case: Proceeding, due_on: date | None) -> Due | None:
    programme = case.membership.round.programme
    if case.kind == ProceedingKind.RECTIFICATION and programme.rectification is not None:
        plan = proceedings_rules.calendar_days(programme.rectification.plan_due_days)
        case.plan_due_at = plan.at
        if due_on is not None:
            return proceedings_rules.until(due_on)
        return proceedings_rules.calendar_days(programme.rectification.days)
    if case.kind == ProceedingKind.RE_REVIEW and due_on is not None:
        return proceedings_rules.until(due_on)
    if case.kind == ProceedingKind.SUSPENSION:
        return proceedings_rules.to_confirm(session, programme)
    return None


def act(
    session: Session, actor: Actor, case: Proceeding, action: str, *, why: Why | None = None,
    expected_version: int | None = None, **data: Any,
) -> Event:  # fmt: skip
    """Take one step under the locks, issue its letter, and tell whom it concerns.

    Raises NotFound, Forbidden, Conflict (every reason), Invalid.
    """
    require(actor, Permission.PROCEEDING_READ, case)
    _locked_place(session, case.membership)
    grounds = Why(reason_code=case.cause, **{k: v for k, v in (why or {}).items() if v})  # type: ignore[typeddict-item]
    event = perform(
        session, actor, case, action, why=grounds, expected_version=expected_version,
        rule=proceedings_letters.rule_of(case), **data,
    )  # fmt: skip
    proceedings_letters.issue(session, actor, case, event)
    proceedings_notices.tell(session, case, event)
    return event


def steps(session: Session, actor: Actor, case: Proceeding) -> list[Transition]:
    """What ``actor`` may do now: buttons. Steps that only time or rules take are left out.

    A step of the programme's that is not next is not offered; other guards speak on its form.
    """
    return [
        step
        for step in available(case, actor)
        if step.by != Permission.PROCEEDING_TICK
        and not any(
            GUARDS[name](session, case, actor, {})
            for name in step.guards
            if name.startswith(("next_is_", "knows_", "two_", "three_"))
        )
    ]


def may_open(actor: Actor, membership: Membership) -> list[ProceedingKind]:
    """The kinds that the actor could open on this place."""
    if not can(actor, Permission.PROCEEDING_OPEN, membership):
        return []
    kinds = [ProceedingKind.RECTIFICATION, ProceedingKind.SUSPENSION, ProceedingKind.REMOVAL]
    if actor.role == Role.DISTRICT_REVIEWER:
        kinds = [ProceedingKind.REMOVAL]
    return [k for k in kinds if proceedings_rules.offers(membership.round.programme, k)]
