"""Amend a round: see what another text of its programme would change, then pin it."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.models import Round
from marketplace.permissions import Permission
from marketplace.programmes.schema import Programme
from marketplace.schemas.pool import AmendForm
from marketplace.services.pool import rounds as service
from marketplace.web import programmes
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, page_again
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint

LABELS = {"reason": "理由", "document_no": "依据文号"}


@blueprint.get("/rounds/<int:round_id>/amend")
@needs(Permission.PROGRAMME_READ)
def amendment(round_id: int) -> str:
    """What the text in the configuration would change in this round."""
    return render_template("work/amend.html", errors={}, values={}, **_page(round_id))


@blueprint.post("/rounds/<int:round_id>/amend")
@needs(Permission.ROUND_MANAGE)
@once.once
def amend(round_id: int) -> Response:
    """Pin it."""
    session = current_session()
    row, text = _found(session, round_id)
    try:
        data = load(AmendForm(), once.fields())
        service.amend(
            session, current_actor(), row, text,
            expected_version=data["version"],
            why={"reason": data["reason"], "document_no": data["document_no"]},
        )  # fmt: skip
    except Invalid as error:
        return page_again("work/amend.html", error, **_page(round_id))
    flash(f"{row.label}已按新文本办理", "ok")
    return redirect(url_for("work.amendment", round_id=row.id), 303)


def _found(session: Session, round_id: int) -> tuple[Round, Programme]:
    row = session.get(Round, round_id)
    text = programmes.files().get(row.programme_id) if row is not None else None
    if row is None or text is None:
        raise NotFound("没有这个批次，或方案文件已经不在配置中")
    return row, text


def _page(round_id: int) -> dict[str, Any]:
    session = current_session()
    row, text = _found(session, round_id)
    return {
        "round": row,
        "same": row.programme_hash == text.file_sha256,
        "change": service.amendment(session, row, text),
        "events": shapes.events(session, row, {}),
        "labels": LABELS,
    }
