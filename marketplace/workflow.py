"""``perform``: the only code that changes a state (house.md §9).

lock → transition → permission → guards (all reasons are shown) → state, phase, stamps →
event → effects. It does not commit. States and transitions are data, of the pinned programme or
of the noun's own file (``programmes.nouns``); code depends on phases only. Guards and effects
register here by name; tests and ``programmes check`` compare the names with the files.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Protocol

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Event, Membership, Provider
from marketplace.permissions import Actor, Permission, can, require
from marketplace.programmes import nouns
from marketplace.programmes.workflows import State, Transition, Workflow


class Subject(Protocol):
    """A row that lives in states."""

    id: Any
    state: Any
    phase: Any
    state_since: Any


Data = dict[str, Any]
Guard = Callable[[Session, Any, Actor, Data], str | None]
Effect = Callable[[Session, Any, Actor, Data], None]

GUARDS: dict[str, Guard] = {}
EFFECTS: dict[str, Effect] = {}

WORKFLOW_OF: dict[type[Any], str] = {Membership: "standing"}
LOADING: dict[type[Any], list[Any]] = {
    Membership: [
        selectinload(Membership.round),
        selectinload(Membership.quota),
        selectinload(Membership.provider).selectinload(Provider.organisation),
    ],
}
"""What permission checks, guards and effects need beside the row itself."""


def guard(name: str) -> Callable[[Guard], Guard]:
    """Register a guard under ``name``; it answers None or the reason that forbids."""

    def register(function: Guard) -> Guard:
        GUARDS[name] = function
        return function

    return register


def effect(name: str) -> Callable[[Effect], Effect]:
    """Register an effect under ``name``; it works in the same transaction."""

    def register(function: Effect) -> Effect:
        EFFECTS[name] = function
        return function

    return register


def lives_in(model: type[Any], noun: str, *loading: Any) -> None:
    """Rows of ``model`` live in the workflow of ``noun``, which belongs to no programme.

    ``loading``: options for what permission checks, guards and effects need beside the row. A
    wrong file is found here, at start. Raises LoadFailed.
    """
    nouns.workflow(noun)
    WORKFLOW_OF[model] = noun
    LOADING[model] = list(loading)


def workflow_of(subject: Any) -> Workflow:
    """The workflow that ``subject`` lives in: its noun's, else the one its round has pinned."""
    name = WORKFLOW_OF[type(subject)]
    if name in nouns.PHASES:
        return nouns.workflow(name)
    workflow: Workflow = subject.round.programme.workflows[name]
    return workflow


def locked(session: Session, model: type[Any], id_: int) -> Any:
    """The row under a lock, with the values of now and not those read before it was ours."""
    row = session.scalars(
        select(model)
        .where(model.id == id_)
        .options(*LOADING[model])
        .with_for_update(of=model)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def available(subject: Any, actor: Actor) -> list[Transition]:
    """The actions that ``actor`` may take now: buttons come from here."""
    leaving = workflow_of(subject).leaving(subject.state)
    return [item for item in leaving if can(actor, Permission(item.by), subject)]


def refusals(
    session: Session, actor: Actor, subject: Any, action: str
) -> tuple[Transition | None, list[str]]:
    """The transition that ``action`` would take, and every reason why it cannot.

    For showing only: the step itself asks again under its locks.
    """
    workflow = workflow_of(subject)
    transition = workflow.transition(subject.state, action)
    if transition is None:
        label = workflow.state(subject.state).staff_label
        return None, [f"当前状态是“{label}”，不能办理这个操作"]
    if not can(actor, Permission(transition.by), subject):
        return transition, ["您没有办理这个操作的权限"]
    return transition, _against(session, actor, subject, transition, {})


def guard_refusals(session: Session, actor: Actor, subject: Any, action: str) -> list[str]:
    """What the guards of ``action`` say against it now; nothing if the state has no such step."""
    transition = workflow_of(subject).transition(subject.state, action)
    return [] if transition is None else _against(session, actor, subject, transition, {})


def _against(
    session: Session, actor: Actor, subject: Any, transition: Transition, given: Data
) -> list[str]:
    found = [GUARDS[name](session, subject, actor, given) for name in transition.guards]
    return [reason for reason in found if reason is not None]


def perform(
    session: Session,
    actor: Actor,
    subject: Any,
    action: str,
    *,
    why: Why | None = None,
    **data: Any,
) -> Event:
    """Take ``action`` on ``subject``. Raises Conflict (wrong state or guard), Forbidden, Invalid.

    ``data`` goes to guards and effects; ``expected_version`` refuses a stale page.
    """
    subject = locked(session, type(subject), subject.id)
    workflow = workflow_of(subject)
    grounds: Why = why or {}
    # Permission before state: who may not act at all must not learn the state from the refusal.
    transition = _transition(actor, subject, workflow, action)
    require(actor, Permission(transition.by), subject)
    _check_version(subject, data.pop("expected_version", None))
    _check_grounds(transition, grounds)
    given = {**data, **grounds}
    if reasons := _against(session, actor, subject, transition, given):
        raise Conflict("；".join(reasons), code="guard_refused", reasons=reasons)
    states = (subject.state, transition.to)
    _enter(subject, workflow.state(transition.to), given)
    event = record(session, actor, action, subject, states=states, why=grounds, diff=_plain(data))
    for name in transition.effects:
        EFFECTS[name](session, subject, actor, given)
    session.flush()
    return event


def _transition(actor: Actor, subject: Any, workflow: Workflow, action: str) -> Transition:
    found = workflow.transition(subject.state, action)
    if found is not None:
        return found
    same = [item for item in workflow.transitions if item.action == action]
    if not same:
        raise NotFound("没有这个操作")
    require(actor, Permission(same[0].by), subject)
    label = workflow.state(subject.state).staff_label
    raise Conflict(f"当前状态是“{label}”，不能{same[0].label}", code="wrong_state")


def _check_version(subject: Any, expected: int | None) -> None:
    if expected is not None and subject.version != expected:
        raise Conflict("内容已被他人更新", code="stale_version")


def _check_grounds(transition: Transition, grounds: Why) -> None:
    fields: dict[str, list[str]] = {}
    if transition.reason_required and not grounds.get("reason", "").strip():
        fields["reason"] = ["请填写理由"]
    if transition.document_required and not grounds.get("document_no", "").strip():
        fields["document_no"] = ["请填写依据文号"]
    code = grounds.get("reason_code", "")
    if transition.reason_codes and code not in transition.reason_codes:
        fields["reason_code"] = ["请选择一项原因"]
    if fields:
        raise Invalid(fields=fields)


def _enter(subject: Any, state: State, given: Data) -> None:
    subject.state, subject.phase = state.id, state.phase
    subject.state_since = clock.now()
    subject.reason_code = given.get("reason_code", "")
    for stamp, value in _stamps(subject, state.phase, given):
        setattr(subject, stamp, value)


def _stamps(subject: Any, phase: str, given: Data) -> Iterator[tuple[str, date | None]]:
    """Dates that a CHECK ties to the phase; they must be set before the next flush.

    An exit of the past brings its own day.
    """
    columns = inspect(type(subject)).columns
    if "exited_on" in columns:
        yield "exited_on", given.get("exited_on", clock.today()) if phase == "exited" else None
    if "closed_at" in columns:
        yield "closed_at", clock.now() if phase == "closed" else None


def _plain(data: Data) -> Data:
    return {
        key: value.isoformat() if isinstance(value, date) else value for key, value in data.items()
    }
