"""Stored files as answers: to save, or as harmless pictures (S74). Whoever may not read one gets
the same answer as for one that does not exist."""

from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, render_template, request, send_file, url_for

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import StoredFile
from marketplace.services.files import files, files_bundle
from marketplace.services.uploads import inspection
from marketplace.web import limits, security_log
from marketplace.web.access import current_actor, public
from marketplace.web.context import dt
from marketplace.web.uploads import size_text, storage

blueprint = Blueprint("files", __name__, url_prefix="/files")

SANDBOX = "sandbox; default-src 'none'"


@blueprint.get("/<int:file_id>")
@public
def download(file_id: int) -> Response:
    """The file to save."""
    row = _get(file_id)
    _note(f"stored_files/{row.id}")
    return _answer(row, attachment=True)


@blueprint.get("/<int:file_id>/picture")
@public
def picture(file_id: int) -> Response:
    """A picture inside a page: its bytes were written by us, whatever was uploaded."""
    row = _get(file_id)
    if row.media_type not in inspection.PICTURES:
        raise NotFound
    return _answer(row, attachment=False)


@blueprint.get("/<int:file_id>/view")
@public
def view(file_id: int) -> str:
    """Look at a picture or a PDF without opening the file itself."""
    row = _get(file_id)
    number = request.args.get("page", "")
    page = int(number) if number.isdecimal() and len(number) < 5 else 1
    pages = 0
    if row.media_type == inspection.PDF:
        pages = _pages(storage().path(row.sha256))
    if pages and not 1 <= page <= pages:
        raise NotFound
    return render_template(
        "uploads/view.html", file=row, size=size_text(row.size), at=dt(row.uploaded_at),
        shown=_shown(row, page), page=page, pages=pages,
        link=lambda number: url_for("files.view", file_id=row.id, page=number),
    )  # fmt: skip


@lru_cache(maxsize=1000)
def _pages(path: Path) -> int:
    """Counted once: a path names its content and never another."""
    return inspection.check(path, inspection.PDF).pages


def _shown(row: StoredFile, page: int) -> str:
    if row.media_type in inspection.PICTURES:
        return url_for("files.picture", file_id=row.id)
    if row.media_type == inspection.PDF:
        return url_for("files.page", file_id=row.id, number=page)
    return ""


@blueprint.get("/<int:file_id>/pages/<int:number>.png")
@public
def page(file_id: int, number: int) -> Response:
    """One page of a PDF as a picture, drawn in the confined process."""
    row = _get(file_id)
    if row.media_type != inspection.PDF:
        raise NotFound
    limits.take("preview", str(current_actor().user_id or limits.address()), failing_open=True)
    content = inspection.page(storage().path(row.sha256), number).content
    return _safe(Response(content, mimetype="image/png"))


@blueprint.get("/of/<table>/<int:row_id>.zip")
@public
def bundle(table: str, row_id: int) -> Response:
    """Every file of one row that this actor may read, with a list."""
    limits.take("export", str(current_actor().user_id or limits.address()))
    packed = files_bundle.bundle(current_session(), current_actor(), storage(), table, row_id)
    _note(f"{table}/{row_id}")
    answer = send_file(
        packed, mimetype="application/zip", as_attachment=True, download_name="附件.zip"
    )
    return _safe(answer)


def _get(file_id: int) -> StoredFile:
    return files.get(current_session(), current_actor(), file_id)


def _note(object_: str) -> None:
    if current_actor().user_id is not None:
        security_log.note("download", "ok", object_=object_)


def _answer(row: StoredFile, *, attachment: bool) -> Response:
    content = storage().open(row.sha256)
    answer = send_file(
        content, mimetype=row.media_type, as_attachment=attachment, download_name=row.name,
        etag=row.sha256,
    )  # fmt: skip
    return _safe(answer)


def _safe(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
