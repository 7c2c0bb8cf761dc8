"""The board and a provider's places as they stood on a past day (F-A4)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Membership, Round
from marketplace.phases import RoundPhase
from marketplace.services.pool import as_of, rounds
from marketplace.services.pool.as_of import Standing
from marketplace.services.pool.pool_board import Board
from marketplace.services.profiles import catalogue
from marketplace.web import programmes, why_words
from marketplace.web.access import public
from marketplace.web.public import blueprint
from marketplace.web.public.board import shaped
from marketplace.web.public.parts import standing_tag

PAGE = 50
EARLIEST = date(2000, 1, 1)


def _day() -> tuple[date, str]:
    """The day asked for, and what is wrong with it: yesterday when none is given."""
    typed = request.args.get("day", "").strip()
    yesterday = date.fromordinal(clock.today().toordinal() - 1)
    if not typed:
        return yesterday, ""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return yesterday, "请按 2026-03-01 的格式填写日期"
    if found > clock.today():
        return yesterday, "请选择今天或以前的日期"
    if found < EARLIEST:
        return yesterday, f"请选择{EARLIEST}以后的日期"
    return found, ""


@blueprint.get("/pool/past")
@public
def past_pool() -> str:
    """The board of a round at the end of a day, and who was on it in which state."""
    session, (day, wrong) = current_session(), _day()
    round_ = _round(session)
    programme = as_of.programme_on(session, round_, day)
    found = as_of.standings(session, as_of.members(session, round_), day, programme)
    pages = max(1, -(-len(found) // PAGE))
    page = _number(pages)
    return render_template(
        "public/past_pool.html",
        day=day,
        wrong=wrong,
        round=round_,
        programme=programme,
        board=_board(as_of.board(session, round_, day, found), found),
        total=len(found),
        rows=[_named(item, day) for item in found[(page - 1) * PAGE : page * PAGE]],
        page=page,
        pages=pages,
        link=lambda number: url_for(
            "public.past_pool", day=day, round=request.args.get("round"), page=number
        ),
    )


def _round(session: Session) -> Round:
    every = [r for r in rounds.newest_first(session) if r.phase != RoundPhase.DRAFT]
    key = request.args.get("round", "")
    if key:
        chosen = next((r for r in every if r.key == key), None)
    else:
        chosen = next((r for r in every if r.programme_id == programmes.home_id()), None)
    if chosen is None:
        raise NotFound("没有这个批次" if key else "还没有公布名单")
    return chosen


def _number(pages: int) -> int:
    typed = request.args.get("page", "")
    return min(max(1, int(typed)), pages) if typed.isdecimal() and len(typed) < 7 else 1


def _board(found: Board, places: list[Standing]) -> dict[str, Any]:
    """The board as today's is laid out, without links: lists know today only."""
    shown = [item for item in places if item.public]
    board = shaped(
        found,
        [
            (m.provider_id, m.quota_id, m.type, m.segment)
            for m in (item.membership for item in shown)
        ],
    )
    for part in (*board["heads"], *board["rows"]):
        part["url"] = part["total_url"] = ""
    for row in board["rows"]:
        for cell in row["cells"]:
            cell["url"] = ""
    board["total_url"] = ""
    return board


def _row(item: Standing) -> dict[str, Any]:
    membership = item.membership
    return {
        "place": why_words.place(membership),
        "state": standing_tag(item.state),
        "since": item.since.isoformat() if item.since else "",
    }


def _named(item: Standing, day: date) -> dict[str, Any]:
    provider = item.membership.provider
    url = url_for("public.past_provider", provider_id=provider.id, day=day)
    return {**_row(item), "name": provider.organisation.name, "url": url}


@blueprint.get("/providers/<int:provider_id>/past")
@public
def past_provider(provider_id: int) -> str:
    """A provider's places and grades at the end of a day."""
    session, (day, wrong) = current_session(), _day()
    shown = catalogue.provider(session, provider_id)
    organisation = shown.provider.organisation
    found = _then(session, shown.memberships, day)
    grades = as_of.grades_on(session, [item.membership.id for item in found], day)
    return render_template(
        "public/past_provider.html",
        day=day,
        wrong=wrong,
        provider_id=provider_id,
        organisation=organisation,
        name=as_of.name_on(session, organisation, day),
        rows=[
            {
                **_row(item),
                "round": item.membership.round.label,
                "listed_on": item.membership.listed_on.isoformat(),
                "grade": grades.get(item.membership.id),
                "why": url_for(
                    "public.why_page", provider_id=provider_id, membership_id=item.membership.id
                ),
            }
            for item in found
        ],
    )


def _then(session: Session, memberships: Iterable[Membership], day: date) -> list[Standing]:
    """Places by round: each round has a text of its own."""
    rounds_: dict[int, list[Membership]] = {}
    for item in memberships:
        rounds_.setdefault(item.round_id, []).append(item)
    return [
        standing
        for items in rounds_.values()
        for standing in as_of.standings(
            session, items, day, as_of.programme_on(session, items[0].round, day)
        )
    ]
