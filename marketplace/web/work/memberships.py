"""The list of memberships, and one membership with its axes, actions and history."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Ban, Membership, Provider, Round, Waiver
from marketplace.permissions import Permission, can, visible
from marketplace.phases import LIVE_PHASES, PUBLIC_PHASES, StandingPhase
from marketplace.schemas.pool import ListQuery, Sort
from marketplace.services.pool import membership_list
from marketplace.services.pool.membership_list import Filters
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import load, query_data
from marketplace.web.proceedings import opening
from marketplace.web.work import shapes
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.board import chosen_round
from marketplace.workflow import LOADING, available

VERBS: dict[str, Permission] = {
    permission.value.partition(":")[2]: permission
    for permission in (
        Permission.MEMBERSHIP_WARN,
        Permission.MEMBERSHIP_RECTIFY,
        Permission.MEMBERSHIP_SUSPEND,
        Permission.MEMBERSHIP_RESTORE,
        Permission.MEMBERSHIP_REMOVE,
        Permission.MEMBERSHIP_WITHDRAW,
    )
}
"""Part of the address of an action: the permission that its transition names."""

NO_DISTRICT = "outside"


def filters_of(query: dict[str, Any]) -> Filters:
    """The filters that a query string asks for."""
    outside = query["district"] == NO_DISTRICT
    return Filters(
        round_id=query.get("round"),
        quota_id=query.get("quota"),
        type=query["type"],
        segment=query["segment"],
        district="" if outside else query["district"],
        outside=outside,
        phases=tuple(query["phase"]),
        text=query["q"],
        ending=query["ending"],
        overdue=query["overdue"],
        sort=Sort(query["sort"].lstrip("-")),
        descending=query["sort"].startswith("-"),
    )


@blueprint.get("/memberships")
@needs(Permission.WORK_READ)
def memberships() -> str:
    """The list with its filters."""
    session, actor = current_session(), current_actor()
    query = load(ListQuery(), query_data(("phase",)))
    query["phase"] = query["phase"] or [phase.value for phase in LIVE_PHASES]
    round_, every = chosen_round(session, query.get("round"))
    found = membership_list.page(
        session, actor, filters_of(query), number=query["page"], size=query["per_page"]
    )
    return render_template(
        "work/memberships.html",
        query=query,
        total=found.total,
        pages=max(1, -(-found.total // query["per_page"])),
        rows=[shapes.membership(row) for row in found.rows],
        columns=_columns(query["sort"]),
        options=_options(round_, every),
        page_link=lambda number: _link(page=number),
        actions=_bulk_actions(round_),
        export_url=_link(endpoint="work.export_memberships"),
    )


@blueprint.get("/memberships/<int:membership_id>")
@needs(Permission.WORK_READ)
def membership(membership_id: int) -> str:
    """One membership."""
    session, actor = current_session(), current_actor()
    row = get(session, membership_id)
    programme = row.round.programme
    cases = opening.cases(session, row)
    found = any(case["open"] for case in cases)
    return render_template(
        "work/membership.html",
        row=shapes.membership(row),
        membership=row,
        programme=programme,
        note=shapes.state_of(row).note,
        public=row.phase in PUBLIC_PHASES,
        reason=vocabulary().name("exit_reason", row.reason_code) if row.reason_code else "",
        actions=[
            {
                "label": item.label,
                "tone": shapes.tone(item.tone),
                "url": action_url(row.id, item.by, item.action),
            }
            for item in opening.direct(row, [] if found else available(row, actor))
        ]
        + ([] if found else opening.links(row)),
        cases=cases,
        others=[shapes.membership(other) for other in _others(session, row)],
        waivers=_waivers(session, row),
        bans=_bans(session, row),
        events=shapes.events(session, row, shapes.transitions(row.round)),
        can_edit=can(actor, Permission.PROVIDER_EDIT, row.provider),
    )


def get(session: Session, membership_id: int) -> Membership:
    """A membership that the actor may see, with all that actions need. Raises NotFound."""
    row = session.scalars(
        visible(current_actor(), Permission.MEMBERSHIP_READ, Membership)
        .where(Membership.id == membership_id)
        .options(*LOADING[Membership])
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def action_url(membership_id: int, by: str, action: str) -> str:
    """Where the form of an action stands."""
    verb = by.partition(":")[2]
    return url_for(f"work.act_{verb}_form", membership_id=membership_id, action=action)


def _link(endpoint: str = "work.memberships", **changed: Any) -> str:
    given: dict[str, Any] = request.args.to_dict(flat=False)
    return url_for(endpoint, **(given | changed))


def _columns(sort: str) -> list[dict[str, Any]]:
    def sorting(name: Sort) -> dict[str, str]:
        here, descending = sort.lstrip("-") == name, sort.startswith("-")
        turned = f"-{name.value}" if here and not descending else name.value
        direction = "descending" if descending else "ascending"
        return {"sort_url": _link(sort=turned, page=1), "sorted": direction if here else ""}

    return [
        {"key": "name", "label": "服务商", "head": True, **sorting(Sort.NAME)},
        {"key": "district", "label": "区市"},
        {"key": "segment", "label": "细分行业"},
        {"key": "type_short", "label": "类型"},
        {"key": "state", "label": "状态"},
        {"key": "since", "label": "状态起始", **sorting(Sort.SINCE)},
        {"key": "listed_on", "label": "入池日期", **sorting(Sort.LISTED)},
        {"key": "valid_until", "label": "有效期至", **sorting(Sort.VALID)},
    ]


def _options(round_: Round | None, every: list[Round]) -> dict[str, list[tuple[Any, str]]]:
    words = vocabulary()
    programme = round_.programme if round_ else None
    districts = [(word.code, word.name) for word in words.options("district")]
    phases = []
    if programme is not None:
        states = programme.workflows["standing"]
        named = {phase: states.in_phase(phase) for phase in StandingPhase}
        phases = [
            (phase.value, "、".join(state.staff_label for state in found))
            for phase, found in named.items()
            if found
        ]
    return {
        "round": [(r.id, f"{r.programme.short_name} · {r.label}") for r in every],
        "type": [(item.id, item.label) for item in programme.types] if programme else [],
        "segment": [(item.id, item.label) for item in programme.segments] if programme else [],
        "district": [*districts, (NO_DISTRICT, "市外")],
        "phase": phases,
    }


def _bulk_actions(round_: Round | None) -> list[dict[str, str]]:
    """Actions that may be taken on many, as far as the actor's role can take them at all."""
    if round_ is None:
        return []
    transitions = shapes.transitions(round_).values()
    return [
        {
            "label": item.label,
            "tone": shapes.tone(item.tone),
            "url": url_for(f"work.bulk_{item.by.partition(':')[2]}_plan", action=item.action),
        }
        for item in transitions
        if can(current_actor(), Permission(item.by))
    ]


def _others(session: Session, row: Membership) -> list[Membership]:
    return list(
        session.scalars(
            visible(current_actor(), Permission.MEMBERSHIP_READ, Membership)
            .where(Membership.provider_id == row.provider_id, Membership.id != row.id)
            .options(
                selectinload(Membership.round),
                selectinload(Membership.provider).selectinload(Provider.organisation),
            )
            .order_by(Membership.id.desc())
        )
    )


def _waivers(session: Session, row: Membership) -> list[dict[str, Any]]:
    found = session.scalars(
        select(Waiver).where(Waiver.provider_id == row.provider_id, Waiver.round_id == row.round_id)
    )
    rules = {rule.id: rule for rule in row.round.programme.rules}
    return [
        {
            "rule": rules[waiver.rule].label if waiver.rule in rules else waiver.rule,
            "article": rules[waiver.rule].article if waiver.rule in rules else "",
            "segment": row.round.programme.segment_label(waiver.segment) or "全部",
            "reason": waiver.reason,
            "document_no": waiver.document_no,
        }
        for waiver in found
    ]


def _bans(session: Session, row: Membership) -> list[dict[str, Any]]:
    found = session.scalars(
        select(Ban)
        .where(Ban.organisation_id == row.provider.organisation_id)
        .order_by(Ban.id.desc())
    )
    return [shapes.ban(ban) for ban in found]
