"""Carry out a plan in one transaction: rows, versions, history, index jobs, staged phases.

This is bulk work in Core on purpose: row by row through the ORM would hold SQLite's write lock
fifty times as long (house.md §5). What the ORM's listener does is therefore done here: every
change raises the row's version and queues its index job.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    CursorResult,
    Table,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.orm import Session

from marketplace import bulk, outbox
from marketplace.crypto import Cipher
from marketplace.history import Why, record
from marketplace.models import ImportJob, ImportRow
from marketplace.permissions import Actor
from marketplace.phases import RowPhase
from marketplace.services import contacts
from marketplace.services.importing import targets
from marketplace.services.importing.file_checks import chunked
from marketplace.services.importing.planning import (
    Changed,
    Made,
    Outcome,
    Plan,
    Values,
    chains,
)
from marketplace.services.importing.targets import ORGANISATION


class Outdated(Exception):
    """A row changed after the plan was made: plan again."""


class _Subject:
    """What an event points at, for rows that were not loaded as objects."""

    def __init__(self, table: str, id_: int) -> None:
        self.__tablename__ = table
        self.id = id_


def carry_out(session: Session, actor: Actor, job: ImportJob, plan: Plan, cipher: Cipher) -> None:
    """Write everything the plan says. Raises Outdated when a row has another version by now."""
    for rows in chains(plan.made):
        _insert(session, rows, cipher)
    alike: dict[tuple[str, ...], list[Changed]] = {}
    for change in plan.changed:
        alike.setdefault((change.target.name, *change.values), []).append(change)
    for changes in alike.values():
        _update(session, changes, cipher)
    _tell(session, actor, job, plan)
    keys = [f"{row.target.index}/{row.id}" for row in plan.made if row.target is not ORGANISATION]
    keys += [f"{change.target.index}/{change.id}" for change in plan.changed]
    outbox.put_many(session, outbox.INDEX, [key for key in keys if not key.startswith("/")])
    settle(session, plan.outcomes)


def settle(session: Session, outcomes: dict[int, Outcome]) -> None:
    """Write down what came of staged rows."""
    for phase in RowPhase:
        quiet = [id_ for id_, out in outcomes.items() if out.phase == phase and not out.message]
        for part in chunked(quiet):
            session.execute(
                update(ImportRow).where(ImportRow.id.in_(part)).values(phase=phase.value)
            )
    for id_, outcome in outcomes.items():
        if outcome.message:
            session.execute(
                update(ImportRow)
                .where(ImportRow.id == id_)
                .values(phase=outcome.phase.value, message=outcome.message)
            )


def _insert(session: Session, rows: Sequence[Made], cipher: Cipher) -> None:
    if not rows:
        return
    target = rows[0].target
    for row, id_ in zip(rows, reserve(session, target.table, len(rows)), strict=True):
        row.id = id_
        for column, parent in row.parents.items():
            row.values[column] = parent.id if isinstance(parent, Made) else parent
    records = [{**_sealed(row.values, row.id, cipher), "id": row.id} for row in rows]
    # One statement needs one set of columns: an empty profile has fewer than a filled one.
    for _, group in groupby(records, key=lambda values: values.keys()):
        bulk.insert_rows(session, target.table, list(group))


def reserve(session: Session, table: Table, count: int) -> Sequence[int]:
    """Ids for rows to come, so that parents, children and events can name each other."""
    if session.get_bind().dialect.name == "postgresql":
        numbers = func.generate_series(1, count).table_valued("n")
        next_id = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        return session.scalars(select(next_id).select_from(numbers)).all()
    # SQLite: the write lock is ours, nobody takes an id in between.
    highest = session.scalar(select(func.max(table.c.id))) or 0
    return range(highest + 1, highest + count + 1)


def _update(session: Session, changes: Sequence[Changed], cipher: Cipher) -> None:
    table = changes[0].target.table
    columns = _sealed(changes[0].values, 0, cipher)
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"), table.c.version == bindparam("row_version"))
        .values(
            {name: bindparam(f"new_{name}") for name in columns} | {"version": table.c.version + 1}
        )
    )
    # In the order of ids: two writers that meet never wait for each other in a circle.
    for change in sorted(changes, key=lambda item: item.id):
        values = _sealed(change.values, change.id, cipher)
        parameters = {f"new_{name}": value for name, value in values.items()}
        parameters |= {"row_id": change.id, "row_version": change.version}
        result: CursorResult[Any] = session.execute(statement, parameters)  # type: ignore[assignment]
        if result.rowcount != 1:
            raise Outdated


def _sealed(values: Values, id_: int, cipher: Cipher) -> Values:
    if targets.PHONE not in values:
        return values
    found = {name: value for name, value in values.items() if name != targets.PHONE}
    phone = values[targets.PHONE]
    found[targets.SEALED_PHONE] = cipher.seal(phone, contacts.place(id_)) if phone else None
    return found


def _tell(session: Session, actor: Actor, job: ImportJob, plan: Plan) -> None:
    """One event for what a unit got, and one for each changed row with its old values."""
    why: Why = {"reason": f"导入文件“{job.file_name}”（第{job.id}次导入）"}
    for change in plan.changed:
        subject = _Subject(change.target.name, change.id)
        record(session, actor, "import_update", subject, diff=change.diff, why=why)
    for (table, id_), made in _by_owner(plan.made).items():
        created: dict[str, list[int]] = {}
        for row in made:
            created.setdefault(row.target.name, []).append(row.id)
        record(session, actor, "import_create", _Subject(table, id_), diff=dict(created), why=why)


def _by_owner(made: Iterable[Made]) -> dict[tuple[str, int], list[Made]]:
    """Created rows by what they belong to: the organisation, or the provider that was there."""
    owners: dict[tuple[str, int], list[Made]] = {}
    for row in made:
        top: Made | int = row
        table = row.target.name
        while isinstance(top, Made) and top.parents:
            column, parent = next(iter(top.parents.items()))
            table = "organisations" if column == "organisation_id" else "providers"
            top = parent
        id_ = top.id if isinstance(top, Made) else top
        owners.setdefault((table, id_), []).append(row)
    return owners
