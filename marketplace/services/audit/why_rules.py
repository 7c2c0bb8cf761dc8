"""The clause behind a step: article, words and version of the text that was in force that day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Event, Round
from marketplace.programmes.parts import Clause
from marketplace.programmes.schema import Programme
from marketplace.services.pool import bans

PINNING = ("round_open", "round_amend")


@dataclass(frozen=True)
class Cited:
    """One provision as a page quotes it; ``number`` is that of the document it stands in."""

    id: str
    label: str
    article: str
    quote: str
    proposal: bool
    reading: str
    number: str


@dataclass(frozen=True)
class Pin:
    """A text of the programme that was in force from ``since`` on, by its hash."""

    since: datetime
    hash: str


def pins(session: Session, round_: Round) -> list[Pin]:
    """Which texts bound a round, oldest first: one query."""
    rows = session.scalars(
        select(Event)
        .where(
            Event.subject_type == Round.__tablename__,
            Event.subject_id == round_.id,
            Event.action.in_(PINNING),
        )
        .order_by(Event.at, Event.id)
    )
    found = [Pin(row.at, _hash(row.diff["hash"])) for row in rows if row.diff.get("hash")]
    return found or [Pin(round_.created_at, round_.programme_hash)]


def _hash(told: str | list[str]) -> str:
    """An amendment tells the hash before and the one after."""
    return told if isinstance(told, str) else told[-1]


def pinned(found: Sequence[Pin], at: datetime) -> str:
    """The hash of the text in force at ``at``; what happened before the round has its first."""
    return next((pin.hash for pin in reversed(found) if pin.since <= at), found[0].hash)


def cite(programme: Programme, names: Sequence[str], *, type_: str, reason: str) -> list[Cited]:
    """The provisions that ``names`` mean: ids of clauses, or words of ``config/why.yml``.

    ``type_`` narrows quotas, ``reason`` (an X code) finds the ban. Unknown names are left out.
    """
    return [
        _cited(programme, clause)
        for name in names
        for clause in _clauses(programme, name, type_, reason)
    ]


def _clauses(programme: Programme, name: str, type_: str, reason: str) -> Iterator[Clause]:
    if name == "evaluation":
        yield from _evaluation(programme)
    elif name == "quota":
        yield from (item for item in programme.quotas if not item.types or type_ in item.types)
    elif name in ("reports", "awards"):
        yield from getattr(programme, name)
    elif name == "ban":
        found = bans.clause_for(programme, reason)
        yield from [found] if found else []
    elif name in ("removal", "publicity", "validity"):
        section = getattr(programme, name)
        yield from [section] if section else []
    else:
        yield from (item for item in programme.clauses() if item.id == name)
        yield from (item for item in _indicators(programme) if item.id == name)


def _evaluation(programme: Programme) -> Iterator[Clause]:
    """The scheme of evaluation as one provision: it stands in the notice's own article, if any."""
    scheme = programme.evaluation
    if scheme is not None:
        yield Clause(
            id=f"{scheme.scheme}-{scheme.version}", label=f"评价方案第{scheme.version}版",
            article=programme.removal.article, quote=programme.removal.quote, proposal=True,
            reading=scheme.basis,
        )  # fmt: skip


def _indicators(programme: Programme) -> Iterator[Clause]:
    scheme = programme.evaluation
    for dimension in scheme.dimensions if scheme else ():
        for item in dimension.indicators:
            yield Clause(
                id=item.id, label=f"{dimension.name}：{item.name}（{item.points} 分）",
                article=f"评价方案 {item.id}", quote=item.formula, proposal=True,
            )  # fmt: skip


def _cited(programme: Programme, clause: Clause) -> Cited:
    return Cited(
        clause.id, clause.label, clause.article, clause.quote, clause.proposal, clause.reading,
        programme.instrument.number,
    )  # fmt: skip
