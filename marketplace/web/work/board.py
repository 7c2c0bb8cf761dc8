"""The desk of the pool, its board, and the gallery of components."""

from typing import Any

from flask import current_app, render_template, url_for
from sqlalchemy.orm import Session

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Round
from marketplace.permissions import Permission
from marketplace.schemas.pool import BoardQuery
from marketplace.services.pool import pool_board, pool_desk, rounds
from marketplace.services.pool.pool_desk import Attention
from marketplace.settings import Settings
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, query_data
from marketplace.web.work import shapes
from marketplace.web.work.blueprint import blueprint

RECENT = 8


def chosen_round(session: Session, wanted: int | None) -> tuple[Round | None, list[Round]]:
    """The round asked for, else the home programme's, else the newest; and all rounds."""
    every = rounds.newest_first(session)
    if wanted is not None:
        found = next((round_ for round_ in every if round_.id == wanted), None)
        if found is None:
            raise NotFound("没有这个批次")
        return found, every
    settings: Settings = current_app.extensions["settings"]
    home = rounds.newest_of(every, settings.home_programme)
    return home or (every[0] if every else None), every


@blueprint.get("")
@needs(Permission.WORK_READ)
def desk() -> str:
    """What stands, and what needs somebody."""
    session, actor = current_session(), current_actor()
    round_, every = chosen_round(session, load(BoardQuery(), query_data()).get("round"))
    if round_ is None:
        return render_template("work/no_round.html")
    found = pool_board.board(session, round_, staff=True)
    return render_template(
        "work/desk.html",
        round=round_,
        choices=shapes.round_choices(every, round_),
        board=shapes.board(found),
        numbers=_numbers(found),
        tasks=_tasks(round_, found, pool_desk.attention(session, actor, round_)),
        changes=_changes(session, round_),
    )


@blueprint.get("/pool")
@needs(Permission.POOL_READ)
def pool() -> str:
    """The board: segment × type, each number a link."""
    session = current_session()
    round_, every = chosen_round(session, load(BoardQuery(), query_data()).get("round"))
    if round_ is None:
        return render_template("work/no_round.html")
    found = pool_board.board(session, round_, staff=True)
    return render_template(
        "work/pool.html",
        round=round_,
        choices=shapes.round_choices(every, round_),
        board=shapes.board(found),
        missing=[shapes.cell(round_, cell) for cell in found.cells if cell.below_minimum],
        changes=_changes(session, round_),
        district=current_actor().district,
    )


@blueprint.get("/components")
@needs(Permission.COMPONENTS_READ)
def gallery() -> str:
    """Every component once."""
    return render_template("work/components.html")


def _numbers(found: pool_board.Board) -> list[dict[str, Any]]:
    cells = found.cells
    at: dict[str, Any] = {"round": found.round.id}
    members, candidates = "work.memberships", "work.candidacies"
    return [
        {
            "label": "在池",
            "count": found.total,
            "url": url_for(members, **at, phase=shapes.POOL_PHASES),
            "note": "状态为在池、警告、限期整改的席位；一家服务商可有多个席位，与公开搜索一致。",
        },
        {
            "label": "公示中",
            "count": sum(cell.in_notice for cell in cells),
            "url": url_for(candidates, **at, phase="publicity"),
            "note": "已经公示、还没有入池的候选，名额已预留。",
        },
        {
            "label": "候补",
            "count": sum(cell.reserve or 0 for cell in cells),
            "url": url_for(candidates, **at, phase="reserve"),
            "note": "按名次排队，有空额并重新核对后可以入池。",
        },
        {
            "label": "暂停",
            "count": sum(cell.suspended for cell in cells),
            "url": url_for(members, **at, phase="suspended"),
            "note": "暂停期间仍占名额，但不在搜索和名单中显示。",
        },
    ]


def _tasks(round_: Round, found: pool_board.Board, waiting: Attention) -> list[dict[str, Any]]:
    """What needs attention, each with its number and where to go; nothing without a number."""
    below = [cell for cell in found.cells if cell.below_minimum]
    at: dict[str, Any] = {"round": round_.id}
    members, names = "work.memberships", "、".join(cell.label for cell in below[:3])
    rows = [
        ("danger", "整改逾期", waiting.overdue, url_for(members, **at, overdue="1"),
         "整改期限已过，还没有办结"),
        ("danger", "暂停中", waiting.suspended, url_for(members, **at, phase="suspended"),
         "等待恢复、整改或移出"),
        ("warn", "低于下限的格", len(below), url_for("work.pool", **at, _anchor="missing"),
         names + ("等" if len(below) > 3 else "")),
        ("warn", "整改中", waiting.rectifying, url_for(members, **at, phase="rectifying"),
         "完成后办理“整改完成”"),
        ("warn", "90天内到期", waiting.ending, url_for(members, **at, ending="1"),
         "有效期将满或已满"),
        ("info", "公示中，待入池", waiting.in_notice,
         url_for("work.candidacies", **at, phase="publicity"), "公示期满后办理入池"),
    ]  # fmt: skip
    return [
        {"tone": tone, "label": label, "count": number, "url": url, "text": text}
        for tone, label, number, url, text in rows
        if number
    ]


def _changes(session: Session, round_: Round) -> list[dict[str, Any]]:
    labels = shapes.transitions(round_)
    return [
        {
            **shapes.event(change.event, labels),
            "title": f"{change.name}：{shapes.event(change.event, labels)['title']}",
            "url": url_for("work.membership", membership_id=change.event.subject_id),
        }
        for change in pool_desk.changes(session, current_actor(), round_, RECENT)
    ]
