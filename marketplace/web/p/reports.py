"""Periodic reports of the acting provider: prefilled, corrected with reasons, sent in versions."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import Schema, fields
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import PeriodicReport
from marketplace.permissions import Permission, can
from marketplace.services.reports import reading, sources, writing
from marketplace.services.reports import tasks as _tasks  # noqa: F401  tasks register themselves
from marketplace.services.reports.rules import rules
from marketplace.services.reports.writing import Typed
from marketplace.web import report_shapes as shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.work import upkeep

MENU.append(("报告", "/p/reports", Permission.PROVIDER_DESK))
TABS = (("", "全部"), ("owed", "待报"), (reading.OVERDUE, "逾期"), ("submitted", "已报"))
COLUMNS = [
    {"key": "report", "label": "报告", "head": True}, {"key": "place", "label": "在池资格"},
    {"key": "state", "label": "状态"}, {"key": "due", "label": "截止"},
    {"key": "number", "label": "版本"},
]  # fmt: skip


def _get(row_id: int) -> PeriodicReport:
    return reading.get(current_session(), current_actor(), row_id)


@blueprint.get("/reports")
@needs(Permission.PROVIDER_DESK)
def reports() -> str:
    """Reports of the team's places, the most urgent first."""
    show = upkeep.chosen("show", reading.SHOWN)
    query = reading.listed(current_actor(), reading.Filters(show=show)).options(*reading.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    return render_template(
        upkeep.LIST, **upkeep.frame("p"), **pager, title="定期报告",
        lead="每期结束后自动生成，数字由系统预填。没有业务的可以一键零报告。", buttons=[],
        tabs=upkeep.tabs("p.reports", "show", TABS, show), filters=[], unit="份报告",
        columns=COLUMNS, rows=[_line(row) for row in rows], empty="现在没有报告。",
    )  # fmt: skip


def _line(row: PeriodicReport) -> dict[str, Any]:
    return {
        "report": {
            "text": shapes.name(row), "url": url_for("p.report", row_id=row.id),
            "note": row.part_reason,
        },
        "place": shapes.place(row), "state": shapes.state(row, staff=False),
        "due": shapes.due(row), "number": f"第{row.number}版" if row.number else "",
    }  # fmt: skip


@blueprint.get("/reports/<int:row_id>")
@needs(Permission.PROVIDER_DESK)
def report(row_id: int) -> str:
    """One report: where it stands, and every version of it."""
    return _page(_get(row_id))


def _page(row: PeriodicReport, conflict: Conflict | None = None) -> str:
    session, actor = current_session(), current_actor()
    writes = can(actor, Permission.REPORT_WRITE, row) and row.phase in writing.WRITABLE
    notices = [{"tone": "warn", "title": "没有办成", "text": conflict.message}] if conflict else []
    if row.note:
        notices.append({"tone": "warn", "title": "主管部门的说明", "text": row.note})
    return render_template(
        "p/report.html", **upkeep.frame("p", ("报告", url_for("p.reports"))),
        title=shapes.name(row), state=shapes.state(row, staff=False), notices=notices, buttons=[],
        sections=[{"title": "基本情况", "id": "facts", "facts": shapes.facts(row)}],
        versions=shapes.versions(session, actor, "p", row), report=row, writes=writes,
        zero=writes and not row.number and not row.asks_year,
    )  # fmt: skip


def _schema(row: PeriodicReport) -> Schema:
    headings = reading.duty_of(row).texts(year=row.asks_year)
    names = [
        *rules().figures, *(f"why_{id_}" for id_ in rules().figures),
        *map(writing.text_field, headings),
    ]  # fmt: skip
    declared: dict[str, Any] = {name: fields.String(load_default="") for name in names}
    declared["version"] = fields.Integer(required=True)
    declared["step"] = fields.String(load_default="send")
    return Schema.from_dict(declared)()


def _typed(row: PeriodicReport, data: dict[str, Any]) -> Typed:
    headings = reading.duty_of(row).texts(year=row.asks_year)
    return Typed(
        figures={id_: data[id_] for id_ in rules().figures},
        reasons={id_: data[f"why_{id_}"] for id_ in rules().figures},
        texts={id_: data[writing.text_field(id_)] for id_ in headings},
    )


def _kept(session: Session, row: PeriodicReport) -> dict[str, str]:
    """What the form shows first: the draft, else the latest version, else nothing."""
    draft = row.draft
    if draft:
        values = {id_: item["value"] for id_, item in draft["figures"].items()}
        values |= {f"why_{id_}": item["reason"] for id_, item in draft["figures"].items()}
        return values | {writing.text_field(i): text for i, text in draft["texts"].items()}
    if not row.number:
        return {}
    latest = reading.versions(session, row)[0]
    values = {item["id"]: item["value"] for item in latest.figures}
    values |= {f"why_{item['id']}": item["reason"] for item in latest.figures}
    return values | {writing.text_field(item["id"]): item["text"] for item in latest.texts}


def _form(row: PeriodicReport, values: dict[str, str], status: int = 200, **more: Any) -> Response:
    session, actor = current_session(), current_actor()
    headings = reading.duty_of(row).texts(year=row.asks_year)
    lines = shapes.form_figures(session, actor, row, sources.of(session, row), values)
    labels = {line["id"]: line["label"] for line in lines}
    labels |= {f"why_{line['id']}": f"{line['label']}的更正理由" for line in lines}
    texts = [
        {"name": writing.text_field(id_), "label": heading,
         "value": values.get(writing.text_field(id_), "")}
        for id_, heading in headings.items()
    ]  # fmt: skip
    context: dict[str, Any] = {
        **upkeep.frame("p", ("报告", url_for("p.reports")),
                       (shapes.name(row), url_for("p.report", row_id=row.id))),
        "title": "更正报告" if row.number else "填报", "report": row, "name": shapes.name(row),
        "facts": shapes.facts(row), "lines": lines, "texts": texts, "errors": {},
        "labels": labels | {item["name"]: item["label"] for item in texts},
        "version": row.version, "conflict": None, **more,
    }  # fmt: skip
    return upkeep.answer(render_template("p/report_form.html", **context), status)


@blueprint.get("/reports/<int:row_id>/edit")
@needs(Permission.REPORT_WRITE)
def edit_report(row_id: int) -> Response:
    """The form: the system's numbers, what was typed before."""
    row = _get(row_id)
    if row.phase not in writing.WRITABLE:
        return redirect(url_for("p.report", row_id=row.id))
    return _form(row, _kept(current_session(), row))


@blueprint.post("/reports/<int:row_id>/edit")
@needs(Permission.REPORT_WRITE)
def save_report(row_id: int) -> Response:
    """Keep a draft or send it, by the button that was pressed; nothing typed is lost."""
    row = _get(row_id)
    given = {name: text.strip() for name, text in request.form.items()}
    session, actor = current_session(), current_actor()
    try:
        data = load(_schema(row), form_data())
        typed = _typed(row, data)
        if data["step"] == "draft":
            writing.save(session, actor, row, typed, data["version"])
            flash("草稿已保存，还没有提交。", "ok")
            return redirect(url_for("p.edit_report", row_id=row.id), 303)
        sent = writing.send(session, actor, row, typed, data["version"])
    except Invalid as error:
        return _form(row, given, 422, errors=error.fields, version=given.get("version", ""))
    except Conflict as conflict:
        return _form(_get(row_id), given, 409, conflict=conflict)
    flash(f"已提交第{sent.number}版。", "ok")
    return redirect(url_for("p.report", row_id=row.id), 303)


@blueprint.post("/reports/<int:row_id>/zero")
@needs(Permission.REPORT_WRITE)
def send_zero(row_id: int) -> Response:
    """零报告: nothing to report, in one click from the report's page."""
    row = _get(row_id)
    try:
        data = load(Schema.from_dict({"version": fields.Integer(required=True)})(), form_data())
        writing.send_zero(current_session(), current_actor(), row, data["version"])
    except Conflict as conflict:
        return upkeep.answer(_page(_get(row_id), conflict), 409)
    flash("已提交零报告。", "ok")
    return redirect(url_for("p.report", row_id=row.id), 303)
