"""The home page: one search box, ways in by segment and type, the board, the latest cases."""

from typing import Any

from flask import current_app, render_template

from marketplace.db import current_session
from marketplace.services import pool_board, rounds
from marketplace.services.pool_board import Board
from marketplace.settings import Settings
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.public import blueprint
from marketplace.web.public.similar import cards, found
from search import Page

LATEST = 4
PLAIN_ICON = "grid-3x3-gap-fill"


@blueprint.get("/")
@public
def home() -> str:
    """What is in the pool, at a glance. Without the search engine the counts are left out."""
    providers = found("provider", {}, 1, facets=("segment", "type"))
    products = found("product", {}, 1)
    cases = found("case", {}, 1, facets=("case_year",))
    settings: Settings = current_app.extensions["settings"]
    session = current_session()
    round_ = rounds.current(session, settings.home_programme)
    board = pool_board.board(session, round_, staff=False) if round_ else None
    return render_template(
        "public/home.html",
        segments=_doors(providers, "segment", "segment"),
        types=_doors(providers, "type", "provider_type"),
        totals={"provider": _total(providers), "product": _total(products), "case": _total(cases)},
        cases=_latest(cases),
        board=board,
        board_heads=_board_heads(board) if board else [],
        board_rows=_board_rows(board) if board else [],
    )


def _total(page: Page | None) -> int | None:
    return page.total if page else None


def _latest(cases: Page | None) -> list[dict[str, Any]]:
    """Cases of the latest years: as many years as it takes to fill the row."""
    if cases is None:
        return []
    years: list[str] = []
    enough = 0
    for item in sorted(cases.facets["case_year"], key=lambda item: item.value, reverse=True):
        years.append(item.value)
        enough += item.count
        if enough >= LATEST:
            break
    return cards(found("case", {"case_year": years}, LATEST))


def _doors(page: Page | None, field: str, kind: str) -> list[dict[str, Any]]:
    """Words of a vocabulary with the number of providers under each; all of them without counts."""
    counts = {item.value: item.count for item in page.facets[field]} if page else {}
    return [
        {
            "name": word.name,
            "icon": word.data.get("icon", PLAIN_ICON),
            "about": word.data.get("about", ""),
            "count": counts.get(word.code),
            "url": f"/providers?{field}={word.code}",
        }
        for word in vocabulary().options(kind)
        if word.code in counts or (page is None and "icon" in word.data)
    ]


def _board_heads(board: Board) -> list[str]:
    """Short names of the columns."""
    cells = board.lines[0].cells if board.lines else ()
    short = [vocabulary().label("provider_type", cell.dims.get("type", "")) for cell in cells]
    return [name or head.label for name, head in zip(short, board.heads, strict=False)]


def _board_rows(board: Board) -> list[dict[str, Any]]:
    """The board in small: listed over the most, each number a link to the list it counts."""
    return [
        {
            "label": vocabulary().label("segment", line.segment) if line.segment else line.label,
            "full": line.label,
            "total": line.total,
            "cells": [
                {
                    "listed": cell.listed,
                    "cap": cell.cap,
                    "state": cell.state,
                    "url": f"/providers?type={cell.dims['type']}&segment={cell.dims['segment']}"
                    if {"type", "segment"} <= cell.dims.keys()
                    else "",
                }
                for cell in line.cells
            ],
        }
        for line in board.lines
    ]
