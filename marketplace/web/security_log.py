"""Security records: collected while a request runs, written after its own transaction ended.

Inside it they would vanish with a rollback, and beside it they would wait for SQLite's write
lock (quality.md, finding 14). Failing to write one is logged and never changes the answer.
"""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import SecurityEvent
from marketplace.services.accounts import sessions
from marketplace.web.access import current_actor
from marketplace.web.sessions import signed_in

log = structlog.get_logger()

LONGEST_OBJECT = 120


def note(
    kind: str,
    result: str,
    *,
    user_id: int | None = None,
    object_: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Collect one record: ``kind`` such as ``login``, ``result`` ok | failed | denied."""
    actor = current_actor()
    record = SecurityEvent(
        at=clock.now(), kind=kind, result=result,
        user_id=actor.user_id if user_id is None else user_id,
        role=actor.role.value if actor.role else "",
        ip=request.remote_addr or "", request_id=g.get("request_id", ""),
        object=object_[:LONGEST_OBJECT], detail=detail or {},
    )  # fmt: skip
    g.setdefault("security_records", []).append(record)


def denied(status: int) -> None:
    """Somebody was refused a page or an action. Visitors' wrong addresses are not worth a row."""
    if status == 404 and current_actor().user_id is None:
        return
    rule = request.url_rule.rule if request.url_rule else ""
    where = {key: str(value)[:60] for key, value in (request.view_args or {}).items()}
    secret = {key for key in where if key == "token"}
    note(
        "denied", "denied", object_=f"{request.method} {rule}",
        detail={"status": status} | {key: where[key] for key in where.keys() - secret},
    )  # fmt: skip


def _write(response: Response) -> Response:
    records: list[SecurityEvent] = g.pop("security_records", [])
    user = signed_in()
    touched = user.session_id if user and sessions.needs_touch(user.seen_at) else None
    if records or touched is not None:
        _store(records, touched)
    return response


def _store(records: list[SecurityEvent], touched: int | None) -> None:
    def work(session: Session) -> None:
        session.add_all(records)
        if touched is not None:
            sessions.touch(session, touched)

    database: Database = current_app.extensions["database"]
    try:
        database.run(work)
    except Exception as error:
        log.error("security records not written", error=repr(error), records=len(records))


def init_app(app: Flask) -> None:
    """Write the records when the request's own transaction is over."""
    app.after_request(_write)
