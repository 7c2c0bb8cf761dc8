"""Files handed in on the web: kept in storage, worked on by a process of their own.

The request only keeps the file and notes the job. The worker starts ``marketplace import job ID``
for a job that waits: a large file then holds up neither pages nor indexing, and a killed process
is simply started again.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.errors import Conflict, Forbidden
from marketplace.models import ImportJob, StoredFile
from marketplace.permissions import Actor
from marketplace.phases import ImportPhase
from marketplace.services.files import files
from marketplace.services.importing import jobs, report
from marketplace.services.importing.jobs import Upload
from marketplace.services.importing.reader import check_outside
from marketplace.settings import ROOT, Settings
from marketplace.storage import Kept, Storage, open_storage

PURPOSE = "import"
WORKING = (ImportPhase.CHECKING, ImportPhase.APPLYING)
PAUSE_SECONDS = 10.0
"""Between two starts for one step of a job: what cannot run must not be started in a circle."""


def keep(storage: Storage, stream: BinaryIO, name: str, *, limit: int) -> Kept:
    """Put an uploaded workbook into storage, before any transaction. Raises Invalid."""
    check_outside(stream, limit)
    return storage.put(stream, name, limit=limit)


def register(session: Session, actor: Actor, kept: Kept) -> ImportJob:
    """Note the kept file as an import to be checked. Raises Forbidden."""
    job = jobs.create(session, actor, Upload(kept.sha256, kept.name))
    files.add(session, actor, kept, PURPOSE, job)
    return job


def waiting(session: Session) -> list[tuple[int, str]]:
    """Jobs from the web that somebody must work on, oldest first, with their phase."""
    query = (
        select(ImportJob.id, ImportJob.phase)
        .join(StoredFile, StoredFile.subject_id == ImportJob.id)
        .where(StoredFile.subject_type == "import_jobs", ImportJob.phase.in_(WORKING))
        .order_by(ImportJob.id)
    )
    return [(id_, phase) for id_, phase in session.execute(query)]


def path_of(storage: Storage, job: ImportJob) -> Path:
    """Where the file of a job lies. Raises NotFound."""
    with storage.open(job.sha256) as file:
        return Path(file.name)


def write_report(database: Database, storage: Storage, job: ImportJob, path: Path) -> int:
    """Write the file of a job back with its messages; answers how many rows carry one."""
    return report.write(database, job.id, path_of(storage, job), path)


def work_on(
    database: Database, settings: Settings, job_id: int, progress: Callable[[int], None]
) -> ImportJob:
    """Bring a job from the web to its next stop: checked, or applied."""
    with database.reading() as session:
        job = jobs.get(session, job_id)
        try:
            actor = jobs.actor_of(session, job)
        except Forbidden as refusal:
            return jobs.refuse(database, job_id, refusal)
    path = path_of(open_storage(settings.storage_url), job)
    if job.phase == ImportPhase.CHECKING:
        return jobs.check(database, actor, job_id, path, progress)
    if job.phase == ImportPhase.APPLYING:
        cipher = Cipher(settings.encryption_keys)
        return jobs.apply(jobs.context(database, actor, job_id, cipher), progress)
    raise Conflict("这次导入没有等待处理的工作", code="wrong_state")


class Launcher:
    """The worker's part: at most one process, for the job that has waited longest."""

    def __init__(
        self,
        database: Database,
        command: Sequence[str] = (sys.executable, "-m", "marketplace.cli"),
    ) -> None:
        self._database = database
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started: dict[tuple[int, str], float] = {}

    def step(self) -> int:
        """Start a process when a job waits and none runs; answers 0, there is never more now."""
        if self._process is not None and self._process.poll() is None:
            return 0
        self._process = None
        with self._database.reading() as session:
            found = waiting(session)
        due = [job for job in found if self._rested(job)]
        if due:
            self._started[due[0]] = time.monotonic()
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and a number
                [*self._command, "import", "job", str(due[0][0])],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
            )
        return 0

    def _rested(self, job: tuple[int, str]) -> bool:
        started = self._started.get(job)
        return started is None or time.monotonic() - started > PAUSE_SECONDS
