"""Change the range of a cell by a document, and fetch such documents."""

from typing import Any

from flask import Response as FlaskResponse
from flask import current_app, flash, g, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import Quota
from marketplace.permissions import Permission
from marketplace.schemas.pool import QuotaForm, QuotaQuery
from marketplace.services.files import files
from marketplace.services.pool import pool_board, quotas
from marketplace.services.uploads import slots
from marketplace.services.uploads.keeping import Received
from marketplace.settings import Settings
from marketplace.storage import open_storage
from marketplace.web import security_log, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint

SANDBOX = "sandbox; default-src 'none'"
LABELS = {
    "minimum": "下限", "cap": "上限", "reason": "理由", "document_no": "依据文号",
    "file": "依据文件",
}  # fmt: skip


@blueprint.get("/quotas/<int:quota_id>/change")
@needs(Permission.POOL_READ)
def quota(quota_id: int) -> str:
    """The cell and its history; for those who may, another range and then its form."""
    query = load(QuotaQuery(), query_data())
    return render_template("work/quota.html", errors={}, values={}, **_page(quota_id, query))


@blueprint.post("/quotas/<int:quota_id>/change")
@needs(Permission.QUOTA_CHANGE)
def change_quota(quota_id: int) -> Response:
    """Change the range. The file is kept before the transaction begins."""
    try:
        g.received = _receive()
    except Invalid as error:
        return _again(quota_id, error)
    return _change(quota_id=quota_id)


@once.once
def _change(quota_id: int) -> Response:
    session, actor = current_session(), current_actor()
    row = _get(session, quota_id)
    received: Received = g.received
    try:
        data = load(QuotaForm(), once.fields())
        quotas.change(
            session, actor, row,
            minimum=data["minimum"], cap=data["cap"], expected_version=data["version"],
            why={"reason": data["reason"], "document_no": data["document_no"]},
        )  # fmt: skip
    except Invalid as error:
        return _again(quota_id, error)
    except Conflict as error:
        response = _again(quota_id, Invalid(fields={"cap": error.reasons}))
        response.status_code = 409
        return response
    purpose = files.QUOTA_DOCUMENT
    files.add(session, actor, received.kept, purpose, row, scan=received.scan)
    flash(f"名额已调整：{row.label}", "ok")
    return redirect(url_for("work.quota", quota_id=row.id), 303)


@blueprint.get("/files/<int:file_id>")
@needs(Permission.WORK_READ)
def stored_file(file_id: int) -> FlaskResponse:
    """A file to save; it is never shown inside the site (S74)."""
    row = files.get(current_session(), current_actor(), file_id)
    security_log.note("download", "ok", object_=f"stored_files/{row.id}")
    settings: Settings = current_app.extensions["settings"]
    content = open_storage(settings.storage_url).open(row.sha256)
    response: FlaskResponse = send_file(
        content, mimetype=row.media_type, as_attachment=True, download_name=row.name
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _receive() -> Received:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise Invalid(fields={"file": ["请上传依据文件"]})
    return uploads.receive(upload, slots.get(files.QUOTA_DOCUMENT))


def _get(session: Session, quota_id: int) -> Quota:
    row = session.get(Quota, quota_id, options=[selectinload(Quota.round)])
    if row is None:
        raise NotFound("没有这个名额")
    return row


def _again(quota_id: int, error: Invalid) -> Response:
    """The second step once more, with the range that was typed."""
    sent = {name: request.form.get(name, "") for name in ("minimum", "cap")}
    typed = {name: int(text) for name, text in sent.items() if text.isdecimal() and len(text) < 7}
    return page_again("work/quota.html", error, **_page(quota_id, {**typed, "look": True}))


def _page(quota_id: int, query: dict[str, Any]) -> dict[str, Any]:
    session = current_session()
    row = _get(session, quota_id)
    cell = pool_board.cell_of(session, row)
    minimum, cap = query.get("minimum"), query.get("cap")
    looking = query["look"]
    return {
        "quota": row,
        "round": row.round,
        "cell": shapes.cell(row.round, cell),
        "wanted": {"minimum": minimum, "cap": cap} if looking else None,
        "cell_after": shapes.cell(row.round, pool_board.with_range(cell, minimum, cap)),
        "events": shapes.events(session, row, {}),
        "files": [
            {"name": f.name, "url": url_for("work.stored_file", file_id=f.id),
             "at": dt(f.uploaded_at), "size": f"{f.size / 1024:.0f} KB"}
            for f in files.of(session, row)
        ],
        "limit": slots.get(files.QUOTA_DOCUMENT).max_mb,
        "labels": LABELS,
    }  # fmt: skip
