"""Carry out a plan in one transaction: rows, versions, history, index jobs, staged phases.

This is bulk work in Core on purpose: row by row through the ORM would hold SQLite's write lock
fifty times as long (house.md §5). What the ORM's listener does is therefore done here: every
change raises the row's version and queues its index job.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    Table,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.orm import Session

from marketplace import bulk, outbox
from marketplace.crypto import Cipher
from marketplace.history import Place, Why, record_many
from marketplace.models import ImportJob, ImportRow, Product
from marketplace.permissions import Actor
from marketplace.services.importing import targets
from marketplace.services.importing.planning import (
    Changed,
    Made,
    Outcome,
    Plan,
    Values,
    chains,
)
from marketplace.services.importing.targets import ORGANISATION
from marketplace.services.pool import contacts
from marketplace.services.profiles import prices

ROWS = cast("Table", ImportRow.__table__)
JOBS = cast("Table", ImportJob.__table__)
PRODUCTS = Product.__tablename__
PRICES = ("list_price_cny", "pilot_price_cny")


class Outdated(Exception):
    """A row changed after the plan was made: plan again."""


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
    _note_prices(session, actor, plan)
    keys = [f"{row.target.index}/{row.id}" for row in plan.made if row.target is not ORGANISATION]
    keys += [f"{change.target.index}/{change.id}" for change in plan.changed]
    outbox.put_many(session, outbox.INDEX, [key for key in keys if not key.startswith("/")])
    settle(session, job.id, plan.outcomes)


def _note_prices(session: Session, actor: Actor, plan: Plan) -> None:
    """Products that get their first prices, or other ones."""
    made = [row for row in plan.made if row.target.name == PRODUCTS]
    first = [(row.id, row.values.get(PRICES[0]), row.values.get(PRICES[1])) for row in made]
    prices.note_new(session, actor, [row for row in first if row[1:] != (None, None)])
    changed = [change for change in plan.changed if change.target.name == PRODUCTS]
    prices.note_many(session, actor, [c.id for c in changed if c.diff.keys() & set(PRICES)])


def settle(session: Session, job_id: int, outcomes: dict[int, Outcome]) -> None:
    """Write down what came of staged rows: those with nothing to tell are counted and dropped.

    Dropping a row at once costs a fraction of changing it first: its data need no second copy.
    """
    quiet = {id_: outcome for id_, outcome in outcomes.items() if not outcome.message}
    for id_, outcome in outcomes.items():
        if outcome.message:
            values = {"phase": outcome.phase.value, "message": outcome.message}
            session.execute(update(ROWS).where(ROWS.c.id == id_).values(values))
    if quiet:
        session.execute(delete(ROWS).where(bulk.among(session, ROWS.c.id, list(quiet))))
        _count(session, job_id, quiet.values())


def _count(session: Session, job_id: int, outcomes: Iterable[Outcome]) -> None:
    of_this = JOBS.c.id == job_id
    written = session.execute(select(JOBS.c.summary).where(of_this)).scalar_one()
    numbers = {sheet: dict(phases) for sheet, phases in written.items()}
    for (sheet, phase), count in Counter((o.sheet, o.phase) for o in outcomes).items():
        counts = numbers.setdefault(sheet, {})
        counts[phase.value] = counts.get(phase.value, 0) + count
    session.execute(update(JOBS).where(of_this).values(summary=numbers))


def take_ids(session: Session, plan: Plan) -> None:
    """Give the rows of a whole plan their ids at once, where ids come from a sequence.

    On SQLite an id is only certain under the write lock, in the transaction that uses it.
    """
    if session.get_bind().dialect.name == "postgresql":
        for rows in chains(plan.made):
            if rows:
                _give_ids(session, rows)


def _give_ids(session: Session, rows: Sequence[Made]) -> None:
    for row, id_ in zip(rows, reserve(session, rows[0].target.table, len(rows)), strict=True):
        row.id = id_


def _insert(session: Session, rows: Sequence[Made], cipher: Cipher) -> None:
    if not rows:
        return
    target = rows[0].target
    if session.get_bind().dialect.name != "postgresql" or not all(row.id for row in rows):
        _give_ids(session, rows)
    for row in rows:
        for column, parent in row.parents.items():
            row.values[column] = parent.id if isinstance(parent, Made) else parent
    records = [{**_sealed(row.values, row.id, cipher), "id": row.id} for row in rows]
    # One statement needs one set of columns: an empty profile has fewer than a filled one.
    for _, group in groupby(records, key=lambda values: values.keys()):
        bulk.insert_rows(session, target.table, list(group))


def reserve(session: Session, table: Table, count: int) -> Sequence[int]:
    """Ids for rows to come, so that parents, children and events can name each other."""
    if session.get_bind().dialect.name == "postgresql":
        # Asked for apart: inside the other query it would be looked up for each id.
        sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
        numbers = func.generate_series(1, count).table_valued("n")
        next_id = func.nextval(literal(sequence).cast(REGCLASS))
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
    found: list[tuple[str, Place, dict[str, Any]]] = [
        ("import_update", (change.target.name, change.id), change.diff) for change in plan.changed
    ]
    for owner, made in _by_owner(plan.made).items():
        created: dict[str, list[int]] = {}
        for row in made:
            created.setdefault(row.target.name, []).append(row.id)
        found.append(("import_create", owner, dict(created)))
    why: Why = {"reason": f"导入文件“{job.file_name}”（第{job.id}次导入）"}
    record_many(session, actor, found, why)


def _by_owner(made: Iterable[Made]) -> dict[Place, list[Made]]:
    """Created rows by what they belong to: the organisation, or the provider that was there."""
    owners: dict[Place, list[Made]] = {}
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
