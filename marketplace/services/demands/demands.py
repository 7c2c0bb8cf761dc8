"""Demands (需求, F-V12): published without the enterprise's name, answered by providers, moderated.

The public reads title, words, segment, process links, budget and last day. The name is known to
those providers alone that the enterprise invites.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Demand, DemandAnswer, Event
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import AnswerPhase, DemandPhase
from marketplace.programmes import nouns
from marketplace.services.demands import demands_notices
from marketplace.services.demands.demands_rules import NOUN, OF_DEMAND
from marketplace.services.pool import applicants
from marketplace.workflow import locked, perform

MOST_DRAFTS = 50
LABELS = {
    "title": "标题", "text": "需求说明", "segment": "细分行业", "process_links": "关键环节",
    "until": "答复截止日", "budget_low_cny": "预算下限", "budget_high_cny": "预算上限",
}  # fmt: skip


@dataclass(frozen=True)
class Content:
    """What an enterprise writes. Budgets in CNY; ``until`` is the last day for answers."""

    title: str
    text: str
    segment: str
    process_links: Sequence[str]
    until: date
    budget_low_cny: Decimal | None = None
    budget_high_cny: Decimal | None = None


def create(session: Session, actor: Actor, content: Content) -> Demand:
    """A new draft. Raises Invalid, Conflict (too many), Forbidden."""
    require(actor, Permission.DEMAND_WRITE)
    if actor.user_id is None or actor.organisation_id is None:
        raise Forbidden
    applicants.lock(session, [actor.organisation_id])
    drafts = session.scalar(
        select(func.count())
        .select_from(Demand)
        .where(Demand.organisation_id == actor.organisation_id, Demand.phase == DemandPhase.DRAFT)
    )
    if (drafts or 0) >= MOST_DRAFTS:
        raise Conflict(f"草稿最多{MOST_DRAFTS}条", code="too_many", remedy="请先作废一些草稿。")
    workflow = nouns.workflow(NOUN)
    first = workflow.state(workflow.initial)
    row = Demand(
        organisation_id=actor.organisation_id, created_by=actor.user_id, state=first.id,
        phase=first.phase, state_since=clock.now(), **_values(content),
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, actor, "demand_create", row, states=("", first.id))
    return get(session, actor, row.id)


def _values(content: Content) -> dict[str, Any]:
    low, high = content.budget_low_cny, content.budget_high_cny
    if low is not None and high is not None and high < low:
        raise Invalid(fields={"budget_high": ["预算上限不能小于下限"]})
    return {
        "title": content.title, "text": content.text, "segment": content.segment,
        "process_links": list(content.process_links), "until": content.until,
        "closes_at": clock.end_of_day(content.until),
        "budget_low_cny": low, "budget_high_cny": high,
    }  # fmt: skip


def save(
    session: Session, actor: Actor, demand: Demand, content: Content, *, expected_version: int
) -> Demand:
    """Change a draft. Raises Conflict (not a draft, or somebody was faster), Invalid."""
    require(actor, Permission.DEMAND_WRITE, demand)
    values = _values(content)
    row: Demand = locked(session, Demand, demand.id)
    if row.phase != DemandPhase.DRAFT:
        raise Conflict("需求已经公开或结束，不能再修改", code="wrong_state")
    if row.version != expected_version:
        raise Conflict("内容已被同事更新", code="stale_version")
    changed = [label for name, label in LABELS.items() if getattr(row, name) != values[name]]
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    if changed:
        record(session, actor, "demand_edit", row, diff={"fields": "、".join(changed)})
    return row


def listed(actor: Actor) -> Select[Demand]:
    """SELECT of the acting enterprise's own, the last moved first."""
    query = visible(actor, Permission.DEMAND_WRITE, Demand).options(*OF_DEMAND)
    return query.order_by(Demand.state_since.desc(), Demand.id.desc())


def moderated(actor: Actor, phase: str = "") -> Select[Demand]:
    """SELECT of what was ever published, for staff, the latest first; with their enterprises."""
    query = visible(actor, Permission.DEMAND_MODERATE, Demand).options(*OF_DEMAND)
    if phase:
        query = query.where(Demand.phase == phase)
    return query.order_by(Demand.published_at.desc(), Demand.id.desc())


def get(session: Session, actor: Actor, demand_id: int) -> Demand:
    """One that the actor may know with its enterprise: its own, or staff. Raises NotFound."""
    query = visible(actor, Permission.DEMAND_READ, Demand).where(Demand.id == demand_id)
    query = query.options(*OF_DEMAND).execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这条需求")
    return found


def public(segment: str = "") -> Select[Demand]:
    """SELECT of what takes answers now, for everybody, the latest first. Without enterprises."""
    query = select(Demand).where(
        Demand.phase == DemandPhase.PUBLISHED, Demand.closes_at > clock.now()
    )
    if segment:
        query = query.where(Demand.segment == segment)
    return query.order_by(Demand.published_at.desc(), Demand.id.desc())


def shown(session: Session, demand_id: int) -> Demand:
    """One that is public, also after it ended; not one that was taken down. Raises NotFound."""
    found = session.scalars(
        select(Demand).where(
            Demand.id == demand_id,
            Demand.published_at.is_not(None),
            Demand.phase.in_((DemandPhase.PUBLISHED, DemandPhase.CLOSED)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("没有这条需求，或已经撤下")
    return found


def act(
    session: Session, actor: Actor, demand: Demand, action: str, *, reason: str = "",
    expected_version: int | None = None,
) -> Event:  # fmt: skip
    """One step of its life, and whom it concerns is told. Raises Conflict, Invalid, Forbidden."""
    applicants.lock(session, [demand.organisation_id])
    event = perform(
        session, actor, demand, action, why=Why(reason=reason.strip()),
        expected_version=expected_version,
    )  # fmt: skip
    demands_notices.tell(session, demand, event)
    return event


def expire(session: Session, actor: Actor, demand_id: int) -> None:
    """Its last day is over. Raises Conflict."""
    query = select(Demand).where(Demand.id == demand_id).options(*OF_DEMAND)
    act(session, actor, session.scalars(query).one(), "demand_expire")


def answer_numbers(session: Session, demand_ids: Sequence[int]) -> dict[int, int]:
    """How many answers each of an enterprise's demands has got that were not taken back."""
    rows = session.execute(
        select(DemandAnswer.demand_id, func.count())
        .where(DemandAnswer.demand_id.in_(demand_ids), DemandAnswer.phase != AnswerPhase.WITHDRAWN)
        .group_by(DemandAnswer.demand_id)
    )
    return dict(rows.all())
