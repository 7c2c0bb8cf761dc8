"""The history and the security records, newest first, from id to id."""

from collections.abc import Sequence
from typing import Any

from flask import Response, render_template, request, url_for
from sqlalchemy import select

from marketplace import clock
from marketplace.db import current_session
from marketplace.models import Event, SecurityEvent, User
from marketplace.permissions import Permission
from marketplace.schemas.accounts import EventQuery, SecurityQuery
from marketplace.services.audit import records
from marketplace.services.audit.records import PAGE, Span
from marketplace.services.pool import exports
from marketplace.web import limits, security_log
from marketplace.web.access import current_actor, needs
from marketplace.web.admin import record_words
from marketplace.web.admin.blueprint import blueprint
from marketplace.web.admin.labels import ACTIONS, KINDS, RESULTS, SUBJECTS
from marketplace.web.admin.lists import address
from marketplace.web.downloads import attachment
from marketplace.web.forms import load, query_data

MOST = 10_000
HEADS = (
    "编号", "时间（+08:00）", "操作", "对象", "办理人", "身份", "原状态", "新状态", "原因", "理由",
    "文号", "内容", "来源地址", "请求编号",
)  # fmt: skip


def _more(rows: Sequence[Event] | Sequence[SecurityEvent]) -> str:
    """The address of the next page, empty at the end."""
    return address(before=rows[PAGE - 1].id) if len(rows) > PAGE else ""


def _span(query: dict[str, Any]) -> Span:
    return Span(query["since"], query["until"], query["before"])


@blueprint.get("/events")
@needs(Permission.EVENT_READ)
def event_list() -> str:
    """Who did what to which object, when and why."""
    query = load(EventQuery(), query_data())
    rows = _events(query, PAGE)
    known = set(current_session().scalars(select(Event.action).distinct()))
    return render_template(
        "admin/events.html", rows=rows[:PAGE], more=_more(rows), query=query,
        actions=sorted((code, ACTIONS.get(code, code)) for code in known),
        subjects=list(SUBJECTS.items()), action_names=ACTIONS, subject_names=SUBJECTS,
        words=record_words, export=_export_address(),
    )  # fmt: skip


def _events(query: dict[str, Any], limit: int) -> Sequence[Event]:
    session = current_session()
    statement = records.events(
        current_actor(), _span(query), action=query["action"],
        subject=(query["subject"], query["subject_id"]),
        who=records.people(session, query["actor"]), limit=limit,
    )  # fmt: skip
    return session.scalars(statement).all()


def _export_address() -> str:
    """The same filters as a file."""
    given: dict[str, Any] = request.args.to_dict()
    return url_for("admin.export_events", **given)


@blueprint.get("/events.xlsx")
@needs(Permission.EVENT_READ)
def export_events() -> Response:
    """The events that the filters leave, the newest 10,000 of them."""
    limits.take("export", str(current_actor().user_id), failing_open=True)
    rows = _events(load(EventQuery(), query_data()), MOST)
    lines = [_cells(row) for row in rows[:MOST]]
    if len(rows) > MOST:
        lines.append(["", f"只导出最近{MOST}条，更早的请缩小日期范围再导出"])
    security_log.note("export", "ok", object_="events", detail={"rows": len(lines)})
    return attachment(
        exports.workbook([("操作记录", HEADS, lines)]), f"操作记录{clock.today():%Y%m%d}.xlsx"
    )


def _cells(row: Event) -> list[Any]:
    words = record_words
    return [
        row.id, clock.beijing(row.at).isoformat(timespec="seconds"),
        ACTIONS.get(row.action, row.action),
        f"{SUBJECTS.get(row.subject_type, row.subject_type)} {row.subject_id}", row.who,
        words.ROLE_NAMES.get(row.actor_role, row.actor_role), words.state(row.from_state),
        words.state(row.to_state), words.reason(row.reason_code), row.reason, row.document_no,
        "；".join(f"{label} {text}" for label, text in words.lines(row.diff)), row.ip,
        row.request_id,
    ]  # fmt: skip


@blueprint.get("/security")
@needs(Permission.SECURITY_READ)
def security_list() -> str:
    """Logins, locks, refusals, unmasking."""
    query = load(SecurityQuery(), query_data())
    statement = records.security(
        current_actor(), _span(query), kind=query["kind"], result=query["result"],
        user_id=query["user"], ip=query["ip"],
    )  # fmt: skip
    rows = current_session().scalars(statement).all()
    return render_template(
        "admin/security.html", rows=rows[:PAGE], more=_more(rows), query=query,
        names=_names(rows), kinds=list(KINDS.items()), kind_names=KINDS,
        results=list(RESULTS.items()), result_names=RESULTS, words=record_words,
    )  # fmt: skip


def _names(rows: Sequence[SecurityEvent]) -> dict[int, str]:
    ids = {row.user_id for row in rows if row.user_id is not None}
    users = current_session().scalars(select(User).where(User.id.in_(ids)))
    return {user.id: user.name for user in users}
