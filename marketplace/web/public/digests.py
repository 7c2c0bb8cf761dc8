"""The published digests of the history: anybody may keep them, and later hold them against us."""

from dataclasses import asdict
from datetime import date
from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from sqlalchemy import select

from marketplace.db import current_session
from marketplace.models import AuditDigest
from marketplace.services.audit import audit_digests
from marketplace.web.access import public
from marketplace.web.public import blueprint

PAGE = 60


@blueprint.get("/audit/digests")
@public
def digests() -> str:
    """One digest for each day, the newest first."""
    rows = _rows()
    return render_template(
        "public/digests.html",
        rows=[audit_digests.published(row) for row in rows[:PAGE]],
        older=url_for("public.digests", before=rows[PAGE - 1].day) if len(rows) > PAGE else "",
    )


@blueprint.get("/audit/digests.json")
@public
def digests_json() -> Response:
    """The same for programs, and for ``marketplace audit verify --against``."""
    rows = _rows()
    shown = [asdict(audit_digests.published(row)) for row in rows[:PAGE]]
    body: dict[str, Any] = {"digests": shown}
    if len(rows) > PAGE:
        body["older"] = url_for("public.digests_json", before=rows[PAGE - 1].day)
    return jsonify(body)


def _rows() -> list[AuditDigest]:
    statement = select(AuditDigest).order_by(AuditDigest.day.desc()).limit(PAGE + 1)
    try:
        before = date.fromisoformat(request.args.get("before", ""))
        statement = statement.where(AuditDigest.day < before)
    except ValueError:
        pass  # the newest
    return list(current_session().scalars(statement))
