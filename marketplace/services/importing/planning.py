"""What a group of staged rows would change, worked out before any lock is taken.

A plan holds whole new column values, the version each changed row must still have, and what came
of each staged row. A field that people edited since is kept and named (house.md §2, F-X6).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from marketplace import bulk
from marketplace.crypto import Cipher
from marketplace.phases import OrganisationKind, RowPhase
from marketplace.schemas.import_cells import fold
from marketplace.schemas.imports import Row
from marketplace.services.importing import targets
from marketplace.services.importing.targets import (
    CHILDREN,
    GROWN,
    ORGANISATION,
    PROVIDER,
    Target,
)
from marketplace.services.pool import contacts

Values = dict[str, Any]
HIDDEN_IN_HISTORY = {targets.PHONE, targets.SEALED_PHONE}


class Source(NamedTuple):
    """A staged row: its id in the staging table, place in the file, and checked data."""

    id: int
    sheet: str
    number: int
    unit: str
    data: Row


@dataclass
class Outcome:
    """What came of a staged row; ``kept`` are headers of fields that people edited."""

    phase: RowPhase = RowPhase.UNCHANGED
    sheet: str = ""
    kept: list[str] = field(default_factory=list)

    @property
    def message(self) -> str:
        """For the report; empty when there is nothing to say."""
        return f"已保留人工修改：{'、'.join(self.kept)}" if self.kept else ""


@dataclass(eq=False)
class Made:
    """A row to insert. ``parents`` maps columns to the row they point at, made or present.

    ``source`` is the staged row it comes from, or the first one that needs it.
    """

    target: Target
    source: int
    values: Values
    parents: dict[str, "Made | int"]
    id: int = 0


@dataclass(frozen=True)
class Changed:
    """A row to update, if it still has ``version``. ``diff``: field → [before, after]."""

    target: Target
    source: int
    id: int
    version: int
    values: Values
    diff: dict[str, list[Any]]


@dataclass
class Plan:
    """Everything one transaction writes, and the outcome of each staged row by its id."""

    made: list[Made] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def part(self, rows: Sequence[Source]) -> "Plan":
        """What belongs to some of the staged rows. Earlier rows of a unit must be written first."""
        ids = [row.id for row in rows]
        made, changed = self._by_source
        return Plan(
            [row for id_ in ids for row in made.get(id_, ())],
            [change for id_ in ids for change in changed.get(id_, ())],
            {id_: self.outcomes[id_] for id_ in ids},
        )

    @cached_property
    def _by_source(self) -> tuple[dict[int, list[Made]], dict[int, list[Changed]]]:
        made: dict[int, list[Made]] = {}
        for row in self.made:
            made.setdefault(row.source, []).append(row)
        changed: dict[int, list[Changed]] = {}
        for change in self.changed:
            changed.setdefault(change.source, []).append(change)
        return made, changed


class Siblings:
    """What providers have already, by folded key: full-width and case do not matter (S63).

    Kept while one large unit is applied in parts, so that its keys are read once.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[str, int], dict[str, int]] = {}

    def load(self, session: Session, target: Target, provider_ids: Iterable[int]) -> None:
        """Read the keys of providers that are not known yet."""
        table = target.table
        new = sorted(id_ for id_ in provider_ids if (target.name, id_) not in self._ids)
        columns = (table.c.provider_id, table.c.id, *(table.c[name] for name in target.key))
        if not new:
            return
        self._ids.update({(target.name, id_): {} for id_ in new})
        query = select(*columns).where(bulk.among(session, table.c.provider_id, new))
        for row in session.execute(query).mappings():
            self._ids[target.name, row["provider_id"]][_key(target, row)] = row["id"]

    def find(self, target: Target, parent: "Made | int", values: Values) -> int | None:
        """The id of the row with the key of ``values``, if the provider has one."""
        if isinstance(parent, Made):
            return None
        return self._ids[target.name, parent].get(_key(target, values))

    def add(self, made: Iterable[Made]) -> None:
        """Remember rows that were written."""
        for row in made:
            keys = self._ids.get((row.target.name, row.values.get("provider_id", 0)))
            if keys is not None:
                keys[_key(row.target, row.values)] = row.id


class Planner:
    """Compares staged rows with the database; ``cipher`` opens what is stored sealed."""

    def __init__(self, session: Session, cipher: Cipher, siblings: "Siblings") -> None:
        self._session = session
        self._cipher = cipher
        self._siblings = siblings
        self._plan = Plan()
        self._organisations: dict[str, Any] = {}
        self._providers: dict[int, Any] = {}
        self._parents: dict[str, Made | int] = {}

    def plan(self, sources: Sequence[Source]) -> Plan:
        """The plan for rows of whole units, or of a part of one unit."""
        units = sorted({source.unit for source in sources})
        self._organisations = self._rows(ORGANISATION.table, "uscc", units, by="uscc")
        ids = [row["id"] for row in self._organisations.values()]
        self._providers = self._rows(PROVIDER.table, "organisation_id", ids, by="organisation_id")
        for source in sources:
            if source.sheet == "organisations":
                self._plan.outcomes[source.id] = self._organisation(source)
        for sheet, target in CHILDREN.items():
            self._children(target, [source for source in sources if source.sheet == sheet])
        return self._plan

    def _organisation(self, source: Source) -> Outcome:
        outcome = Outcome(sheet=source.sheet)
        present = self._organisations.get(source.unit)
        values = ORGANISATION.values(source.data)
        if present and (present["kind"], source.data["kind"]) == GROWN:
            # What it was with us, it stays, unless staff have fixed its kind.
            values["also_enterprise"] = "kind" not in present["edited_fields"]
        parent = self._settle(ORGANISATION, source, present, values, {}, outcome)
        if source.data["kind"] != OrganisationKind.PROVIDER:
            return outcome
        profile = self._providers.get(present["id"]) if present else None
        values = PROVIDER.values(source.data)
        if profile is not None:
            profile = {**profile, targets.PHONE: self._phone(profile)}
        parents = {"organisation_id": parent}
        provider = self._settle(PROVIDER, source, profile, values, parents, outcome)
        self._parents[source.unit] = provider
        return outcome

    def _children(self, target: Target, sources: Sequence[Source]) -> None:
        if not sources:
            return
        parents: dict[str, Made | int] = {}
        for source in sources:
            if source.unit not in parents:
                parents[source.unit] = self._provider(source)
        known = [id_ for id_ in parents.values() if isinstance(id_, int)]
        self._siblings.load(self._session, target, known)
        given = [(source, parents[source.unit], target.values(source.data)) for source in sources]
        ids = [self._siblings.find(target, parent, values) for _, parent, values in given]
        present = self._rows(target.table, "id", [id_ for id_ in ids if id_], by="id")
        for (source, parent, values), id_ in zip(given, ids, strict=True):
            outcome = self._plan.outcomes[source.id] = Outcome(sheet=source.sheet)
            row = present[id_] if id_ else None
            self._settle(target, source, row, values, {"provider_id": parent}, outcome)

    def _provider(self, source: Source) -> "Made | int":
        """The provider of a unit; an organisation that has none yet gets an empty profile."""
        unit = source.unit
        if unit not in self._parents:
            organisation = self._organisations[unit]["id"]
            profile = self._providers.get(organisation)
            self._parents[unit] = (
                profile["id"]
                if profile is not None
                else self._make(PROVIDER, source, {}, {"organisation_id": organisation})
            )
        return self._parents[unit]

    def _settle(
        self,
        target: Target,
        source: Source,
        present: Values | None,
        values: Values,
        parents: dict[str, "Made | int"],
        outcome: Outcome,
    ) -> "Made | int":
        """Insert, update or leave one row; answers what its children point at."""
        if present is None:
            outcome.phase = RowPhase.APPLIED
            return self._make(target, source, values, parents)
        edited = present["edited_fields"] if target.edited else {}
        differing = {name for name, value in values.items() if present[name] != value}
        kept = [name for name in values if name in differing and name in edited]
        outcome.kept += [target.columns[name].header for name in kept]
        changing = differing - edited.keys()
        if changing:
            outcome.phase = RowPhase.APPLIED
            diff = {name: _pair(name, present[name], values[name]) for name in sorted(changing)}
            new = {name: values[name] if name in changing else present[name] for name in values}
            self._plan.changed.append(
                Changed(target, source.id, present["id"], present["version"], new, diff)
            )
        return int(present["id"])

    def _make(
        self, target: Target, source: Source, values: Values, parents: dict[str, "Made | int"]
    ) -> Made:
        made = Made(target, source.id, values, parents)
        self._plan.made.append(made)
        return made

    def _rows(
        self, table: Table, column: str, wanted: Sequence[Any], *, by: str
    ) -> dict[Any, Values]:
        if not wanted:
            return {}
        query = select(table).where(bulk.among(self._session, table.c[column], wanted))
        return {row[by]: dict(row) for row in self._session.execute(query).mappings()}

    def _phone(self, provider: Values) -> str:
        sealed = provider[targets.SEALED_PHONE]
        return self._cipher.open(sealed, contacts.place(provider["id"])) if sealed else ""


def _key(target: Target, values: Any) -> str:
    return "|".join(fold(str(values[name])) for name in target.key)


def _pair(name: str, before: Any, after: Any) -> list[Any]:
    if name in HIDDEN_IN_HISTORY:
        return ["***", "***"]
    return [_plain(before), _plain(after)]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


def chains(made: Iterable[Made]) -> list[list[Made]]:
    """The rows to insert by table, parents before children."""
    order = (ORGANISATION, PROVIDER, *CHILDREN.values())
    return [[row for row in made if row.target is target] for target in order]
