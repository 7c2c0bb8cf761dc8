"""Replacements that follow no exit: a cell below its minimum, or a segment that is new (§4.5).

The same reserve list, checks and notice as after a removal. Where nobody is left on the list the
page of the replacement says that a new selection is due.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import Session, undefer

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Candidacy, Membership, Quota, Replacement, Round
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import ReplacementPhase, RoundPhase, SelectionPhase
from marketplace.programmes import nouns

BELOW, NEW = "below_quota_min", "new_segment"
TRIGGER_LABELS = {
    "removal": "移出", "withdrawal": "自愿退出", "expiry": "期满", BELOW: "低于下限",
    NEW: "新增细分行业",
}  # fmt: skip


@dataclass(frozen=True)
class Opening:
    """A cell with places that nobody looks for yet; ``reserve``: how many wait for one."""

    quota: Quota
    round: Round
    trigger: str
    missing: int
    reserve: int


def openings(session: Session, quota_id: int | None = None) -> list[Opening]:
    """Cells (or the one) of listed rounds for which a replacement may be started: 2 queries.

    Programmes are read for cells that miss somebody: one query where none does.
    """
    placed = exists().where(
        Membership.round_id == Quota.round_id,
        Membership.segment == Quota.dims["segment"].as_string(),
    )
    searched = _number(Replacement, Replacement.phase == ReplacementPhase.OPEN)
    waiting = _number(Candidacy, Candidacy.phase == SelectionPhase.RESERVE)
    query = (
        select(Quota, placed, searched, waiting)
        .join(Round, Round.id == Quota.round_id)
        .where(Round.phase == RoundPhase.LISTED)
    )
    if quota_id is not None:
        query = query.where(Quota.id == quota_id)
    short = [
        (quota, some, missing, waits)
        for quota, some, open_, waits in session.execute(query.order_by(Quota.id))
        if (missing := _missing(quota, placed=some, searched=open_)) > 0
    ]
    rounds = _rounds(session, {quota.round_id for quota, *_ in short})
    found = [
        _opening(quota, rounds[quota.round_id], placed=some, missing=missing, reserve=waits)
        for quota, some, missing, waits in short
    ]
    return [one for one in found if one is not None]


def _rounds(session: Session, ids: set[int]) -> dict[int, Round]:
    if not ids:
        return {}
    query = select(Round).where(Round.id.in_(ids)).options(undefer(Round.programme_snapshot))
    return {row.id: row for row in session.scalars(query)}


def _missing(quota: Quota, *, placed: bool, searched: int) -> int:
    """How many more are to be looked for; a segment nobody was placed in yet wants one at least."""
    wanted = max(quota.minimum or 0, 0 if placed else 1)
    return wanted - quota.used - quota.held - searched


def _number(model: Any, condition: ColumnElement[bool]) -> ScalarSelect[int]:
    counted = select(func.count()).where(model.quota_id == Quota.id, condition)
    return counted.correlate(Quota).scalar_subquery()


def _opening(
    quota: Quota, round_: Round, *, placed: bool, missing: int, reserve: int
) -> Opening | None:
    """What may be started for a cell that misses somebody, by its programme."""
    supplement = round_.programme.supplement
    if supplement is None or not {"segment", "type"} <= quota.dims.keys():
        return None
    trigger = BELOW if placed else NEW
    if trigger not in supplement.triggers:
        return None
    return Opening(quota, round_, trigger, missing, reserve)


def opening(session: Session, quota_id: int) -> Opening:
    """What may be started for this cell. Raises NotFound, Conflict ``nothing_missing``."""
    found = openings(session, quota_id)
    if found:
        return found[0]
    if session.get(Quota, quota_id) is None:
        raise NotFound("没有这个名额")
    raise Conflict("这一格没有低于下限，或者已经在递补", code="nothing_missing")


def start(session: Session, actor: Actor, quota_id: int, *, reason: str) -> Replacement:
    """Look for one more for a cell. Raises Conflict (nothing missing), Invalid, Forbidden.

    The cell is locked: two who start at once do not look for more than are missing.
    """
    require(actor, Permission.REPLACEMENT_RUN)
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写理由"]})
    session.execute(select(Quota.id).where(Quota.id == quota_id).with_for_update())
    session.expire_all()
    found = opening(session, quota_id)
    workflow = nouns.workflow("replacement")
    first = workflow.state(workflow.initial)
    dims = found.quota.dims
    row = Replacement(
        round_id=found.round.id, quota_id=quota_id, type=dims["type"], segment=dims["segment"],
        trigger=found.trigger, state=first.id, phase=first.phase, state_since=clock.now(),
        skipped=[], checks={},
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        session, actor, "replacement_open", row, states=("", first.id), why=Why(reason=reason),
        diff={"quota": quota_id, "trigger": found.trigger},
    )  # fmt: skip
    return row
