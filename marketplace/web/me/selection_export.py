"""The selection file to keep, as a workbook and as a PDF that say the same."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from sqlalchemy import select

from marketplace import clock
from marketplace.db import current_session
from marketplace.models import Event, Selection
from marketplace.permissions import Permission
from marketplace.phases import ChoicePhase
from marketplace.services.choosing import selection_pdf, selections, snapshots
from marketplace.services.choosing.selection_pdf import Detail, SelectionFile, Table
from marketplace.services.choosing.snapshots import UNFILLED
from marketplace.services.documents.typeset import PDF
from marketplace.services.pool import exports
from marketplace.web import limits
from marketplace.web.access import current_actor, needs
from marketplace.web.admin.labels import ACTIONS
from marketplace.web.context import dt
from marketplace.web.downloads import attachment
from marketplace.web.me.blueprint import blueprint
from marketplace.web.me.selection_shapes import intact, shape, state_tag
from marketplace.web.work.shapes import ROLES
from marketplace.workflow import workflow_of

CELL = 30_000
"""Characters that one cell surely holds; Excel takes 32,767."""

HEADS = ("序号", "服务商", "统一社会信用代码", "结果", "理由")
HASHED = "下列各行的内容依次连接成一行，即为计算校验值（SHA-256，UTF-8 编码）的原文"
WHOLE = {True: "一致", False: "不一致，请联系管理员", None: ""}


@blueprint.get("/selections/<int:selection_id>.xlsx")
@needs(Permission.SELECTION_RUN)
def export_selection(selection_id: int) -> Response:
    """Everything in it, with the text that the hash is computed from."""
    file = _file(selection_id)
    sheets: list[exports.Sheet] = [_sheet(file.facts), _sheet(file.steps)]
    if file.details:
        labels = [name for _, rows in file.details[0].groups for name, _ in rows]
        kept = [[text for _, rows in item.groups for _, text in rows] for item in file.details]
        heads = [*file.candidates.heads, *labels]
        rows = [[*row, *texts] for row, texts in zip(file.candidates.rows, kept, strict=True)]
        sheets.insert(1, (file.candidates.title, heads, rows))
    if file.original:
        cuts = range(0, len(file.original), CELL)
        sheets.append(("锁定的原文", [HASHED], [[file.original[at : at + CELL]] for at in cuts]))
    return attachment(exports.workbook(sheets), f"选型档案-{file.title}.xlsx")


@blueprint.get("/selections/<int:selection_id>.pdf")
@needs(Permission.SELECTION_RUN)
def export_selection_pdf(selection_id: int) -> Response:
    """The same on pages."""
    file = _file(selection_id)
    return attachment(selection_pdf.pdf(file), f"选型档案-{file.title}.pdf", PDF)


def _sheet(table: Table) -> exports.Sheet:
    return table.title, table.heads, table.rows


def _file(selection_id: int) -> SelectionFile:
    """What both say; counted as one export. Raises NotFound."""
    limits.take("export", str(current_actor().user_id), failing_open=True)
    row = selections.get(current_session(), current_actor(), selection_id)
    candidates = shape(row)
    chosen = next((item["name"] for item in candidates if item["chosen"]), "")
    return SelectionFile(
        title=row.title,
        enterprise=current_actor().organisation_name,
        facts=Table("选型档案", ("项目", "内容"), _facts(row, chosen, len(candidates))),
        candidates=Table("候选服务商", HEADS, [_candidate(row, item) for item in candidates]),
        steps=Table("办理经过", ("时间（北京时间）", "事项", "经办", "说明"), _steps(row)),
        details=[_detail(item) for item in candidates],
        original="" if row.snapshot is None else snapshots.canonical(row.snapshot),
    )


def _candidate(row: Selection, item: Mapping[str, Any]) -> tuple[str, ...]:
    result, reason = "未选", str(item["reason"])
    if item["chosen"]:
        result, reason = "选定", row.chosen_because
    elif row.phase == ChoicePhase.LOCKED:
        result = "待选定"
    return str(item["seq"]), item["name"], item["uscc"], result, reason


def _detail(item: Mapping[str, Any]) -> Detail:
    mark = "（选定）" if item["chosen"] else ""
    groups = [
        (label, [(name, text or UNFILLED) for name, text in rows]) for label, rows in item["groups"]
    ]
    return Detail(f"{item['seq']}. {item['name']}{mark}", groups)


def _facts(row: Selection, chosen: str, number: int) -> list[tuple[str, str]]:
    """What there is to tell; facts that are not known yet are left out."""
    facts = (
        ("名称", row.title),
        ("企业", current_actor().organisation_name),
        ("需求", row.need),
        ("搜索条件", row.conditions),
        ("状态", state_tag(row)["label"]),
        ("锁定时间（北京时间）", dt(row.locked_at)),
        ("候选服务商", f"{number}家" if number else ""),
        ("校验值（SHA-256）", row.snapshot_sha256),
        ("锁定的内容与校验值", WHOLE[intact(row)]),
        ("选定", chosen),
        ("选定的理由", row.chosen_because),
        ("合同", _contracts(row)),
        ("导出时间（北京时间）", dt(clock.now())),
    )
    return [(label, text) for label, text in facts if text]


def _contracts(row: Selection) -> str:
    """The contracts that came of it, as the page tells of them."""
    if row.phase != ChoicePhase.HANDED_OVER:
        return ""
    found = selections.contracts(current_session(), current_actor(), row)
    told = (
        "".join((
            item.title,
            f"，合同编号{item.contract_no}" if item.contract_no else "",
            f"（{workflow_of(item).state(item.state).public_label}）",
        ))
        for item in found
    )  # fmt: skip
    return "；".join(told) or "已通知服务商，对方还没有提交合同备案"


def _steps(row: Selection) -> list[tuple[str, str, str, str]]:
    """When, what, by whom and why, the first one first."""
    query = select(Event).where(
        Event.subject_type == Selection.__tablename__, Event.subject_id == row.id
    )
    return [
        (
            dt(event.at),
            ACTIONS[event.action],
            f"{event.who}（{ROLES.get(event.actor_role, '系统')}）",
            event.reason,
        )
        for event in current_session().scalars(query.order_by(Event.id))
    ]
