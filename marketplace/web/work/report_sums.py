"""Sums of reports: districts from their rows, the city from its districts; sent, and as Excel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import ReportSummary
from marketplace.permissions import Permission, can
from marketplace.phases import Role
from marketplace.programmes import duties
from marketplace.schemas.pool import ERRORS
from marketplace.services.pool import exports
from marketplace.services.reports import rollup, summaries
from marketplace.services.reports.rollup import Row, Scope, Sums
from marketplace.services.reports.rules import rules
from marketplace.web import limits, security_log
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, term
from marketplace.web.downloads import attachment
from marketplace.web.forms import load
from marketplace.web.work import once, upkeep
from marketplace.web.work import reports as board
from marketplace.web.work.blueprint import blueprint

PAGE = 50
COUNTS = {
    "reports": "应报", "submitted": "已报", "punctual": "其中按时", "overdue": "逾期",
    "returned": "退回", "skipped": "免报",
}  # fmt: skip
NO_DISTRICT = board.NO_DISTRICT


@dataclass(frozen=True)
class Table:
    """What the page shows and the file holds: heads, lines of texts, the last one the sum.

    ``links`` are addresses of the first cell of each line, empty where there is none.
    """

    title: str
    heads: list[str]
    lines: list[list[str]]
    links: list[str]


def _figures() -> list[str]:
    return [f"{figure.label}（{figure.unit}）" for figure in rules().figures.values()]


def _numbers(sums: Sums) -> list[str]:
    return [*(str(getattr(sums, name)) for name in COUNTS), *sums.texts().values()]


def of_districts(found: Sequence[Row], scope: Scope) -> Table:
    """A line for each district, and the city: the sum of the lines."""
    sums = rollup.by_district(found)
    lines = [[board.district_name(code), *_numbers(part)] for code, part in sums.items()]
    links = [
        url_for("work.reports_rollup", scope=board.scope_key(scope), district=code or NO_DISTRICT)
        for code in sums
    ]
    total = ["全市合计", *_numbers(rollup.total(sums.values()))]
    heads = ["区市", *COUNTS.values(), *_figures()]
    return Table("各区市汇总", heads, [*lines, total], [*links, ""])


def of_rows(found: Sequence[Row]) -> Table:
    """A line for each report, and their sum."""
    lines, links = [], []
    for row in found:
        state = upkeep.tag("report", row.state, staff=True)["label"]
        late = row.sums().overdue
        lines.append([
            row.provider, "逾期未报" if late else state, term("segment", row.segment),
            *_texts(row),
        ])  # fmt: skip
        links.append(url_for("work.report", row_id=row.id))
    total = rollup.total(row.sums() for row in found)
    lines.append(["合计", f"已报{total.submitted}份", "", *total.texts().values()])
    heads = ["服务商", "状态", "细分行业", *_figures()]
    return Table("明细", heads, lines, [*links, ""])


def _texts(row: Row) -> list[str]:
    return [
        figure.text(row.figures[id_]) if id_ in row.figures else ""
        for id_, figure in rules().figures.items()
    ]


def _asked(session: Session) -> tuple[list[Scope], Scope, str | None]:
    """Scopes, the one asked for (the latest without one), and the district. Raises NotFound."""
    scopes = rollup.scopes(session, current_actor())
    scope = board.chosen_scope(scopes) or (None if request.args.get("scope") else _first(scopes))
    if scope is None:
        raise NotFound("还没有定期报告")
    actor = current_actor()
    if actor.role is Role.DISTRICT_REVIEWER:
        return scopes, scope, actor.district or ""
    codes = [code for code, _ in board.districts()]
    return scopes, scope, upkeep.chosen("district", codes) or None


def _first(scopes: list[Scope]) -> Scope | None:
    return scopes[0] if scopes else None


def _rows(session: Session, scope: Scope, district: str | None) -> list[Row]:
    found = rollup.rows(session, current_actor(), scope)
    if district is None:
        return found
    wanted = None if district == NO_DISTRICT else district
    return [row for row in found if row.district == wanted]


def _table(session: Session, scope: Scope, district: str | None) -> tuple[Table, list[Row]]:
    found = _rows(session, scope, district)
    return (of_districts(found, scope) if district is None else of_rows(found)), found


@blueprint.get("/reports/rollup")
@needs(Permission.WORK_READ)
def reports_rollup() -> str:
    """The sums of a period: districts for the city, reports for a district."""
    return _page()


def _page(**more: Any) -> str:
    session, actor = current_session(), current_actor()
    scopes, scope, district = _asked(session)
    table, found = _table(session, scope, district)
    page = upkeep.page_number()
    first = (page - 1) * PAGE
    shown = table.lines[:-1][first : first + PAGE]
    links = table.links[:-1][first : first + PAGE]
    sent = summaries.of(session, scope)
    own = district if actor.role is Role.DISTRICT_REVIEWER else None
    key = board.scope_key(scope)
    context: dict[str, Any] = {
        **upkeep.frame("work", ("定期报告", url_for("work.reports"))),
        "title": f"{duties.period(scope.period).label}报告汇总",
        "place": "" if district is None else board.district_name(_code(district)),
        "scope": key,
        "scopes": [(board.scope_key(one), board.scope_label(one)) for one in scopes],
        "heads": table.heads, "lines": list(zip(shown, links, strict=True)),
        "total": table.lines[-1], "caption": table.title,
        "page": page, "pages": max(1, -(-(len(table.lines) - 1) // PAGE)),
        "page_link": lambda number: url_for(
            "work.reports_rollup", scope=key, district=district or "", page=number
        ),
        "export": url_for("work.export_rollup", scope=key, district=district or ""),
        "sent": _sent(sent, found) if district is None else [],
        "own": _own(session, scope, sent.get(own or ""), found) if own is not None else None,
        "may_send": own is not None and can(actor, Permission.REPORT_SUMMARISE),
        "errors": {}, "typed": None, "clash": "", **more,
    }  # fmt: skip
    return render_template("work/report_sums.html", **context)


def _code(district: str) -> str | None:
    return None if district == NO_DISTRICT else district


def _sent(sent: dict[str, ReportSummary], found: list[Row]) -> list[dict[str, Any]]:
    """Which districts have sent their sums, for the city."""
    lines = []
    for code, sums in rollup.by_district(found).items():
        row = sent.get(code or "")
        if code is None:
            continue
        lines.append({"district": board.district_name(code), **_standing(row, sums)})
    return lines


def _standing(row: ReportSummary | None, sums: Sums) -> dict[str, Any]:
    if row is None:
        return {"at": "还没有报送", "by": "", "late": "", "changed": "", "text": ""}
    return {
        "at": dt(row.sent_at), "by": row.by_name,
        "late": "迟报" if row.sent_at >= row.due_at else "按时",
        "changed": "报送后有更正或补报" if summaries.changed(row, sums) else "与现在一致",
        "text": row.text,
    }  # fmt: skip


def _own(
    session: Session, scope: Scope, row: ReportSummary | None, found: list[Row]
) -> dict[str, Any]:
    until = summaries.due(session, scope)
    return {
        "due": f"{until.on}", "note": until.note, "version": row.version if row else 0,
        **_standing(row, rollup.total(item.sums() for item in found)),
    }  # fmt: skip


class SummaryForm(Schema):
    """What a district says with its sums."""

    scope = fields.String(required=True, error_messages=ERRORS)
    text = fields.String(
        load_default="", validate=validate.Length(max=4000, error="不超过4000个字")
    )
    version = fields.Integer(load_default=0)


@blueprint.post("/reports/rollup")
@needs(Permission.REPORT_SUMMARISE)
@once.once
def send_rollup() -> Response:
    """Send the sums of the acting district to the city, or send them again."""
    session, actor = current_session(), current_actor()
    typed = request.form.get("text", "")
    scope = board.chosen_scope(rollup.scopes(session, actor))
    if scope is None:
        raise NotFound("没有这一期报告")
    try:
        data = load(SummaryForm(), once.fields())
        summaries.send(session, actor, scope, text=data["text"], expected_version=data["version"])
    except Invalid as error:
        return upkeep.answer(_page(errors=error.fields, typed=typed), 422)
    except Conflict as conflict:
        return upkeep.answer(_page(clash=conflict.message, typed=typed), 409)
    flash("汇总已报送市级。", "ok")
    return redirect(url_for("work.reports_rollup", scope=board.scope_key(scope)), 303)


@blueprint.get("/reports/rollup.xlsx")
@needs(Permission.POOL_EXPORT)
def export_rollup() -> Response:
    """The table of the page as a file: the same heads, lines and sum."""
    limits.take("export", str(current_actor().user_id), failing_open=True)
    session = current_session()
    _, scope, district = _asked(session)
    table, found = _table(session, scope, district)
    security_log.note("export", "ok", object_="reports", detail={"rows": len(found)})
    lines = [[_number(text) for text in line] for line in table.lines]
    book = exports.workbook([(table.title, table.heads, lines)])
    return attachment(book, f"报告汇总{scope.period}-{clock.today():%Y%m%d}.xlsx")


def _number(text: str) -> str | int | float:
    """A number as one that Excel can add up; other texts as they are."""
    if text.isdecimal():
        return int(text)
    whole, point, cents = text.partition(".")
    return float(text) if point and whole.isdecimal() and cents.isdecimal() else text
