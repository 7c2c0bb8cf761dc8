"""Credit findings for the city: the list, entering one or a file of them, what came of each."""

from typing import Any

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import CreditFinding
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import CreditPhase
from marketplace.schemas.projects import Field, form
from marketplace.services.checks import credit_findings, credit_lists
from marketplace.services.checks.credit_findings import Given
from marketplace.services.files import files
from marketplace.services.importing import tables
from marketplace.web import limits, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, term
from marketplace.web.downloads import attachment
from marketplace.web.forms import load, page_again
from marketplace.web.proceedings import origins
from marketplace.web.work import once, upkeep
from marketplace.web.work.blueprint import blueprint

IMPORT = "work/credit_import.html"
COLUMNS = [
    {"key": "name", "label": "单位", "head": True}, {"key": "cause", "label": "原因"},
    {"key": "day", "label": "认定日期"}, {"key": "source", "label": "来源文件"},
    {"key": "state", "label": "状态"},
]  # fmt: skip


def _home() -> tuple[str, str]:
    return ("信用信息", url_for("work.credit_list"))


@blueprint.get("/credit-findings")
@needs(Permission.CREDIT_READ)
def credit_list() -> str:
    """All findings, the latest first."""
    phase = upkeep.chosen("phase", [*CreditPhase])
    text = upkeep.searched()
    actor = current_actor()
    rows, pager = upkeep.paged(current_session(), credit_findings.listed(actor, phase, text))
    buttons = [
        {"label": "登记", "tone": "primary", "url": url_for("work.new_credit")},
        {"label": "导入名单", "tone": "neutral", "url": url_for("work.credit_import")},
    ]
    phases = [
        ("", "全部"), ("pending", "待对照"), ("suspended", "已暂停席位"), ("by_hand", "待人工办理"),
        ("closed", "已办结"), ("withdrawn", "已撤回"),
    ]  # fmt: skip
    return render_template(
        upkeep.LIST, **upkeep.frame("work"), **pager, title="信用信息",
        lead="失信、行政处罚、安全事故等外部认定。登记后与在池名单对照，属于否决事由的立即暂停，由人工确认或者解除。",
        buttons=buttons if can(actor, Permission.CREDIT_KEEP) else [],
        tabs=upkeep.tabs("work.credit_list", "phase", phases, phase),
        filters=[
            {"name": "q", "label": "名称或信用代码", "value": text},
            {"name": "phase", "label": "", "value": phase, "hidden": True},
        ],
        unit="条信息", columns=COLUMNS, rows=[_line(row) for row in rows],
        empty="没有这样的信用信息。",
    )  # fmt: skip


def _line(row: CreditFinding) -> dict[str, Any]:
    return {
        "name": {"text": row.name or row.uscc, "url": url_for("work.credit", row_id=row.id)},
        "cause": term("exit_reason", row.cause), "day": f"{row.found_on}", "source": row.source,
        "state": upkeep.tag("credit_finding", row.state, staff=True),
    }  # fmt: skip


@blueprint.get("/credit-findings/<int:row_id>")
@needs(Permission.CREDIT_READ)
def credit(row_id: int) -> str:
    """One finding, and what came of it."""
    session, actor = current_session(), current_actor()
    row = credit_findings.get(session, actor, row_id)
    facts = [
        ("单位", row.name or "没有填写"), ("统一社会信用代码", row.uscc),
        ("原因", term("exit_reason", row.cause)), ("认定日期", f"{row.found_on}"),
        ("来源文件", row.source), ("对照时间", dt(row.checked_at) or "还没有对照"),
    ]  # fmt: skip
    sections: list[dict[str, Any]] = [{"title": "基本情况", "id": "facts", "facts": facts}]
    if row.detail:
        sections.append({"title": "说明", "id": "detail", "prose": row.detail})
    if row.outcome:
        sections.append({"title": "对照结果", "id": "outcome", "prose": row.outcome})
    if files.of(session, row):
        shown = uploads.show(session, credit_findings.EVIDENCE, row).items
        sections.append({"title": "来源材料", "id": "files", "files": shown})
    if links := origins.opened_by(session, row):
        sections.append({"title": "由此立案", "id": "cases", "links": links})
    return render_template(
        upkeep.DETAIL, **upkeep.frame("work", _home()), title=row.name or row.uscc,
        lead=term("exit_reason", row.cause),
        state=upkeep.tag("credit_finding", row.state, staff=True),
        buttons=NOUN.buttons("work", row, actor), sections=sections,
        events=upkeep.events(session, row, "credit_finding"),
    )  # fmt: skip


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    credit_findings.step(
        session, actor, row, action, reason=data["reason"], expected_version=data["version"]
    )


NOUN = upkeep.Noun(
    name="credit", place="credit-findings", label="信用信息", get=credit_findings.get, do=_do,
    about=lambda row: row.name or row.uscc,
)  # fmt: skip
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.CREDIT_READ, acting=Permission.CREDIT_KEEP,
    listed="credit_list", one="credit",
)  # fmt: skip


def _asked() -> tuple[list[Field], dict[str, Any]]:
    fields = [
        Field("uscc", "统一社会信用代码", "code"),
        Field("name", "单位名称", required=False, longest=120),
        Field("cause", "原因", "choice", options=credit_findings.causes(current_session())),
        Field("found_on", "认定日期", "day", value=clock.today().isoformat()),
        Field("source", "来源文件", hint="发布机关和文号，例如“×市监罚〔2026〕1号”。"),
        Field("detail", "说明", "area", required=False, longest=4000,
              hint="席位被暂停时，服务商会看到。不要写个人信息。"),
        Field(credit_findings.EVIDENCE, "来源材料", "upload", required=False),
    ]  # fmt: skip
    page = {
        **upkeep.frame("work", _home()), "title": "登记信用信息", "about": "",
        "lead": "登记后几分钟内与在池名单对照。", "back": url_for("work.credit_list"),
        "submit": "登记",
    }  # fmt: skip
    return fields, page


@blueprint.get("/credit-findings/new")
@needs(Permission.CREDIT_KEEP)
def new_credit() -> str:
    """The form of one finding."""
    fields, page = _asked()
    return upkeep.show_form(fields, **page)


@blueprint.post("/credit-findings/new")
@needs(Permission.CREDIT_KEEP)
def create_credit() -> Response:
    """Write it down."""
    uploads.posted(credit_findings.EVIDENCE)  # before the first query: files are checked outside
    return once.once(_create)()


def _create() -> Response:
    fields, page = _asked()
    session, actor = current_session(), current_actor()
    try:
        data = load(form(fields, versioned=False), once.fields())
        row = credit_findings.enter(session, actor, Given(**data))
        uploads.posted(credit_findings.EVIDENCE).attach(session, actor, row)
    except (Invalid, Conflict) as error:
        return upkeep.form_again(fields, error, **page)
    flash("已登记，稍后与在池名单对照。", "ok")
    return redirect(url_for("work.credit", row_id=row.id), 303)


def _import_page() -> dict[str, Any]:
    return {
        **upkeep.frame("work", _home()), "columns": list(credit_lists.COLUMNS),
        "required": credit_lists.REQUIRED, "sheet": credit_lists.SHEET,
        "causes": credit_findings.causes(current_session()),
        "limit": tables.MAX_ROWS,
    }  # fmt: skip


@blueprint.get("/credit-findings/import")
@needs(Permission.CREDIT_KEEP)
def credit_import() -> str:
    """The form for a file."""
    return render_template(IMPORT, errors={}, **_import_page())


@blueprint.post("/credit-findings/import")
@needs(Permission.CREDIT_KEEP)
def import_credit() -> Response:
    """Write a whole file down, or nothing of it."""
    limits.take("upload", str(current_actor().user_id), failing_open=True)
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid(fields={"file": ["请选择文件"]})
        # Before the first query: a file is read outside any transaction.
        rows = credit_lists.read(file.stream)  # type: ignore[arg-type]
    except Invalid as error:
        return page_again(IMPORT, error, **_import_page())
    return once.once(lambda: _import(rows))()


def _import(rows: list[tuple[int, Given]]) -> Response:
    try:
        new, known = credit_findings.enter_all(current_session(), current_actor(), rows)
    except Invalid as error:
        return page_again(IMPORT, error, **_import_page())
    again = f"，{known}条以前登记过" if known else ""
    flash(f"新登记{new}条{again}。", "ok")
    return redirect(url_for("work.credit_list"), 303)


@blueprint.get("/credit-findings/list.csv")
@needs(Permission.CREDIT_KEEP)
def credit_template() -> FlaskResponse:
    """An empty list with its headings, as office programs here open it."""
    body = "\ufeff" + ",".join(credit_lists.COLUMNS) + "\r\n"
    return attachment(body.encode(), "信用信息名单.csv", "text/csv")
