"""Apply staged rows unit by unit; a kill at any point loses nothing and repeats nothing.

A unit is all rows of one USCC. Small units share a transaction, large ones take several; its size
follows the measured time, so that other writers are never kept waiting long (E36). The phase of a
staged row changes in the transaction that applies it: what is still ``valid`` is still to do.
"""

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import orjson
from sqlalchemy import Text, cast, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace import bulk
from marketplace.crypto import Cipher
from marketplace.db import RETRIES, Database, retrying
from marketplace.models import ImportJob, ImportRow
from marketplace.permissions import Actor
from marketplace.phases import RowPhase
from marketplace.services.importing import writing
from marketplace.services.importing.planning import Plan, Planner, Siblings, Source
from marketplace.services.importing.targets import MASTER_SHEETS
from marketplace.services.importing.writing import ROWS, Outdated

TARGET_SECONDS = 0.025
"""Aim for the time of one write transaction, commit not counted; the limit is 0.05 s."""
SMALLEST, LARGEST, FIRST, GROWTH = 250, 2000, 250, 1.5
REMEMBERED = 9
"""Transactions whose pace sets the size of the next."""
PLANNED = 2000
"""Rows read and planned at once, by questions that cost the same for few rows as for many."""

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Context:
    """What applying needs to know: where, who, which import, and the key for phone numbers."""

    database: Database
    actor: Actor
    job: ImportJob
    cipher: Cipher


def apply_master(context: Context, progress: Progress) -> None:
    """Write organisations, profiles, products, cases and people."""
    _Master(context, progress).run()


def units(session: Session, job_id: int, sheets: Sequence[str]) -> list[tuple[str, int]]:
    """Units that still have rows to apply, in the order of the file, with how many."""
    query = (
        select(ImportRow.unit, func.count())
        .where(
            ImportRow.job_id == job_id,
            ImportRow.phase == RowPhase.VALID,
            ImportRow.sheet.in_(sheets),
        )
        .group_by(ImportRow.unit)
        .order_by(func.min(ImportRow.id))
    )
    return list(session.execute(query))


def sources(
    session: Session, job_id: int, sheets: Sequence[str], names: Sequence[str], limit: int | None
) -> list[Source]:
    """The rows of some units that are still to be applied, in the order of the file."""
    query = (
        select(ROWS.c.id, ROWS.c.sheet, ROWS.c.number, ROWS.c.unit, cast(ROWS.c.data, Text))
        .where(
            ROWS.c.job_id == job_id,
            bulk.among(session, ROWS.c.unit, names),
            ROWS.c.phase == RowPhase.VALID,
            ROWS.c.sheet.in_(sheets),
        )
        .order_by(ROWS.c.id)
        .limit(limit)
    )
    return [
        Source(id_, sheet, number, unit, orjson.loads(data))
        for id_, sheet, number, unit, data in session.execute(query)
    ]


def waiting(session: Session, job_id: int, sheets: Sequence[str]) -> list[Source]:
    """All rows of some sheets that are still to be applied."""
    names = [unit for unit, _ in units(session, job_id, sheets)]
    return sources(session, job_id, sheets, names, None)


def _groups(waiting: Sequence[tuple[str, int]]) -> Iterator[tuple[list[str], bool]]:
    """Small units together; a unit that alone is too much by itself, in parts."""
    group: list[str] = []
    rows = 0
    for unit, count in waiting:
        if group and rows + count > PLANNED:
            yield group, False
            group, rows = [], 0
        if count > PLANNED:
            yield [unit], True
            continue
        group.append(unit)
        rows += count
    if group:
        yield group, False


class _Master:
    """The first stage of applying: many rows are read and planned at once, and written in parts.

    The size of a part, and with it of a transaction, adapts.
    """

    def __init__(self, context: Context, progress: Progress) -> None:
        self._context = context
        self._progress = progress
        self._size = FIRST
        self._pace: deque[float] = deque(maxlen=REMEMBERED)
        self._siblings = Siblings()

    def run(self) -> None:
        """Group by group until nothing is left."""
        with self._context.database.reading() as session:
            waiting = units(session, self._context.job.id, MASTER_SHEETS)
        for names, large in _groups(waiting):
            self._siblings = Siblings()
            while self._group(names, PLANNED if large else None) and large:
                gc.collect()
            gc.collect()

    def _group(self, names: Sequence[str], limit: int | None) -> int:
        """Apply the next rows of these units; answers how many there were."""
        with self._context.database.reading() as session:
            rows = sources(session, self._context.job.id, MASTER_SHEETS, names, limit)
            plan: Plan | None = self._plan(session, rows)
        if plan is not None and plan.made:
            self._context.database.run(partial(writing.take_ids, plan=plan))
        for part in self._parts(rows):
            if not self._write(part, plan and plan.part(part)):
                plan = None  # what is left may build on rows that came out otherwise
            self._progress(len(part))
        return len(rows)

    def _parts(self, rows: Sequence[Source]) -> Iterator[list[Source]]:
        """Whole units up to the size of a transaction; a unit that is larger in several parts."""
        by_unit: dict[str, list[Source]] = {}
        for row in rows:
            by_unit.setdefault(row.unit, []).append(row)
        part: list[Source] = []
        for unit in by_unit.values():
            if part and len(part) + len(unit) > self._size:
                yield part
                part = []
            part += unit
            while len(part) > self._size:
                size = self._size
                yield part[:size]
                part = part[size:]
        if part:
            yield part

    def _plan(self, session: Session, rows: list[Source]) -> Plan:
        return Planner(session, self._context.cipher, self._siblings).plan(rows)

    def _write(self, rows: list[Source], plan: Plan | None = None) -> bool:
        """One transaction; rows that the database refuses are found by halving.

        Answers whether it went by the given plan.
        """
        try:
            return self._attempt(rows, plan)
        except (IntegrityError, Outdated) as error:
            if len(rows) == 1:
                self._fail(rows[0], error)
                return False
            middle = len(rows) // 2
            self._write(rows[:middle])
            self._write(rows[middle:])
            return False

    def _attempt(self, rows: list[Source], plan: Plan | None) -> bool:
        """Plan without a lock, write under it; plan again when somebody was faster."""
        given = plan
        for attempt in range(RETRIES):
            if plan is None:
                with self._context.database.reading() as session:
                    plan = self._plan(session, rows)
            try:
                retrying(partial(self._carry_out, plan))
            except (Outdated, IntegrityError) as error:
                self._siblings, plan = Siblings(), None
                if attempt and isinstance(error, IntegrityError):
                    raise
            else:
                self._siblings.add(plan.made)
                return plan is given
        raise Outdated

    def _carry_out(self, plan: Plan) -> None:
        context = self._context
        with context.database.unit_of_work() as session:
            begun = time.monotonic()
            writing.carry_out(session, context.actor, context.job, plan, context.cipher)
            session.flush()
            # Without the commit: waiting for the disk takes as long for few rows as for many.
            seconds = time.monotonic() - begun
        self._adapt(seconds / max(len(plan.outcomes), 1))

    def _adapt(self, seconds: float) -> None:
        """By seconds for a row. One slow transaction among many is the machine's doing."""
        self._pace.append(seconds)
        fitting = TARGET_SECONDS / max(median(self._pace), 1e-6)
        self._size = int(min(max(fitting, SMALLEST), self._size * GROWTH, LARGEST))

    def _fail(self, row: Source, error: IntegrityError | Outdated) -> None:
        cause = getattr(error, "orig", None) or "内容一直有人在改"
        fail(self._context.database, row.id, f"未能写入：{cause}")


def fail(database: Database, row_id: int, message: str) -> None:
    """Set a staged row aside with the reason."""
    with database.unit_of_work() as session:
        row = session.get_one(ImportRow, row_id)
        row.phase, row.message = RowPhase.FAILED.value, message
