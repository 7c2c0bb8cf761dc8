"""The public pool board: the same numbers as the lists it links to (J6)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Membership, Provider, Round
from marketplace.phases import PUBLIC_PHASES, RoundPhase, StandingPhase
from marketplace.services.pool import exports, pool_board, rounds
from marketplace.services.pool.pool_board import Board, Cell
from marketplace.services.profiles.catalogue import state_of
from marketplace.web import programmes
from marketplace.web.access import public
from marketplace.web.downloads import attachment
from marketplace.web.public import blueprint
from marketplace.web.public.parts import standing_tag

DAYS, MOST = 90, 50
LEGEND = (
    ("ok", "check-circle", ("正常", "在下限和上限之间")),
    ("warn", "exclamation-triangle", ("缺n", "比下限少n家，将组织补充")),
    ("info", "check-circle-fill", ("已满", "已到上限")),
)
HEADS = ("名额", "下限", "上限", "在池", "公示中", "暂停", "状态")
LISTING = {"tone": "ok", "icon": "check-circle", "label": "入池"}

Place = tuple[int, int, str, str]
"""Provider, quota, type and segment of one listed place."""


@blueprint.get("/pool")
@public
def pool() -> str:
    """Segment by type: listed, in notice, suspended, and the range of each cell."""
    session = current_session()
    round_, choices = _rounds(session)
    if round_ is None:
        return render_template("public/pool.html", round=None)
    found, places = public_board(session, round_)
    return render_template(
        "public/pool.html",
        round=round_,
        choices=choices,
        today=clock.today(),
        excel_url=f"/pool.xlsx?{urlencode({'round': round_.key})}",
        board=shaped(found, places),
        legend=LEGEND,
        changes=_changes(session, round_),
        missing=[
            {"label": c.label, "range": c.range_text, "used": c.used, "text": c.state.text}
            for c in found.cells
            if c.below_minimum
        ],
    )


@blueprint.get("/pool.xlsx")
@public
def pool_excel() -> Response:
    """The board as an Excel file."""
    session = current_session()
    round_, _ = _rounds(session)
    if round_ is None:
        raise NotFound("还没有公布名单")
    found, _ = public_board(session, round_)
    rows = [
        [c.label, c.minimum, "不限" if c.cap is None else c.cap, c.listed, c.in_notice, c.suspended,
         c.state.text]
        for c in found.cells
    ]  # fmt: skip
    name = f"资源池看板{clock.today():%Y%m%d}.xlsx"
    return attachment(exports.workbook([("看板", HEADS, rows)]), name)


def _rounds(session: Session) -> tuple[Round | None, list[dict[str, Any]]]:
    """The round of the address (any programme), else the newest one at home; rounds to choose."""
    every = [r for r in rounds.newest_first(session) if r.phase != RoundPhase.DRAFT]
    home = [round_ for round_ in every if round_.programme_id == programmes.home_id()]
    key = request.args.get("round", "")
    chosen = next((r for r in every if r.key == key), None) if key else next(iter(home), None)
    if key and chosen is None:
        raise NotFound("没有这个批次")
    return chosen, [{"id": r.key, "label": r.label, "current": r is chosen} for r in home]


def public_board(session: Session, round_: Round) -> tuple[Board, list[Place]]:
    """The board without providers that staff hid: their places count, their names do not show."""
    rows = session.execute(
        select(Membership.provider_id, Membership.quota_id, Membership.type, Membership.segment)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(
            Membership.round_id == round_.id,
            Membership.phase.in_(PUBLIC_PHASES),
            Provider.hidden_at.is_(None),
        )
    )
    places: list[Place] = [(row[0], row[1], row[2], row[3]) for row in rows]
    found = pool_board.board(session, round_, staff=False)
    listed = [sum(place[1] == cell.quota_id for place in places) for cell in found.cells]
    cells = [replace(cell, listed=count) for cell, count in zip(found.cells, listed, strict=True)]
    return pool_board.lay_out(round_, cells), places


def shaped(found: Board, places: list[Place]) -> dict[str, Any]:
    """The board as the pool_board macro takes it. Totals are providers, as the lists count."""
    key = found.round.key
    matrix = bool(found.lines) and all(line.segment for line in found.lines)
    kinds = [cell.dims.get("type", "") for cell in found.lines[0].cells] if matrix else [""]
    return {
        "axis": found.axis,
        "heads": [
            {
                "label": head.label,
                "range": head.range,
                "total": _firms(places, type_=kind),
                "url": _list(key, type=kind),
            }
            for head, kind in zip(found.heads, kinds, strict=True)
        ],
        "rows": [
            {
                "label": line.label,
                "cells": [_cell(key, cell) for cell in line.cells],
                "total": _firms(places, segment=line.segment) if matrix else line.total,
                "total_url": _list(key, segment=line.segment) if matrix else "",
            }
            for line in found.lines
        ],
        "total": _firms(places),
        "total_url": _list(key),
    }


def _firms(places: Iterable[Place], *, type_: str = "", segment: str = "") -> int:
    return len(
        {
            provider
            for provider, _, kind, part in places
            if (not type_ or kind == type_) and (not segment or part == segment)
        }
    )


def _list(key: str, **by: str) -> str:
    """The list of providers in a part of the board."""
    chosen = {name: value for name, value in by.items() if value}
    return f"/providers?{urlencode({**chosen, 'round': key})}"


def _cell(key: str, cell: Cell) -> dict[str, Any]:
    """Cells by city or year have no list of their own: search does not know those."""
    state = cell.state
    listed_by = cell.dims.keys() <= {"type", "segment"}
    return {
        "label": cell.label,
        "listed": cell.listed,
        "used": cell.used,
        "held": cell.held,
        "min": cell.minimum,
        "cap": cell.cap,
        "url": _list(key, **dict(cell.dims)) if listed_by else "",
        "parts": [
            {"label": "公示", "count": cell.in_notice},
            {"label": "暂停", "count": cell.suspended},
        ],
        "tone": state.tone,
        "icon": state.icon,
        "text": state.text,
    }


def _changes(session: Session, round_: Round) -> list[dict[str, Any]]:
    """Who came and who left lately, the latest first."""
    since = clock.today() - timedelta(days=DAYS)
    rows = session.scalars(
        select(Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Membership.round_id == round_.id, Provider.hidden_at.is_(None))
        .where(or_(Membership.listed_on >= since, Membership.exited_on >= since))
        .options(
            joinedload(Membership.provider).joinedload(Provider.organisation),
            joinedload(Membership.round),
        )
        .order_by(Membership.id.desc())
        .limit(MOST)
    ).all()
    return sorted((_change(round_, row) for row in rows), key=lambda c: c["day"], reverse=True)


def _change(round_: Round, row: Membership) -> dict[str, Any]:
    left = row.phase == StandingPhase.EXITED and row.exited_on is not None
    programme = round_.programme
    return {
        "day": (row.exited_on if left and row.exited_on else row.listed_on).isoformat(),
        "name": row.provider.organisation.name,
        "url": f"/providers/{row.provider_id}",
        "place": f"{programme.segment_label(row.segment)} · {programme.type_label(row.type)}",
        "state": standing_tag(state_of(row)) if left else LISTING,
        "reason": row.public_reason if left else "",
    }
