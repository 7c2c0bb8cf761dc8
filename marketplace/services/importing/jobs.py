"""Lead one file from upload to the end: check, refuse or apply, resume after a kill.

    checking → staged → applying → done
             ↘ refused

One import runs at a time (a lease); whoever finds a job ``checking`` or ``applying`` without a
living holder takes it up again.
"""

import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.errors import Conflict, Forbidden, Invalid, MarketplaceError, NotFound
from marketplace.history import record
from marketplace.models import ImportJob, ImportRow, Organisation, RoleGrant, User
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import ImportPhase, Role, RowPhase
from marketplace.services.importing import applying, pool, staging
from marketplace.services.importing.applying import Context

UNFINISHED = (ImportPhase.CHECKING, ImportPhase.STAGED, ImportPhase.APPLYING)
Progress = Callable[[int], None]


def nobody(rows: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Upload:
    """A file to import: its hash, what people call it, and whether to check only."""

    sha256: str
    name: str
    dry_run: bool = False


def sha256_of(path: Path) -> str:
    """Hash of a file, read in parts."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def create(session: Session, actor: Actor, upload: Upload) -> ImportJob:
    """Note a file that is to be checked. Raises Forbidden."""
    require(actor, Permission.IMPORT_RUN)
    job = ImportJob(
        file_name=upload.name[:200],
        sha256=upload.sha256,
        phase=ImportPhase.CHECKING.value,
        dry_run=upload.dry_run,
        created_by=actor.user_id,
        actor_role=actor.role_name,
        organisation_id=actor.organisation_id,
    )
    session.add(job)
    session.flush()
    record(session, actor, "import_upload", job, diff={"sha256": job.sha256})
    return job


def unfinished(session: Session, sha256: str) -> ImportJob | None:
    """An earlier run over the same file that was cut off."""
    query = select(ImportJob).where(
        ImportJob.sha256 == sha256, ImportJob.phase.in_(UNFINISHED), ImportJob.dry_run.is_(False)
    )
    return session.scalars(query.order_by(ImportJob.id.desc())).first()


def get(session: Session, job_id: int) -> ImportJob:
    """One job. Raises NotFound."""
    job = session.get(ImportJob, job_id)
    if job is None:
        raise NotFound("没有这次导入")
    return job


def actor_of(session: Session, job: ImportJob) -> Actor:
    """Who a job works for, with the permissions of now. Raises Forbidden when they are gone."""
    if job.created_by is None:
        return SYSTEM
    held = session.execute(
        select(User.name, Organisation.name, Organisation.district)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            User.id == job.created_by,
            User.active,
            RoleGrant.role == job.actor_role,
            RoleGrant.organisation_id == job.organisation_id,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.valid_until.is_(None) | (RoleGrant.valid_until > clock.now()),
        )
    ).first()
    if held is None:
        raise Forbidden("办理这次导入的用户已停用，或不再有导入权限")
    name, organisation, district = held
    return Actor(
        role=Role(job.actor_role),
        user_id=job.created_by,
        name=name,
        organisation_id=job.organisation_id,
        organisation_name=organisation,
        district=district,
    )


def check(
    database: Database, actor: Actor, job_id: int, path: Path, progress: Progress = nobody
) -> ImportJob:
    """Check the file into staging, from the beginning. The phase says what came of it."""
    staging.clear(database, job_id)
    summary: dict[str, Any] = {}
    phases: Counter[str] = Counter()
    try:
        with _settled_heap():
            phases = staging.stage(database, actor, job_id, path, progress)
    except Invalid as refusal:
        summary = {"refusal": refusal.message, "remedy": refusal.remedy}
        staging.clear(database, job_id)
    if not summary and not phases.total():
        summary = {"refusal": "文件中没有数据行", "remedy": "请在模板的第二行起填写数据。"}
    wrong = bool(summary) or phases[RowPhase.INVALID] > 0
    values = {
        "phase": (ImportPhase.REFUSED if wrong else ImportPhase.STAGED).value,
        "total_rows": phases.total(),
        "invalid_rows": phases[RowPhase.INVALID],
        "summary": summary,
        "finished_at": clock.now() if wrong else None,
    }
    return _change(database, job_id, values)


def refuse(database: Database, job_id: int, refusal: MarketplaceError) -> ImportJob:
    """End a job that must not go on."""
    summary = {"refusal": refusal.message, "remedy": refusal.remedy}
    values = {
        "phase": ImportPhase.REFUSED.value,
        "summary": summary,
        "finished_at": clock.now(),
    }
    return _change(database, job_id, values)


def discard(session: Session, actor: Actor, job_id: int) -> None:
    """Give up a checked file; its staged rows are dropped. Raises Conflict when it is not ready."""
    require(actor, Permission.IMPORT_RUN)
    job = session.get(ImportJob, job_id, with_for_update=True)
    if job is None or job.phase != ImportPhase.STAGED:
        raise Conflict("这次导入不在待确认状态", code="wrong_state")
    job.phase, job.finished_at = ImportPhase.REFUSED.value, clock.now()
    job.summary = {"refusal": "已放弃", "remedy": "数据没有变化；需要时请重新上传。"}
    session.execute(delete(ImportRow).where(ImportRow.job_id == job_id))
    record(session, actor, "import_discard", job)


def approve(session: Session, actor: Actor, job_id: int) -> ImportJob:
    """Let a checked file be applied. Raises Conflict when it is not ready."""
    require(actor, Permission.IMPORT_RUN)
    job = get(session, job_id)
    # From here on it is the approver's import: rows are applied with his or her permissions.
    result = session.execute(
        update(ImportJob)
        .where(
            ImportJob.id == job_id,
            ImportJob.phase == ImportPhase.STAGED,
            ImportJob.dry_run.is_(False),
        )
        .values(
            phase=ImportPhase.APPLYING.value,
            created_by=actor.user_id,
            actor_role=actor.role_name,
            organisation_id=actor.organisation_id,
        )
    )
    if getattr(result, "rowcount", 0) != 1:
        raise Conflict("这次导入不在待确认状态", code="wrong_state")
    session.refresh(job)
    record(session, actor, "import_apply", job, diff={"rows": job.total_rows})
    return job


def apply(context: Context, progress: Progress = nobody) -> ImportJob:
    """Apply what is still to be applied, and close the job with its numbers."""
    with _settled_heap():
        applying.apply_master(context, progress)
    pool.apply_links(context, progress)
    pool.apply_pool(context, progress)
    with context.database.reading() as session:
        summary = numbers(session, context.job.id)
    values = {"phase": ImportPhase.DONE.value, "summary": summary, "finished_at": clock.now()}
    return _change(context.database, context.job.id, values)


@contextmanager
def _settled_heap() -> Iterator[None]:
    """Keep the garbage collector away from the whole application and from rows in the making.

    Rows by the hundred thousand make it run often: a third of the time of an import. Within the
    block, whoever has just let go of many rows calls ``gc.collect`` (little is left to look at).
    """
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def context(database: Database, actor: Actor, job_id: int, cipher: Cipher) -> Context:
    """What applying one job needs."""
    with database.reading() as session:
        return Context(database, actor, get(session, job_id), cipher)


def numbers(session: Session, job_id: int) -> dict[str, dict[str, int]]:
    """Rows by sheet and phase; ``kept`` counts rows in which something edited was left alone.

    Rows that were applied with nothing to tell are gone; the job has their number.
    """
    job = get(session, job_id)
    counted = job.summary if job.phase == ImportPhase.APPLYING else {}
    found = {sheet: dict(counts) for sheet, counts in counted.items()}
    query = (
        select(
            ImportRow.sheet,
            ImportRow.phase,
            func.count(),
            func.count().filter(ImportRow.message != ""),
        )
        .where(ImportRow.job_id == job_id)
        .group_by(ImportRow.sheet, ImportRow.phase)
    )
    for sheet, phase, rows, with_message in session.execute(query):
        entry = found.setdefault(sheet, {})
        entry[phase] = entry.get(phase, 0) + rows
        if phase in (RowPhase.APPLIED, RowPhase.UNCHANGED) and with_message:
            entry["kept"] = entry.get("kept", 0) + with_message
    return found


def forget_all(database: Database, job_id: int) -> None:
    """Drop all staged rows of a job; its numbers stay."""
    staging.clear(database, job_id)


def _change(database: Database, job_id: int, values: dict[str, Any]) -> ImportJob:
    def work(session: Session) -> ImportJob:
        job = get(session, job_id)
        for name, value in values.items():
            setattr(job, name, value)
        return job

    return database.run(work)
