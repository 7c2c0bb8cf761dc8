"""Candidacies in notice and on the reserve list: look, list, close."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session, contains_eager, joinedload
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import Candidacy, Provider
from marketplace.permissions import Permission, can, visible
from marketplace.phases import SelectionPhase
from marketplace.schemas.pool import CandidacyQuery, CloseForm, ListingForm
from marketplace.services.pool import candidacies as service
from marketplace.services.pool import memberships, pool_board
from marketplace.services.pool.candidacies import OPEN_PHASES, Listing
from marketplace.web.access import current_actor, needs
from marketplace.web.context import term
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once, shapes
from marketplace.web.work.admissions import CHAIN_MODES
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.board import chosen_round

MOST = 200
PHASES: dict[str, tuple[str, str, str]] = {
    SelectionPhase.DECISION.value: ("info", "list-check", "拟入池"),
    SelectionPhase.PUBLICITY.value: ("info", "clock", "公示中"),
    SelectionPhase.RESERVE.value: ("neutral", "people", "候补"),
    SelectionPhase.CLOSED.value: ("neutral", "check-circle", "已办结"),
}
LABELS = {
    "listed_on": "入池日期", "valid_until": "有效期至", "document_no": "入池文号",
    "chain_mode": "链主模式", "reason": "理由", "place": "核对结果",
}  # fmt: skip


@blueprint.get("/candidacies")
@needs(Permission.WORK_READ)
def candidacies() -> str:
    """Everything that is not closed, by cell and rank."""
    session = current_session()
    query = load(CandidacyQuery(), query_data())
    round_, every = chosen_round(session, query.get("round"))
    rows = _rows(session, query)
    return render_template(
        "work/candidacies.html",
        query=query,
        rows=[_shape(row) for row in rows],
        rounds=[(item["id"], item["label"]) for item in shapes.round_choices(every, round_)],
        types=[(item.id, item.label) for item in round_.programme.types] if round_ else [],
        segments=[(item.id, item.label) for item in round_.programme.segments] if round_ else [],
        phases=[(phase.value, PHASES[phase][2]) for phase in OPEN_PHASES],
    )


@blueprint.get("/candidacies/<int:candidacy_id>")
@needs(Permission.WORK_READ)
def candidacy(candidacy_id: int) -> str:
    """One candidacy, what speaks against listing it, and the forms."""
    return render_template("work/candidacy.html", errors={}, values={}, **_page(candidacy_id))


@blueprint.post("/candidacies/<int:candidacy_id>/list")
@needs(Permission.CANDIDACY_LIST)
@once.once
def list_candidacy(candidacy_id: int) -> Response:
    """Make it a membership."""
    session = current_session()
    row = _get(session, candidacy_id)
    try:
        data = load(ListingForm(), once.fields())
        listing = Listing(expected_version=data.pop("version"), **data)
        membership = service.list_candidacy(session, current_actor(), row, listing)
    except Invalid as error:
        return page_again("work/candidacy.html", error, **_page(candidacy_id))
    except Conflict as error:
        again = Invalid(fields={"place": error.reasons})
        response = page_again("work/candidacy.html", again, **_page(candidacy_id))
        response.status_code = 409
        return response
    flash(f"已入池：{row.provider.organisation.name}", "ok")
    return redirect(url_for("work.membership", membership_id=membership.id), 303)


@blueprint.post("/candidacies/<int:candidacy_id>/close")
@needs(Permission.CANDIDACY_LIST)
@once.once
def close_candidacy(candidacy_id: int) -> Response:
    """Take it off the list."""
    session = current_session()
    row = _get(session, candidacy_id)
    try:
        data = load(CloseForm(), once.fields())
        service.close(session, current_actor(), row, {"reason": data["reason"]})
    except Invalid as error:
        return page_again("work/candidacy.html", error, **_page(candidacy_id))
    flash(f"已办结：{row.provider.organisation.name}", "ok")
    return redirect(url_for("work.candidacies", round=row.round_id), 303)


def _rows(session: Session, query: dict[str, Any]) -> list[Candidacy]:
    statement = (
        visible(current_actor(), Permission.MEMBERSHIP_READ, Candidacy)
        .join(Candidacy.provider)
        .join(Provider.organisation)
        .options(
            contains_eager(Candidacy.provider).contains_eager(Provider.organisation),
            joinedload(Candidacy.quota),
            joinedload(Candidacy.round),
        )
    )
    equal = {
        Candidacy.round_id: query.get("round"),
        Candidacy.quota_id: query.get("quota"),
        Candidacy.type: query["type"],
        Candidacy.segment: query["segment"],
    }
    for column, value in equal.items():
        if value:
            statement = statement.where(column == value)
    phases = [query["phase"]] if query["phase"] else [phase.value for phase in OPEN_PHASES]
    order = (Candidacy.quota_id, Candidacy.phase, Candidacy.rank.is_(None), Candidacy.rank,
             Candidacy.id)  # fmt: skip
    statement = statement.where(Candidacy.phase.in_(phases)).order_by(*order).limit(MOST)
    return list(session.scalars(statement))


def _get(session: Session, candidacy_id: int) -> Candidacy:
    row = service.get(session, candidacy_id)
    if not can(current_actor(), Permission.MEMBERSHIP_READ, row):
        raise NotFound
    return row


def _page(candidacy_id: int) -> dict[str, Any]:
    session = current_session()
    row = _get(session, candidacy_id)
    today = clock.today()
    found = service.findings(session, row, today)
    cell = pool_board.cell_of(session, row.quota)
    after = None
    if not any(finding.stops for finding in found):
        after = pool_board.after_entry(cell, SelectionPhase(row.phase))
    return {
        "row": _shape(row),
        "candidacy": row,
        "findings": found,
        "cell": shapes.cell(row.round, cell),
        "cell_after": shapes.cell(row.round, after) if after else None,
        "events": shapes.events(session, row, {}),
        "may": can(current_actor(), Permission.CANDIDACY_LIST, row),
        "listed_on": today,
        "valid_until": memberships.default_valid_until(row.round, today),
        "chain_modes": CHAIN_MODES,
        "labels": LABELS,
    }


def _shape(row: Candidacy) -> dict[str, Any]:
    organisation, programme = row.provider.organisation, row.round.programme
    tone, icon, label = PHASES[row.phase]
    dates = [day.isoformat() for day in (row.publicity_from, row.publicity_until) if day]
    return {
        "id": row.id,
        "name": organisation.name,
        "url": url_for("work.candidacy", candidacy_id=row.id),
        "district": term("district", organisation.district) or organisation.registered_city,
        "segment": programme.segment_label(row.segment),
        "type": programme.type_label(row.type),
        "state": {"tone": tone, "icon": icon, "label": label},
        "rectify_by": "",
        "rank": row.rank,
        "score": row.score,
        "publicity": " 至 ".join(dates),
        "round": row.round.label,
        "cell": row.quota.label,
    }
