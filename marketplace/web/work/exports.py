"""The pool as an Excel file: the board, and the list with the filters of the page."""

from typing import Any

from flask import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.models import Membership
from marketplace.permissions import Permission
from marketplace.schemas.pool import ListQuery
from marketplace.services.pool import exports, membership_list, pool_board
from marketplace.services.pool.exports import Sheet
from marketplace.services.pool.pool_board import Board
from marketplace.web import limits, security_log
from marketplace.web.access import current_actor, needs
from marketplace.web.downloads import attachment
from marketplace.web.forms import load, query_data
from marketplace.web.work import shapes
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.board import chosen_round
from marketplace.web.work.memberships import filters_of

MOST = 5000

LIST_HEADS = (
    "服务商", "统一社会信用代码", "区市", "批次", "细分行业", "类型", "状态", "状态起始",
    "入池日期", "有效期至", "整改期限", "入池文号",
)  # fmt: skip
BOARD_HEADS = (
    "名额", "下限", "上限", "在池", "暂停", "公示中", "拟入池", "候补", "已占用", "预留", "状态",
)  # fmt: skip


@blueprint.get("/export.xlsx")
@needs(Permission.POOL_EXPORT)
def export_memberships() -> Response:
    """Board and list as one workbook; at most 5,000 rows."""
    limits.take("export", str(current_actor().user_id), failing_open=True)
    session = current_session()
    query = load(ListQuery(), query_data(("phase",)))
    round_, _ = chosen_round(session, query.get("round"))
    rows = membership_list.every(session, current_actor(), filters_of(query), limit=MOST)
    sheets: list[Sheet] = [("名单", LIST_HEADS, [_line(row) for row in rows])]
    if round_ is not None:
        board = pool_board.board(session, round_, staff=True)
        sheets.append(("看板", BOARD_HEADS, _cells(board)))
    security_log.note("export", "ok", object_="pool", detail={"rows": len(rows)})
    return attachment(exports.workbook(sheets), f"资源池名单{clock.today():%Y%m%d}.xlsx")


def _line(row: Membership) -> list[Any]:
    shown = shapes.membership(row)
    return [
        shown["name"], row.provider.organisation.uscc, shown["district"], shown["round"],
        shown["segment"], shown["type"], shown["state"]["label"], shown["since"],
        shown["listed_on"], shown["valid_until"], shown["rectify_by"], row.document_no,
    ]  # fmt: skip


def _cells(board: Board) -> list[list[Any]]:
    return [
        [
            cell.label, cell.minimum, "不限" if cell.cap is None else cell.cap, cell.listed,
            cell.suspended, cell.in_notice, cell.decided, cell.reserve, cell.used, cell.held,
            cell.state.text,
        ]
        for cell in board.cells
    ]  # fmt: skip
