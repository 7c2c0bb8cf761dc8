"""Which events belong to a membership: ``config/why.yml`` says how each table leads to one.

A table with a ``membership_id`` that the file does not name belongs as well, for staff only, so
that a later noun is never missing from the story of a place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select, union_all
from sqlalchemy.orm import Session

from marketplace.db import Base
from marketplace.models import Appeal, Event, Membership
from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

OTHER = "other"
PLACE = "membership_id"


@dataclass(frozen=True)
class Noun:
    """How one table leads to a membership, and what of it is public."""

    name: str
    group: str = OTHER
    where: tuple[Mapping[str, str], ...] = ()
    under: Mapping[str, str] = field(default_factory=dict)
    over: Mapping[str, str] = field(default_factory=dict)
    public: bool = False
    public_states: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Actions that count; empty: all."""
    rule: tuple[str, ...] = ()
    """Clauses that order its steps, where neither the event nor the action names others."""
    page: str = ""
    public_page: str = ""
    """Where the row is shown to staff and to visitors; ``{id}`` is its number."""


@dataclass(frozen=True)
class Action:
    """What is known of one step beyond its event: its group and the clauses that order it."""

    group: str = ""
    rule: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registry:
    """The file, read."""

    groups: Mapping[str, str]
    nouns: Mapping[str, Noun]
    actions: Mapping[str, Action]

    def noun(self, event: Event) -> Noun:
        """The noun of an event."""
        return self.nouns.get(event.subject_type, Noun(event.subject_type))

    def group(self, event: Event) -> str:
        """The group that an event is shown in."""
        known = self.actions.get(f"{event.subject_type}.{event.action}", Action())
        return known.group or self.noun(event).group

    def rules(self, event: Event) -> tuple[str, ...]:
        """Clauses that order the step: those the event names, else those of the file."""
        named = event.diff.get("rule")
        if named:
            return (named,) if isinstance(named, str) else tuple(named)
        known = self.actions.get(f"{event.subject_type}.{event.action}", Action())
        return known.rule or self.noun(event).rule

    def is_public(self, event: Event) -> bool:
        """Whether visitors may know of the step at all."""
        noun = self.noun(event)
        told = noun.public or event.to_state in noun.public_states
        return told or bool(event.diff.get("public"))


@cache
def registry() -> Registry:
    """What ``config/why.yml`` says, and the tables it does not name."""
    data = read_yaml(ROOT / "config" / "why.yml")
    nouns = {name: _noun(name, given) for name, given in data["nouns"].items()}
    for table in Base.metadata.sorted_tables:
        if PLACE in table.c and table.name not in {*nouns, *data["leave_out"]}:
            nouns[table.name] = Noun(table.name, where=({PLACE: "membership"},))
    actions = {
        name: Action(given.get("group", ""), tuple(given.get("rule", ())))
        for name, given in data["actions"].items()
    }
    return Registry(data["groups"], nouns, actions)


def _noun(name: str, given: dict[str, Any]) -> Noun:
    lists: dict[str, Any] = {
        key: tuple(given[key]) for key in ("where", "public_states", "only", "rule") if key in given
    }
    return Noun(name, **{**given, **lists})


def facts(session: Session, membership: Membership) -> dict[str, Any]:
    """What tables are compared with; the provider of ``membership`` is loaded.

    A place given back by an appeal is a row of its own: its story begins with the first one.
    """
    return {
        "membership": _line(session, membership.id),
        "provider": membership.provider_id,
        "organisation": membership.provider.organisation_id,
        "round": membership.round_id,
        "quota": membership.quota_id,
        "type": membership.type,
        "segment": membership.segment,
    }


def _line(session: Session, membership_id: int) -> list[int]:
    """A membership and those that it was given back for, the newest first."""
    line = [membership_id]
    while True:
        before = session.scalar(
            select(Appeal.membership_id).where(
                Appeal.restored_id == line[-1], Appeal.membership_id.not_in(line)
            )
        )
        if before is None:
            return line
        line.append(before)


def rows_of(noun: Noun, known: Mapping[str, Any]) -> Select[Any]:
    """SELECT of the ids of a noun's rows that belong to the membership with these facts."""
    table = _table(noun.name)
    conditions = [
        and_(*(_equals(table, column, known[fact]) for column, fact in option.items()))
        for option in noun.where
    ]
    for parent, column in noun.under.items():
        conditions.append(table.c[column].in_(rows_of(registry().nouns[parent], known)))
    for child, column in noun.over.items():
        children = rows_of(registry().nouns[child], known).subquery()
        link = _table(child)
        ids = select(link.c[column]).where(link.c.id.in_(select(children.c.id)))
        conditions.append(table.c.id.in_(ids))
    return select(table.c.id).where(or_(*conditions))


def _equals(table: Table, column: str, value: Any) -> ColumnElement[bool]:
    return table.c[column].in_(value) if isinstance(value, list) else table.c[column] == value


def event_ids(known: Mapping[str, Any]) -> Select[Any]:
    """SELECT of the ids of all events of the membership.

    One SELECT for each noun, joined by UNION ALL: each finds its events by the index on subjects,
    which neither engine does for one long OR.
    """
    return select(union_all(*_each(known)).subquery().c.id)


def _each(known: Mapping[str, Any]) -> Iterator[Select[Any]]:
    for noun in registry().nouns.values():
        rows = rows_of(noun, known)
        found = select(Event.id).where(Event.subject_type == noun.name, Event.subject_id.in_(rows))
        yield found.where(Event.action.in_(noun.only)) if noun.only else found


def _table(name: str) -> Table:
    return Base.metadata.tables[name]
