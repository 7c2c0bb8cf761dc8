"""The selection file as a workbook: what was locked, the reasons, the choice, and the hash."""

from collections.abc import Iterator
from typing import Any

from flask import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.models import Selection
from marketplace.permissions import Permission
from marketplace.services.choosing import selections, snapshots
from marketplace.services.choosing.snapshots import UNFILLED
from marketplace.services.pool import exports
from marketplace.web import limits
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.downloads import attachment
from marketplace.web.me.blueprint import blueprint
from marketplace.web.me.selection_shapes import shape, state_tag

CELL = 30_000
"""Characters that one cell surely holds; Excel takes 32,767."""

HASHED = "下列各行的内容依次连接成一行，即为计算校验值（SHA-256，UTF-8 编码）的原文"


@blueprint.get("/selections/<int:selection_id>.xlsx")
@needs(Permission.SELECTION_RUN)
def export_selection(selection_id: int) -> Response:
    """Everything in it, with the reasons."""
    limits.take("export", str(current_actor().user_id), failing_open=True)
    row = selections.get(current_session(), current_actor(), selection_id)
    candidates = shape(row)
    heads = ["项目", "内容"]
    sheets: list[exports.Sheet] = [("选型档案", heads, list(_facts(row, candidates)))]
    if row.snapshot is not None:
        sheets.append(("候选服务商", *_table(candidates)))
        text = snapshots.canonical(row.snapshot)
        parts = [[text[at : at + CELL]] for at in range(0, len(text), CELL)]
        sheets.append(("锁定的原文", [HASHED], parts))
    return attachment(exports.workbook(sheets), f"选型档案-{row.title}.xlsx")


def _facts(row: Selection, candidates: list[dict[str, Any]]) -> Iterator[list[str]]:
    chosen = next((item["name"] for item in candidates if item["chosen"]), "")
    yield ["名称", row.title]
    yield ["企业", current_actor().organisation_name]
    yield ["需求", row.need]
    yield ["搜索条件", row.conditions]
    yield ["状态", state_tag(row)["label"]]
    yield ["锁定时间（北京时间）", dt(row.locked_at)]
    yield ["候选服务商", f"{len(candidates)}家" if candidates else ""]
    yield ["校验值（SHA-256）", row.snapshot_sha256]
    yield ["选定", chosen]
    yield ["选定的理由", row.chosen_because]
    yield ["导出时间（北京时间）", dt(clock.now())]


def row_reason(item: dict[str, Any]) -> str:
    """Why a candidate was not chosen; the chosen one has its reason on the first sheet."""
    return "" if item["chosen"] else str(item["reason"])


def _table(candidates: list[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    labels = [name for _, rows in candidates[0]["groups"] for name, _ in rows]
    heads = ["序号", "服务商", "统一社会信用代码", "结果", "理由", *labels]
    return heads, [
        [
            item["seq"], item["name"], item["uscc"], "选定" if item["chosen"] else "未选",
            row_reason(item), *(text or UNFILLED for _, rows in item["groups"] for _, text in rows),
        ]
        for item in candidates
    ]  # fmt: skip
