"""Findings of other authorities about firms (信用、行政处罚、安全事故), entered by the city.

Each is held against the live places of the pool by the worker (``credit_checks``); a veto of the
programme suspends at once and waits for a human.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import CreditFinding, Event, Term
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import CreditPhase, Role
from marketplace.programmes import nouns
from marketplace.services.files import files
from marketplace.services.inbox.tasks import MOST, Task, source
from marketplace.services.proceedings import proceedings
from marketplace.workflow import Data, effect, lives_in, perform, workflow_of

EVIDENCE = "credit_evidence"
VOLUNTARY = "X10"
lives_in(CreditFinding, "credit_finding")
files.READERS[EVIDENCE] = files.holders_of(Permission.CREDIT_READ)


@dataclass(frozen=True, kw_only=True)
class Given:
    """A finding as it is entered: whose, for which cause, when, and who says so."""

    uscc: str
    cause: str
    found_on: date
    source: str
    name: str = ""
    detail: str = ""


def causes(session: Session) -> list[tuple[str, str]]:
    """(code, words) of what a finding may be about: every exit reason but the voluntary one."""
    rows = session.execute(
        select(Term.code, Term.name)
        .where(Term.kind == "exit_reason", Term.code != VOLUNTARY, Term.active)
        .order_by(Term.sort, Term.code)
    )
    return [(code, name) for code, name in rows]


def enter(session: Session, actor: Actor, given: Given) -> CreditFinding:
    """Write a finding down. Raises Conflict ``known`` when it stands there already, Invalid."""
    require(actor, Permission.CREDIT_KEEP)
    if fields := _wrong(given, {code for code, _ in causes(session)}):
        raise Invalid(fields=fields)
    row = _row(given)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("这条信息已经登记过", code="known") from None
    record(session, actor, "credit_enter", row, states=("", row.state), diff={"cause": row.cause})
    return row


def _wrong(given: Given, known: set[str]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    if given.cause not in known:
        fields["cause"] = ["请从列表中选择"]
    if given.found_on > clock.today():
        fields["found_on"] = ["不能晚于今天"]
    if not given.source.strip():
        fields["source"] = ["请填写来源文件"]
    return fields


def _row(given: Given) -> CreditFinding:
    workflow = nouns.workflow("credit_finding")
    first = workflow.state(workflow.initial)
    return CreditFinding(
        uscc=given.uscc, name=given.name.strip(), cause=given.cause, found_on=given.found_on,
        source=given.source.strip(), detail=given.detail.strip(), state=first.id,
        phase=first.phase, state_since=clock.now(),
    )  # fmt: skip


def enter_all(session: Session, actor: Actor, rows: Sequence[tuple[int, Given]]) -> tuple[int, int]:
    """Write a whole list or nothing of it; answers how many are new and how many stood there.

    ``rows``: number of the line and finding. Raises Invalid (``file``: every line's reason).
    """
    require(actor, Permission.CREDIT_KEEP)
    known = {code for code, _ in causes(session)}
    wrong = [
        f"第{number}行：{'；'.join(text for texts in found.values() for text in texts)}"
        for number, given in rows
        if (found := _wrong(given, known))
    ]
    if wrong:
        raise Invalid(fields={"file": wrong})
    new = 0
    for _, given in rows:
        try:
            enter(session, actor, given)
            new += 1
        except Conflict:
            continue
    return new, len(rows) - new


def get(session: Session, actor: Actor, finding_id: int) -> CreditFinding:
    """A finding. Raises NotFound."""
    query = visible(actor, Permission.CREDIT_READ, CreditFinding)
    found = session.scalars(query.where(CreditFinding.id == finding_id)).one_or_none()
    if found is None:
        raise NotFound("没有这条信用信息")
    return found


def listed(actor: Actor, phase: str = "", text: str = "") -> Select[CreditFinding]:
    """SELECT of the findings, the latest first; ``text`` in the name or the code."""
    query = visible(actor, Permission.CREDIT_READ, CreditFinding)
    if phase:
        query = query.where(CreditFinding.phase == phase)
    if text:
        named = CreditFinding.name.icontains(text, autoescape=True)
        query = query.where(or_(named, CreditFinding.uscc == text.upper()))
    return query.order_by(CreditFinding.found_on.desc(), CreditFinding.id.desc())


def step(
    session: Session, actor: Actor, row: CreditFinding, action: str, *, reason: str,
    expected_version: int | None = None,
) -> Event:  # fmt: skip
    """Withdraw a finding, or say how it was dealt with. Raises as perform."""
    why = Why(reason=reason)
    return perform(session, actor, row, action, why=why, expected_version=expected_version)


@effect("lift_credit_suspensions")
def lift_credit_suspensions(
    session: Session, subject: CreditFinding, actor: Actor, data: Data
) -> None:
    """What a finding suspended is shown again with its withdrawal; what went on is not touched."""
    session.flush()
    for case in proceedings.opened_by(session, subject):
        if workflow_of(case).transition(case.state, "lift") is not None:
            why = Why(reason=f"信用信息撤回：{data['reason']}")
            proceedings.act(session, actor, case, "lift", why=why)


@source(Role.CITY_OFFICER)
def by_hand(session: Session, actor: Actor) -> Iterable[Task]:
    """Findings about places of the pool that no rule followed up."""
    query = visible(actor, Permission.CREDIT_KEEP, CreditFinding).where(
        CreditFinding.phase == CreditPhase.BY_HAND
    )
    for row in session.scalars(query.order_by(CreditFinding.id).limit(MOST)):
        title = f"办理信用信息：{row.name or row.uscc}"
        yield Task(title, f"/work/credit-findings/{row.id}", None, "信用信息", "待人工办理")
