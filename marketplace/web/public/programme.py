"""What a programme says, in plain words: conditions, places, dates, papers, and what follows."""

from typing import Any

from flask import render_template

from marketplace import clock
from marketplace.db import current_session
from marketplace.models import Round
from marketplace.phases import RoundPhase
from marketplace.programmes import deadlines, summary
from marketplace.programmes.schema import Programme
from marketplace.services.pool import rounds
from marketplace.web import programme_shapes as shapes
from marketplace.web import programmes
from marketplace.web.access import public
from marketplace.web.public import blueprint

AFTER = ("扶持与奖励", "有效期、复核与报告")
"""Sections of the summary that concern those who were listed."""


@blueprint.get("/programme")
@public
def programme() -> str:
    """The programme this installation is run for."""
    return _page(programmes.home_id())


@blueprint.get("/programme/<programme_id>")
@public
def programme_of(programme_id: str) -> str:
    """Any other programme."""
    return _page(programme_id)


def _page(programme_id: str) -> str:
    session = current_session()
    shown = programmes.shown(session, programme_id)
    told = shown.programme
    return render_template(
        "public/programme.html",
        programme=told,
        round=shown.round,
        paper=shapes.instrument(told),
        home=programme_id == programmes.home_id(),
        precheck=programmes.path(told.id, "precheck"),
        types=[{**item, **_links(told, shown.round, item["id"])} for item in shapes.types(told)],
        quotas=shapes.quotas(told),
        calendar=shapes.calendar(told),
        rules=shapes.rule_groups(told),
        materials=shapes.material_groups(told),
        steps=shapes.steps(told),
        after=[part for part in summary.sections(told) if part.title in AFTER],
        leaving=shapes.leaving(told),
        others=_others(rounds.newest_first(session), programme_id),
    )


def _links(told: Programme, round_: Round | None, type_: str) -> dict[str, str]:
    listed = f"/providers?type={type_}&round={round_.key}" if round_ else ""
    return {"precheck": f"{programmes.path(told.id, 'precheck')}?type={type_}", "listed": listed}


def _others(every: list[Round], but: str) -> list[dict[str, Any]]:
    """All programmes that are not on this page: pinned texts before files."""
    public_ = [round_ for round_ in every if round_.phase != RoundPhase.DRAFT]
    pinned = {round_.programme_id: round_.programme for round_ in reversed(public_)}
    found = {**programmes.files(), **pinned}
    today = clock.today()
    return [
        {
            "name": other.name,
            "city": other.city,
            "number": other.instrument.number,
            "expired": deadlines.expired(other, today),
            "url": programmes.path(id_),
        }
        for id_, other in sorted(found.items(), key=lambda item: (item[1].city, item[0]))
        if id_ != but
    ]
