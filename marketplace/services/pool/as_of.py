"""The pool as it stood at the end of a day (F-A4): from stored dates and from events.

States are those in force then, in the words of the programme text pinned then; quotas are those of
the day. What was changed later (range, text, name, grade) does not shine through.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.models import (
    Appeal,
    Candidacy,
    EvaluationSheet,
    Event,
    Membership,
    Organisation,
    Provider,
    Quota,
    Round,
)
from marketplace.phases import LIVE_PHASES, PUBLIC_PHASES, SelectionPhase, StandingPhase
from marketplace.programmes.schema import Programme
from marketplace.programmes.workflows import State, Workflow
from marketplace.services.audit.why_rules import pinned, pins
from marketplace.services.pool import pool_board, programme_texts
from marketplace.services.pool.pool_board import Board, Cell

TABLE = Membership.__tablename__


@dataclass(frozen=True)
class Standing:
    """A place on a day: the state in force, and since when (None: not recorded)."""

    membership: Membership
    state: State
    since: date | None

    @property
    def public(self) -> bool:
        """Whether it was shown in lists."""
        return self.state.phase in PUBLIC_PHASES

    @property
    def live(self) -> bool:
        """Whether it held a place of the quota."""
        return self.state.phase in LIVE_PHASES


def programme_on(session: Session, round_: Round, day: date) -> Programme:
    """The text that bound a round at the end of ``day``; today's if that text was not kept."""
    hash_ = pinned(pins(session, round_), clock.end_of_day(day))
    return programme_texts.of(session, [hash_]).get(hash_, round_.programme)


def standings(
    session: Session, memberships: Sequence[Membership], day: date, programme: Programme
) -> list[Standing]:
    """The places that existed on ``day``, in the given order: two queries, however many."""
    ids = [item.id for item in memberships]
    history = _history(session, ids)
    returned = _returned(session, ids)
    end, flow = clock.end_of_day(day), programme.workflows["standing"]
    found = []
    for item in memberships:
        begun = returned.get(item.id, clock.start_of_day(item.listed_on))
        if begun < end:
            found.append(_standing(item, history.get(item.id, []), day, flow))
    return found


def _history(session: Session, ids: Sequence[int]) -> dict[int, list[Any]]:
    rows = session.execute(
        select(Event.subject_id, Event.at, Event.from_state, Event.to_state)
        .where(
            Event.subject_type == TABLE, Event.subject_id.in_(ids),
            Event.from_state != Event.to_state,
        )
        .order_by(Event.at, Event.id)
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.subject_id, []).append(row)
    return found


def _returned(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    """Places given back by an appeal: they keep the first date, but stood empty until then."""
    rows = session.execute(
        select(Membership.id, Membership.created_at)
        .join(Appeal, Appeal.restored_id == Membership.id)
        .where(Membership.id.in_(ids), Appeal.membership_id != Membership.id)
    )
    return {row.id: row.created_at for row in rows}


def _standing(item: Membership, history: Sequence[Any], day: date, flow: Workflow) -> Standing:
    end = clock.end_of_day(day)
    if item.exited_on is not None and item.exited_on <= day:
        return Standing(item, _state(flow, item.state, item), item.exited_on)
    before = [row for row in history if row.at < end and row.from_state]
    if before:
        return Standing(item, _state(flow, before[-1].to_state, item), _day(before[-1].at))
    later = next((row.from_state for row in history if row.at >= end and row.from_state), None)
    if later is None and item.exited_on is None:
        later = item.state
    return Standing(item, _state(flow, later or flow.initial, item), item.listed_on)


def _day(at: datetime) -> date:
    return clock.beijing(at).date()


def _state(flow: Workflow, code: str, item: Membership) -> State:
    """The state by the text of the day; by today's where that text did not know it."""
    known = {state.id: state for state in flow.states}
    return known.get(code) or item.round.programme.workflows["standing"].state(code)


def members(session: Session, round_: Round) -> list[Membership]:
    """Every place a round ever had whose provider is not hidden, with all that is shown."""
    return list(
        session.scalars(
            select(Membership)
            .join(Provider, Provider.id == Membership.provider_id)
            .where(Membership.round_id == round_.id, Provider.hidden_at.is_(None))
            .options(
                joinedload(Membership.round),
                joinedload(Membership.provider).joinedload(Provider.organisation),
            )
            .order_by(Membership.segment, Membership.type, Membership.id)
        )
    )


def board(session: Session, round_: Round, day: date, found: Iterable[Standing]) -> Board:
    """The public board of a round at the end of ``day``; ``found`` are its places then."""
    quotas = session.scalars(
        select(Quota).where(Quota.round_id == round_.id).order_by(Quota.id)
    ).all()
    ranges = _ranges(session, quotas, day)
    noticed = _noticed(session, round_, day)
    places = list(found)
    return pool_board.lay_out(
        round_, [_cell(quota, places, ranges, noticed.get(quota.id, 0)) for quota in quotas]
    )


def _cell(
    quota: Quota,
    places: Sequence[Standing],
    ranges: Mapping[int, tuple[int | None, int | None]],
    noticed: int,
) -> Cell:
    here = [item for item in places if item.membership.quota_id == quota.id]
    minimum, cap = ranges[quota.id]
    return Cell(
        quota_id=quota.id,
        label=quota.label,
        dims=quota.dims,
        minimum=minimum,
        cap=cap,
        used=sum(item.live for item in here),
        held=noticed,
        listed=sum(item.public for item in here),
        suspended=sum(item.state.phase == StandingPhase.SUSPENDED for item in here),
        in_notice=noticed,
        decided=None,
        reserve=None,
    )


def _ranges(
    session: Session, quotas: Sequence[Quota], day: date
) -> dict[int, tuple[int | None, int | None]]:
    """Minimum and cap of each cell then: later changes are taken back, the newest first."""
    ranges = {quota.id: (quota.minimum, quota.cap) for quota in quotas}
    later = session.scalars(
        select(Event)
        .where(
            Event.subject_type == Quota.__tablename__, Event.subject_id.in_(ranges),
            Event.action == "quota_change", Event.at >= clock.end_of_day(day),
        )
        .order_by(Event.at.desc(), Event.id.desc())
    )  # fmt: skip
    for event in later:
        ranges[event.subject_id] = (event.diff["minimum"][0], event.diff["cap"][0])
    return ranges


def _noticed(session: Session, round_: Round, day: date) -> dict[int, int]:
    """Candidacies in public notice on ``day``, by cell."""
    rows = session.execute(
        select(Candidacy.quota_id, func.count())
        .where(
            Candidacy.round_id == round_.id,
            Candidacy.phase.in_((SelectionPhase.PUBLICITY, SelectionPhase.CLOSED)),
            Candidacy.publicity_from <= day,
            Candidacy.publicity_until >= day,
        )
        .group_by(Candidacy.quota_id)
    )
    return {row.quota_id: row[1] for row in rows}


def name_on(session: Session, organisation: Organisation, day: date) -> str:
    """What an organisation was called at the end of ``day``."""
    later = session.scalars(
        select(Event)
        .where(
            Event.subject_type == Organisation.__tablename__,
            Event.subject_id == organisation.id,
            Event.at >= clock.end_of_day(day),
        )
        .order_by(Event.at.desc(), Event.id.desc())
    )
    name = organisation.name
    for event in later:
        told = event.diff.get("name")
        if isinstance(told, list) and len(told) == 2 and told[0]:
            name = told[0]
    return name


@dataclass(frozen=True)
class Rated:
    """The grade of a place that was in force, in the words that its cycle made public."""

    score: str
    grade: str
    cycle: str


def grades_on(session: Session, membership_ids: Sequence[int], day: date) -> dict[int, Rated]:
    """The last grade published by the end of ``day``, by membership: one query."""
    rows = session.scalars(
        select(EvaluationSheet)
        .where(
            EvaluationSheet.membership_id.in_(membership_ids),
            EvaluationSheet.published_at < clock.end_of_day(day),
        )
        .order_by(EvaluationSheet.published_at, EvaluationSheet.id)
    )
    found = {}
    for row in rows:
        told = row.result.get("public")
        if told:
            found[row.membership_id] = Rated(told["score"], told["name"], told["cycle"])
    return found
