"""Why a membership stands where it stands (为什么, F-A3): its story from events alone.

Each step carries the clause that ordered it, in the text that was in force that day, the data that
was written down then, its documents, who acted, and the clock that was used.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.clock import WorkingCalendar
from marketplace.errors import NotFound
from marketplace.models import (
    Event,
    IssuedLetter,
    Membership,
    Organisation,
    Provider,
    StoredFile,
)
from marketplace.permissions import Actor, Permission, can, visible
from marketplace.phases import Role
from marketplace.programmes.schema import Programme
from marketplace.services.audit.why_rules import Cited, cite, pinned, pins
from marketplace.services.audit.why_sources import event_ids, facts, registry
from marketplace.services.pool import programme_texts

MOST = 2000
"""Steps that are read; the story of a place in ten years has some hundreds."""

MEANT = frozenset(
    ("rule", "programme_hash", "due", "counted", "public", "files", "grade", "score", "scheme")
)
"""Keys of an event's data with a meaning of their own; all others are fields before and after."""

NAMELESS = (Role.EXPERT.value, Role.THIRD_PARTY.value)
"""Whose names only those learn who may read the event log (S40, S44)."""


@dataclass(frozen=True)
class Clock:
    """A term: its exclusive end, and how it was counted (``counted``), as far as recorded."""

    due: datetime | None
    counted: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One event of the story, with what explains it."""

    event: Event
    group: str
    public: bool
    programme: Programme | None
    version: str
    """Hash of the text in force at the moment of the event."""
    rules: tuple[Cited, ...]
    clock: Clock
    organisation: str
    actor: str
    files: tuple[StoredFile, ...] = ()
    letters: tuple[IssuedLetter, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """Fields that were written down, without those that are shown elsewhere."""
        return {name: value for name, value in self.event.diff.items() if name not in MEANT}


@dataclass(frozen=True)
class Story:
    """A membership and its steps, oldest first. ``cut``: there are more than were read."""

    membership: Membership
    steps: tuple[Step, ...]
    cut: bool = False

    @property
    def groups(self) -> dict[str, int]:
        """Steps by group, in the order of the file."""
        counts = {name: sum(s.group == name for s in self.steps) for name in registry().groups}
        return {name: count for name, count in counts.items() if count}

    def of_group(self, group: str) -> "Story":
        """Only the steps of one group; all for an empty name."""
        if not group:
            return self
        return replace(self, steps=tuple(s for s in self.steps if s.group == group))


def counted(calendar: WorkingCalendar, start: date, days: int) -> dict[str, Any]:
    """A count of working days as events keep it under ``counted``. Raises Invalid.

    ``off`` are the days that did not count, each with its reason.
    """
    steps = calendar.count(start, days)
    return {
        "from": start.isoformat(),
        "days": days,
        "unit": "working",
        "until": steps[-1].day.isoformat(),
        "off": [[step.day.isoformat(), step.label] for step in steps if not step.working],
        "official": calendar.is_official(start, steps[-1].day),
    }


_LOADING = (
    joinedload(Membership.round),
    joinedload(Membership.quota),
    joinedload(Membership.provider).joinedload(Provider.organisation),
)


def whole(session: Session, actor: Actor, membership_id: int) -> Story:
    """Everything, for staff who may see the membership. Raises NotFound."""
    statement = visible(actor, Permission.MEMBERSHIP_READ, Membership)
    row = session.scalars(
        statement.where(Membership.id == membership_id).options(*_LOADING)
    ).one_or_none()
    if row is None:
        raise NotFound
    story = _story(session, row)
    steps = _with_papers(session, story.steps)
    if not can(actor, Permission.EVENT_READ):
        steps = [_nameless(step) for step in steps]
    return replace(story, steps=tuple(steps))


def public(session: Session, provider_id: int, membership_id: int) -> Story:
    """What visitors may read of a place, also after its exit. Raises NotFound."""
    row = session.scalars(
        select(Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(
            Membership.id == membership_id,
            Membership.provider_id == provider_id,
            Provider.hidden_at.is_(None),
        )
        .options(*_LOADING)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这条入池记录，或它不再公开")
    story = _story(session, row)
    return replace(story, steps=tuple(step for step in story.steps if step.public))


def _story(session: Session, membership: Membership) -> Story:
    ids = event_ids(facts(session, membership))
    newest = select(Event).where(Event.id.in_(ids)).order_by(Event.at.desc(), Event.id.desc())
    rows = session.scalars(newest.limit(MOST + 1)).all()
    events = list(reversed(rows[:MOST]))
    known = pins(session, membership.round)
    versions = {row.id: row.diff.get("programme_hash") or pinned(known, row.at) for row in events}
    texts = programme_texts.of(session, versions.values())
    names = _organisations(session, events)
    steps = []
    for row in events:
        programme = texts.get(versions[row.id])
        steps.append(
            Step(
                event=row,
                group=registry().group(row),
                public=registry().is_public(row),
                programme=programme,
                version=versions[row.id],
                rules=tuple(_rules(programme, row, membership.type)),
                clock=_clock(row),
                organisation=names.get(row.organisation_id or 0, ""),
                actor=row.who,
            )
        )
    return Story(membership, tuple(steps), cut=len(rows) > MOST)


def _rules(programme: Programme | None, row: Event, type_: str) -> list[Cited]:
    if programme is None:
        return []
    return cite(programme, registry().rules(row), type_=type_, reason=row.reason_code)


def _clock(row: Event) -> Clock:
    due = row.diff.get("due")
    return Clock(datetime.fromisoformat(due) if due else None, row.diff.get("counted") or {})


def _organisations(session: Session, events: Iterable[Event]) -> dict[int, str]:
    ids = {row.organisation_id for row in events if row.organisation_id is not None}
    if not ids:
        return {}
    rows = session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    )
    return {row.id: row.name for row in rows}


def _with_papers(session: Session, steps: Sequence[Step]) -> list[Step]:
    """The steps with the files that their events name and the letters they sent: two queries."""
    ids = {id_ for step in steps for id_ in _file_ids(step.event)}
    found = session.scalars(select(StoredFile).where(StoredFile.id.in_(ids))) if ids else ()
    files = {row.id: row for row in found}
    sent: dict[int, list[IssuedLetter]] = {}
    events = [step.event.id for step in steps]
    letters = select(IssuedLetter).where(IssuedLetter.event_id.in_(events))
    for letter in session.scalars(letters.order_by(IssuedLetter.id)):
        sent.setdefault(letter.event_id, []).append(letter)
    return [
        replace(
            step,
            files=tuple(files[id_] for id_ in _file_ids(step.event) if id_ in files),
            letters=tuple(sent.get(step.event.id, ())),
        )
        for step in steps
    ]


def _file_ids(row: Event) -> list[int]:
    """Files used by a step, or put in by it (``files_change``)."""
    named = [*(row.diff.get("files") or []), *(row.diff.get("files_added") or [])]
    return [id_ for id_ in named if isinstance(id_, int)]


def _nameless(step: Step) -> Step:
    return replace(step, actor="") if step.event.actor_role in NAMELESS else step
