"""From a workbook to staged rows: every row is checked, nothing is applied (house.md §5).

Rows go into ``import_rows`` in batches whose write transaction stays short. What can only be
judged over the whole file (repeated keys, unknown organisations, places in the pool) is judged
here too, so that an import either has no errors or does nothing.
"""

import gc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from marshmallow import ValidationError
from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from marketplace import bulk
from marketplace.db import Database
from marketplace.models import ImportJob, ImportRow, Round
from marketplace.permissions import Actor
from marketplace.phases import RowPhase
from marketplace.schemas import import_cells
from marketplace.schemas.imports import Row, SheetReader, describe, load_vocabulary
from marketplace.services.importing import applying, pool_checks, pool_picture
from marketplace.services.importing.file_checks import FileChecks, chunked
from marketplace.services.importing.reader import RawRow, SheetStart, opened
from marketplace.services.importing.rehearsal import Rehearsal
from marketplace.services.importing.targets import POOL_SHEETS

ROWS: Table = cast("Table", ImportRow.__table__)
JOBS: Table = cast("Table", ImportJob.__table__)
BATCH = 500
Progress = Callable[[int], None]
"""Called with the number of rows done since the last call."""


@dataclass
class Staged:
    """One row on its way into the staging table; ``unit`` is the code of its organisation."""

    sheet: str
    number: int
    unit: str
    data: Row
    message: str = ""

    def complain(self, message: str) -> None:
        """Add one error to the row."""
        self.message = f"{self.message}；{message}" if self.message else message


def stage(
    database: Database, actor: Actor, job_id: int, path: Path, progress: Progress
) -> Counter[str]:
    """Check a file into staging; answers how many rows have which phase.

    Raises Invalid when the file itself is refused; rows staged so far are the caller's to clear.
    """
    with database.reading() as session:
        vocabulary = load_vocabulary(session)
        run = _Run(database, job_id, pool_checks.all_rounds(session), progress)
    reader: SheetReader | None = None
    with opened(path) as contents:
        for item in contents:
            if isinstance(item, SheetStart):
                start, reader = item, SheetReader(item.sheet, item.present, vocabulary)
            elif reader is not None:
                run.add(_check(reader, start, item))
    run.write()
    run.judge_pool(actor)
    return run.phases


def clear(database: Database, job_id: int) -> None:
    """Forget the staged rows of a job."""
    with database.reading() as session:
        ids = list(session.scalars(select(ImportRow.id).where(ImportRow.job_id == job_id)))
    delete_rows(database, ids)


def delete_rows(database: Database, ids: Sequence[int]) -> None:
    """Delete staged rows, in short transactions."""
    for part in chunked(ids):
        with database.unit_of_work() as session:
            session.execute(delete(ROWS).where(bulk.among(session, ROWS.c.id, part)))


def _check(reader: SheetReader, start: SheetStart, raw: RawRow) -> Staged:
    given = {
        name: cell
        for name, cell in zip(start.fields, raw.cells, strict=False)
        if name is not None and cell != ""
    }
    data, errors = reader.read(given)
    if not errors:
        return Staged(start.sheet.code, raw.number, data["uscc"], data)
    message = describe(start.sheet, errors)
    return Staged(start.sheet.code, raw.number, _unit(given.get("uscc", "")), {}, message)


def _unit(cell: Any) -> str:
    """The organisation of a wrong row, so that its other rows are not blamed as well."""
    try:
        return import_cells.credit_code(cell)
    except ValidationError:
        return ""


class _Run:
    """One pass over one file."""

    def __init__(
        self, database: Database, job_id: int, rounds: Mapping[str, Round], progress: Progress
    ) -> None:
        self.phases: Counter[str] = Counter()
        self._database = database
        self._job_id = job_id
        self._rounds = rounds
        self._file = FileChecks()
        self._progress = progress
        self._waiting: list[Staged] = []

    def add(self, row: Staged) -> None:
        """Take one row; a full batch is written."""
        self._waiting.append(row)
        if len(self._waiting) >= BATCH:
            self.write()

    def write(self) -> None:
        """Judge the waiting rows against each other and the database, and stage them."""
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        with self._database.reading() as session:
            self._file.judge(session, rows)
        pool_checks.check_words(self._rounds, rows)
        records = [self._record(row) for row in rows]
        self._database.run(lambda session: self._insert(session, records))
        self._progress(len(rows))
        gc.collect()

    def judge_pool(self, actor: Actor) -> None:
        """What only the whole file shows: whom admission would refuse after the rows before."""
        with self._database.reading() as session:
            waiting = applying.waiting(session, self._job_id, POOL_SHEETS)
            sources = sorted(waiting, key=pool_checks.order)
            stored = pool_picture.read(session, self._job_id, sources)
        rehearsal = Rehearsal(stored, actor)
        found = [(source.id, text) for source in sources if (text := rehearsal.play(source))]
        for part in chunked(found, BATCH):
            self._database.run(partial(self._spoil, found=part))
        self.phases[RowPhase.VALID] -= len(found)
        self.phases[RowPhase.INVALID] += len(found)

    def _record(self, row: Staged) -> dict[str, Any]:
        phase = RowPhase.INVALID if row.message else RowPhase.VALID
        self.phases[phase] += 1
        return {
            "job_id": self._job_id,
            "sheet": row.sheet,
            "number": row.number,
            "unit": row.unit,
            "data": {} if row.message else row.data,
            "phase": phase.value,
            "message": row.message,
        }

    def _insert(self, session: Session, records: list[dict[str, Any]]) -> None:
        bulk.insert_rows(session, ROWS, records)
        session.execute(
            update(JOBS)
            .where(JOBS.c.id == self._job_id)
            .values(total_rows=self.phases.total(), invalid_rows=self.phases[RowPhase.INVALID])
        )

    def _spoil(self, session: Session, found: Sequence[tuple[int, list[str]]]) -> None:
        for row_id, reasons in found:
            session.execute(
                update(ImportRow)
                .where(ImportRow.id == row_id)
                .values(phase=RowPhase.INVALID.value, message="；".join(reasons), data={})
            )
