"""Excel imports for staff: upload, what the check found, apply, how far it is, the report."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import ImportJob, ImportRow, StoredFile, User
from marketplace.permissions import Permission
from marketplace.phases import ImportPhase, RowPhase
from marketplace.schemas.import_columns import BY_CODE, SHEETS
from marketplace.schemas.imports import load_vocabulary
from marketplace.services.importing import jobs, report, template, uploads
from marketplace.storage import Storage, open_storage
from marketplace.web import limits, security_log
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.downloads import attachment
from marketplace.web.forms import page_again
from marketplace.web.parts import database, settings
from marketplace.web.work.once import once

blueprint = Blueprint("imports", __name__, url_prefix="/work/imports")

SHOWN_JOBS, SHOWN_MESSAGES = 50, 100
UPLOAD_MB = 40
WORKING = (ImportPhase.CHECKING, ImportPhase.APPLYING)
LARGEST_ID = 2**31 - 1

PHASES: dict[str, tuple[str, str, str]] = {
    ImportPhase.CHECKING: ("info", "hourglass-split", "正在检查"),
    ImportPhase.STAGED: ("warn", "clock", "检查通过，待导入"),
    ImportPhase.REFUSED: ("danger", "x-circle", "没有导入"),
    ImportPhase.APPLYING: ("info", "hourglass-split", "正在导入"),
    ImportPhase.DONE: ("ok", "check-circle", "已导入"),
}
"""Tone, icon and words of a job's phase."""
COUNTS = (
    (RowPhase.VALID, "没有错误"),
    (RowPhase.APPLIED, "已写入"),
    (RowPhase.UNCHANGED, "无变化"),
    ("kept", "其中保留人工修改"),
    (RowPhase.INVALID, "有错误"),
    (RowPhase.FAILED, "未写入"),
)


@blueprint.get("")
@needs(Permission.IMPORT_RUN)
def index() -> str:
    """The imports so far, and the form for the next."""
    return render_template("imports/index.html", errors={}, **_page())


@blueprint.post("")
@needs(Permission.IMPORT_RUN)
def upload() -> Response:
    """Keep a file and let it be checked."""
    actor = current_actor()
    limits.take("upload", str(actor.user_id), failing_open=True)
    try:
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Invalid(fields={"file": ["请选择要导入的 Excel 文件"]})
        kept = uploads.keep(_storage(), file.stream, file.filename, limit=UPLOAD_MB * 2**20)  # type: ignore[arg-type]
    except Invalid as error:
        text = error.fields.get("file") or [f"{error.message}。{error.remedy}"]
        return page_again("imports/index.html", Invalid(fields={"file": text}), **_page())
    job = uploads.register(current_session(), actor, kept)
    return redirect(url_for("imports.job", job_id=job.id), 303)


@blueprint.get("/template.xlsx")
@needs(Permission.IMPORT_RUN)
def empty_template() -> FlaskResponse:
    """The workbook to fill in, with the words and rounds of now."""
    vocabulary = load_vocabulary(current_session())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        template.write(path, vocabulary)
        return _file(path, "导入模板.xlsx")


@blueprint.get("/<int:job_id>")
@needs(Permission.IMPORT_RUN)
def job(job_id: int) -> str:
    """One import: where it stands, its numbers, and its messages."""
    session = current_session()
    found = _get(session, job_id)
    said = report.messages(session, found.id)
    return render_template(
        "imports/job.html",
        job=_shape(found),
        author=_author(session, found),
        **_counts(session, found),
        messages=report.lines(said, SHOWN_MESSAGES),
        more=max(len(said) - SHOWN_MESSAGES, 0),
        has_report=bool(said),
        done=_done(session, found),
    )


@blueprint.post("/<int:job_id>/apply")
@needs(Permission.IMPORT_RUN)
@once
def apply(job_id: int) -> Response:
    """Let a checked file be written."""
    session = current_session()
    jobs.approve(session, current_actor(), _get(session, job_id).id)
    return redirect(url_for("imports.job", job_id=job_id), 303)


@blueprint.post("/<int:job_id>/discard")
@needs(Permission.IMPORT_RUN)
@once
def discard(job_id: int) -> Response:
    """Give up a checked file."""
    session = current_session()
    jobs.discard(session, current_actor(), _get(session, job_id).id)
    flash("已放弃这次导入，数据没有变化。", "ok")
    return redirect(url_for("imports.index"), 303)


@blueprint.get("/<int:job_id>/report.xlsx")
@needs(Permission.IMPORT_RUN)
def report_file(job_id: int) -> FlaskResponse:
    """The file that was handed in, with a column that says what is wrong."""
    found = _get(current_session(), job_id)
    if found.phase in WORKING:
        raise Conflict("这次导入还没有做完", remedy="请稍后再下载。")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        uploads.write_report(database(), _storage(), found, path)
        security_log.note("download", "ok", object_=f"import_jobs/{found.id}")
        return _file(path, f"{Path(found.file_name).stem}-错误.xlsx")


def _storage() -> Storage:
    return open_storage(settings().storage_url)


def _file(path: Path, name: str) -> FlaskResponse:
    response = attachment(path.read_bytes(), name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _get(session: Session, job_id: int) -> ImportJob:
    """An import from the web; those of the command line have no file here."""
    if job_id > LARGEST_ID:
        raise NotFound
    found = session.scalars(
        select(ImportJob).where(ImportJob.id == job_id, ImportJob.id.in_(_from_web()))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这次导入")
    return found


def _from_web() -> Any:
    return select(StoredFile.subject_id).where(StoredFile.subject_type == ImportJob.__tablename__)


def _page() -> dict[str, Any]:
    session = current_session()
    rows = session.execute(
        select(ImportJob, User.name)
        .outerjoin(User, User.id == ImportJob.created_by)
        .where(ImportJob.id.in_(_from_web()))
        .order_by(ImportJob.id.desc())
        .limit(SHOWN_JOBS)
    )
    return {
        "jobs": [{**_shape(found), "by": name or "系统"} for found, name in rows],
        "sheets": [{"title": sheet.title, "note": sheet.note} for sheet in SHEETS],
        "limit": UPLOAD_MB,
    }


def _shape(found: ImportJob) -> dict[str, Any]:
    tone, icon, label = PHASES[found.phase]
    return {
        "id": found.id,
        "name": found.file_name,
        "url": url_for("imports.job", job_id=found.id),
        "at": dt(found.created_at),
        "finished": dt(found.finished_at),
        "phase": found.phase,
        "tone": tone,
        "icon": icon,
        "label": label,
        "rows": found.total_rows,
        "invalid": found.invalid_rows,
        "working": found.phase in WORKING,
        "refusal": found.summary.get("refusal", ""),
        "remedy": found.summary.get("remedy", ""),
        "sha256": found.sha256,
    }


def _author(session: Session, found: ImportJob) -> str:
    name = session.scalar(select(User.name).where(User.id == found.created_by))
    return name or "系统"


def _counts(session: Session, found: ImportJob) -> dict[str, Any]:
    """Numbers by sheet: of the staged rows, or what was kept of them at the end."""
    done = found.phase == ImportPhase.DONE
    numbers = found.summary if done else jobs.numbers(session, found.id)
    present = [code for code in BY_CODE if code in numbers]
    keys = [key for key, _ in COUNTS if any(key in numbers[code] for code in present)]
    return {
        "heads": [label for key, label in COUNTS if key in keys],
        "counts": [
            {
                "title": BY_CODE[code].title,
                "numbers": [numbers[code].get(key, 0) for key in keys],
            }
            for code in present
        ],
    }


def _done(session: Session, found: ImportJob) -> int:
    """Rows that were applied so far."""
    if found.phase != ImportPhase.APPLYING:
        return found.total_rows
    waiting = session.scalar(
        select(func.count()).where(ImportRow.job_id == found.id, ImportRow.phase == RowPhase.VALID)
    )
    return found.total_rows - (waiting or 0)
