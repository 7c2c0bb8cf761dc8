"""Periodic reports as staff see them: the board with what is overdue, one report, its steps."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import current_session
from marketplace.models import PeriodicReport
from marketplace.permissions import Actor, Permission
from marketplace.programmes import duties
from marketplace.services.pool import exports
from marketplace.services.reports import checking, reading, rollup
from marketplace.services.reports import tasks as _tasks  # noqa: F401  tasks register themselves
from marketplace.services.reports.rollup import Scope
from marketplace.web import limits, programmes, security_log
from marketplace.web import report_shapes as shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, term, vocabulary
from marketplace.web.downloads import attachment
from marketplace.web.work import upkeep
from marketplace.web.work.blueprint import blueprint

MOST = 5000
NO_DISTRICT = "none"
TABS = (
    (reading.OVERDUE, "逾期未报"), ("owed", "待报"), ("submitted", "已报"),
    ("returned", "退回补正"), ("skipped", "免报"), ("all", "全部"),
)  # fmt: skip
COLUMNS: list[dict[str, Any]] = [
    {"key": "provider", "label": "服务商", "head": True}, {"key": "report", "label": "报告"},
    {"key": "place", "label": "在池资格"}, {"key": "district", "label": "区市"},
    {"key": "state", "label": "状态"}, {"key": "due", "label": "截止"},
    {"key": "sent", "label": "首次报送"}, {"key": "reminded", "label": "已提醒"},
]  # fmt: skip


def scope_label(scope: Scope) -> str:
    """A scope in words: 2026年第1季度（青岛…，季度档案维护）."""
    programme = programmes.files().get(scope.programme)
    if programme is None:
        return f"{duties.period(scope.period).label}（{scope.programme}）"
    label = next((r.label for r in programme.reports if r.id == scope.duty), scope.duty)
    return f"{duties.period(scope.period).label}（{programme.short_name}，{label}）"


def scope_key(scope: Scope) -> str:
    """A scope as its address carries it."""
    return f"{scope.programme}:{scope.duty}:{scope.period}"


def chosen_scope(scopes: list[Scope]) -> Scope | None:
    """The scope that the address names, if it is one of those known."""
    given = request.args.get("scope", "") or request.form.get("scope", "")
    return next((scope for scope in scopes if scope_key(scope) == given), None)


def districts() -> list[tuple[str, str]]:
    """Options of the filter."""
    known = [(word.code, word.name) for word in vocabulary().options("district")]
    return [*known, (NO_DISTRICT, "市级直接受理")]


def district_name(code: str | None) -> str:
    """The district in words; providers without one are looked after by the city."""
    return term("district", code) if code else "市级直接受理"


def _filters(scope: Scope | None, show: str) -> reading.Filters:
    given = upkeep.chosen("district", [code for code, _ in districts()])
    return reading.Filters(
        programme=scope.programme if scope else "", duty=scope.duty if scope else "",
        period=scope.period if scope else "", show="" if show == "all" else show,
        district={"": None, NO_DISTRICT: ""}.get(given, given),
        text=upkeep.searched(),
    )  # fmt: skip


@blueprint.get("/reports")
@needs(Permission.WORK_READ)
def reports() -> str:
    """The board: what is overdue first."""
    session, actor = current_session(), current_actor()
    scopes = rollup.scopes(session, actor)
    scope = chosen_scope(scopes)
    show = upkeep.chosen("show", [*reading.SHOWN, "all"], reading.OVERDUE)
    query = reading.listed(actor, _filters(scope, show)).options(*reading.BESIDE)
    rows, pager = upkeep.paged(session, query)
    kept = {name: text for name, text in request.args.items() if name not in ("page", "show")}
    return render_template(
        upkeep.LIST, **upkeep.frame("work"), **pager, title="定期报告",
        lead="每期结束后自动生成，截止前 7 天、1 天、当天和逾期 3 天各提醒一次。",
        buttons=[
            {"label": "汇总", "tone": "primary", "url": url_for("work.reports_rollup")},
            {"label": "导出 Excel", "tone": "neutral",
             "url": _address("work.export_reports", {**kept, "show": show})},
        ],
        tabs=[
            {"label": label, "current": value == show,
             "url": _address("work.reports", {**kept, "show": value})}
            for value, label in TABS
        ],
        filters=[
            {"name": "scope", "label": "期次", "value": scope_key(scope) if scope else "",
             "options": [(scope_key(one), scope_label(one)) for one in scopes]},
            {"name": "district", "label": "区市", "value": request.args.get("district", ""),
             "options": districts()},
            {"name": "q", "label": "服务商", "value": request.args.get("q", "")},
            {"name": "show", "label": "", "value": show, "hidden": True},
        ],
        unit="份报告", columns=COLUMNS, rows=[_line(row) for row in rows],
        empty="没有这样的报告。",
    )  # fmt: skip


def _address(endpoint: str, conditions: dict[str, str]) -> str:
    given = {name: text for name, text in conditions.items() if text}
    return f"{url_for(endpoint)}?{urlencode(given)}" if given else url_for(endpoint)


def _line(row: PeriodicReport) -> dict[str, Any]:
    organisation = row.provider.organisation
    return {
        "provider": {"text": organisation.name, "url": url_for("work.report", row_id=row.id)},
        "report": {"text": shapes.name(row), "note": row.part_reason},
        "place": shapes.place(row), "district": district_name(organisation.district),
        "state": shapes.state(row, staff=True), "due": shapes.due(row),
        "sent": dt(row.first_sent_at), "reminded": reminded(row.reminded),
    }  # fmt: skip


def reminded(offset: int | None) -> str:
    """The latest reminder in words."""
    if offset is None:
        return ""
    return f"逾期{offset}天" if offset > 0 else f"截止前{-offset}天" if offset else "截止当天"


@blueprint.get("/reports.xlsx")
@needs(Permission.POOL_EXPORT)
def export_reports() -> Response:
    """The list with the conditions of its page; at most 5,000 rows."""
    limits.take("export", str(current_actor().user_id), failing_open=True)
    session, actor = current_session(), current_actor()
    scope = chosen_scope(rollup.scopes(session, actor))
    show = upkeep.chosen("show", [*reading.SHOWN, "all"], reading.OVERDUE)
    query = reading.listed(actor, _filters(scope, show)).options(*reading.BESIDE).limit(MOST)
    rows = [_line(row) for row in session.scalars(query)]
    lines = [[_text(line[column["key"]]) for column in COLUMNS] for line in rows]
    security_log.note("export", "ok", object_="reports", detail={"rows": len(rows)})
    heads = [str(column["label"]) for column in COLUMNS]
    book = exports.workbook([("定期报告", heads, lines)])
    return attachment(book, f"定期报告{clock.today():%Y%m%d}.xlsx")


def _text(cell: Any) -> str:
    """A cell as the page shows it, in one line."""
    if not isinstance(cell, dict):
        return str(cell)
    said = str(cell.get("label") or cell.get("text") or "")
    return f"{said}（{cell['note']}）" if cell.get("note") else said


def _get(session: Session, actor: Actor, row_id: int) -> PeriodicReport:
    return reading.get(session, actor, row_id)


@blueprint.get("/reports/<int:row_id>")
@needs(Permission.WORK_READ)
def report(row_id: int) -> str:
    """One report: its versions, what staff may do, everything that happened."""
    session, actor = current_session(), current_actor()
    row = _get(session, actor, row_id)
    notices = [{"tone": "info", "title": "说明", "text": row.note}] if row.note else []
    return render_template(
        "work/report.html", **upkeep.frame("work", ("定期报告", url_for("work.reports"))),
        title=shapes.name(row), state=shapes.state(row, staff=True),
        meta=[row.provider.organisation.name, district_name(row.provider.organisation.district)],
        buttons=NOUN.buttons("work", row, actor), notices=notices,
        sections=[{"title": "基本情况", "id": "facts", "facts": [
            *shapes.facts(row), ("已提醒", reminded(row.reminded) or "没有"),
        ]}],
        versions=shapes.versions(session, actor, "work", row),
        events=upkeep.events(session, row, "report"),
    )  # fmt: skip


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    checking.step(
        session, actor, row, action, reason=data["reason"], expected_version=data["version"]
    )


NOUN = upkeep.Noun(
    name="report", place="reports", label="定期报告", get=_get, do=_do,
    about=lambda row: f"{row.provider.organisation.name} {shapes.name(row)}",
    elsewhere=frozenset({"report_send"}),
)  # fmt: skip
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.WORK_READ, acting=Permission.REPORT_CHECK,
    listed="reports", one="report",
)  # fmt: skip
