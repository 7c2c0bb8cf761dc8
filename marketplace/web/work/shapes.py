"""Rows as the plain values that templates show."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Ban, Event, Membership, Round
from marketplace.phases import ROLE_LABELS
from marketplace.programmes.workflows import State, Transition
from marketplace.schemas.pool import BanState
from marketplace.services.pool.pool_board import Board, Cell
from marketplace.web.admin import record_words
from marketplace.web.admin.labels import ACTIONS
from marketplace.web.context import dt, term, vocabulary

TONES = {"success": "ok", "warning": "warn"}
ROLES = {role.value: label for role, label in ROLE_LABELS.items()}
POOL_PHASES = ("listed", "warned", "rectifying")
DETAILED = ("quota_change", "text_edit", "round_amend", "profile_edit", "change_effect")
"""Events whose changes are told; the others are told by their states."""
LONGEST_CHANGE = 60
NAMED_ALONE = ("system", "anonymous")
"""Roles that say nothing beside the name: nobody, or somebody without a role yet."""
DAYS = {"rectify_by": "整改期限", "exited_on": "退出日期", "until": "截止", "lifted_on": "解除日期"}
"""Days that an event sets, which belong into its line."""


def tone(name: str) -> str:
    """A workflow's tone as the tags call it."""
    return TONES.get(name, name)


def tag(state: State, *, staff: bool = True) -> dict[str, str]:
    """A state as status_tag takes it."""
    label = state.staff_label if staff else state.public_label
    return {"tone": tone(state.tone), "icon": state.icon, "label": label}


def state_of(membership: Membership) -> State:
    """The state of a membership in its pinned workflow."""
    return membership.round.programme.workflows["standing"].state(membership.state)


def membership(row: Membership) -> dict[str, Any]:
    """A line of the list; provider, organisation and round are loaded."""
    organisation, programme = row.provider.organisation, row.round.programme
    return {
        "id": row.id,
        "item": f"{row.id}:{row.version}",
        "name": organisation.name,
        "url": url_for("work.membership", membership_id=row.id),
        "district": term("district", organisation.district) or organisation.registered_city,
        "type": programme.type_label(row.type),
        "type_short": next((t.short_label for t in programme.types if t.id == row.type), row.type),
        "segment": programme.segment_label(row.segment),
        "state": tag(state_of(row)),
        "since": row.exited_on.isoformat() if row.exited_on else dt(row.state_since),
        "listed_on": row.listed_on.isoformat(),
        "valid_until": row.valid_until.isoformat() if row.valid_until else "未规定",
        "rectify_by": row.rectify_by.isoformat() if row.rectify_by else "",
        "round": row.round.label,
    }


BAN_STATES: dict[BanState, tuple[str, str, str]] = {
    BanState.ACTIVE: ("danger", "slash-circle", "禁报中"),
    BanState.LIFTED: ("neutral", "check-circle", "已解除"),
    BanState.OVER: ("neutral", "clock", "已届满"),
}
"""Tone, icon and words."""


def ban_state(row: Ban) -> BanState:
    """Where a ban stands today."""
    if row.lifted_on is not None:
        return BanState.LIFTED
    over = row.until is not None and row.until < clock.today()
    return BanState.OVER if over else BanState.ACTIVE


def ban(row: Ban) -> dict[str, Any]:
    """A line of a list of bans."""
    tone_, icon, label = BAN_STATES[ban_state(row)]
    return {
        "url": url_for("work.ban", ban_id=row.id),
        "reason": vocabulary().name("exit_reason", row.reason_code),
        "since": row.since.isoformat(),
        "until": row.until.isoformat() if row.until else "至问题消除并经复核",
        "lifted": row.lifted_on.isoformat() if row.lifted_on else "",
        "state": {"tone": tone_, "icon": icon, "label": label},
    }


def round_choices(rounds: Iterable[Round], chosen: Round | None) -> list[dict[str, Any]]:
    """Links to the same page for each round."""
    endpoint, given = str(request.endpoint), request.view_args or {}
    return [
        {
            "label": f"{round_.programme.short_name} · {round_.label}",
            "url": url_for(endpoint, **given, round=round_.id),
            "current": chosen is not None and round_.id == chosen.id,
            "id": round_.id,
        }
        for round_ in rounds
    ]


def where(round_: Round, cell: Cell) -> dict[str, Any]:
    """The filters that list exactly the rows of a cell."""
    if {"type", "segment"} == set(cell.dims):
        return {"round": round_.id, "type": cell.dims["type"], "segment": cell.dims["segment"]}
    return {"round": round_.id, "quota": cell.quota_id}


def cell(round_: Round, found: Cell) -> dict[str, Any]:
    """A cell as quota_cell takes it: every number with its link."""
    by = where(round_, found)
    state = found.state
    counts = [
        ("拟入池", found.decided or None, "work.candidacies", "decision"),
        ("公示", found.in_notice, "work.candidacies", "publicity"),
        ("候补", found.reserve, "work.candidacies", "reserve"),
        ("暂停", found.suspended, "work.memberships", "suspended"),
    ]
    return {
        "label": found.label,
        "listed": found.listed,
        "used": found.used,
        "held": found.held,
        "min": found.minimum,
        "cap": found.cap,
        "range": found.range_text,
        "url": url_for("work.memberships", **by, phase=POOL_PHASES),
        "parts": [
            {"label": label, "count": count, "url": url_for(page, **by, phase=phase)}
            for label, count, page, phase in counts
            if count is not None
        ],
        "tone": state.tone,
        "icon": state.icon,
        "text": state.text,
        "change_url": url_for("work.quota", quota_id=found.quota_id),
    }


def board(found: Board) -> dict[str, Any]:
    """The board as the pool_board macro takes it."""
    round_id = found.round.id
    lines = []
    for line in found.lines:
        by: dict[str, Any] = {"segment": line.segment} if line.segment else {}
        url = url_for("work.memberships", round=round_id, phase=POOL_PHASES, **by)
        lines.append(
            {
                "label": line.label,
                "url": url if line.segment else "",
                "cells": [cell(found.round, item) for item in line.cells],
                "total": line.total,
                "total_url": url,
            }
        )
    return {
        "axis": found.axis,
        "heads": [{"label": h.label, "range": h.range, "total": h.total} for h in found.heads],
        "rows": lines,
        "total": found.total,
        "total_url": url_for("work.memberships", round=round_id, phase=POOL_PHASES),
    }


def transitions(round_: Round) -> dict[str, Transition]:
    """The actions of a round's standing workflow by name."""
    return {item.action: item for item in round_.programme.workflows["standing"].transitions}


def events(
    session: Session, subject: Any, labels: Mapping[str, Transition]
) -> list[dict[str, Any]]:
    """The history of a row as timeline takes it, newest first."""
    rows = session.scalars(
        select(Event)
        .where(Event.subject_type == subject.__tablename__, Event.subject_id == subject.id)
        .order_by(Event.id.desc())
    )
    return [event(row, labels) for row in rows]


def event(row: Event, labels: Mapping[str, Transition]) -> dict[str, Any]:
    """One line of history."""
    known = labels.get(row.action)
    role = ROLES.get(row.actor_role, "系统")
    words = [
        vocabulary().name("exit_reason", row.reason_code) if row.reason_code else "",
        row.reason.rstrip("。；"),
        f"依据{row.document_no}" if row.document_no else "",
        *(f"{word}{row.diff[name]}" for name, word in DAYS.items() if row.diff.get(name)),
        *_changes(row),
    ]
    return {
        "when": dt(row.at),
        "who": row.who if row.actor_role in NAMED_ALONE else f"{row.who}（{role}）",
        "title": known.label if known else ACTIONS.get(row.action, row.action),
        "text": "；".join(word for word in words if word),
        "tone": tone(known.tone) if known else "neutral",
        "icon": "check-lg",
    }


def _changes(row: Event) -> list[str]:
    """What changed, in the words of the pages; long texts are named only."""
    if row.action not in DETAILED:
        return []
    differing = {
        name: value
        for name, value in row.diff.items()
        if not (isinstance(value, list) and len(value) == 2 and value[0] == value[1])
    }
    told = [f"{label} {text}" for label, text in record_words.lines(differing)]
    names = [label for label, _ in record_words.lines(differing)]
    return [
        long if len(long) <= LONGEST_CHANGE else f"{name}（有改动）"
        for long, name in zip(told, names, strict=True)
    ]
