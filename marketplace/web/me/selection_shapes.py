"""A selection file as its page and its workbook show it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app

from marketplace.db import current_session
from marketplace.errors import MarketplaceError
from marketplace.indexing import matching
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Selection
from marketplace.phases import ChoicePhase, StandingPhase
from marketplace.services.choosing import selection_rules, selections, snapshots
from marketplace.services.choosing.snapshots import UNFILLED
from marketplace.web.access import current_actor
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import TONES
from marketplace.web.public.similar import others
from marketplace.workflow import available, workflow_of

LABELS = {
    "search": "保存的搜索", "title": "名称", "need": "需求", "lock": "锁定", "choice": "选定",
    "provider": "选定哪一家", "because": "选定的理由", "reason": "理由",
}  # fmt: skip
SHORT = ("服务商类型", "试点价（万元）", "典型工期（天）", "公开案例数", "在池行业案例数", "所在地")
"""Facts that stand on the card of a candidate; the others are below it."""

REASONS = (
    "价格超出预算", "没有同规模案例", "没有同行业案例", "功能不符合需求", "工期太长",
    "本地服务力量不足", "与现有系统不能对接", "没有答复咨询",
)  # fmt: skip
"""Reasons often given, offered while typing."""

STEPS = (
    ("锁定结果", ChoicePhase.OPEN),
    ("写明理由并选定", ChoicePhase.LOCKED),
    ("转合同", ChoicePhase.CHOSEN),
    ("合同备案", ChoicePhase.HANDED_OVER),
)
FREE = (StandingPhase.LISTED.value, StandingPhase.WARNED.value)


def state_tag(row: Selection) -> dict[str, str]:
    """Tag of the state."""
    state = workflow_of(row).state(row.state)
    tone = TONES.get(state.tone, state.tone)
    return {"tone": tone, "icon": state.icon, "label": state.public_label}


def page(row: Selection) -> dict[str, Any]:
    """Everything the page of one file shows."""
    session, actor = current_session(), current_actor()
    candidates = shape(row)
    unfit = [item for item in candidates if item["unfit"]]
    choosing = row.phase in (ChoicePhase.LOCKED, ChoicePhase.CHOSEN)
    pairs = [(pair[0], pair[1]) for pair in row.params]
    return {
        "selection": row,
        "tag": state_tag(row),
        "steps": _steps(row),
        "search_url": address("/providers", pairs),
        "now": _now(row),
        "most": selections.MOST,
        "candidates": candidates,
        "chosen": next((item for item in candidates if item["chosen"]), None),
        "unfit": unfit if choosing else [],
        "alternatives": _alternatives(row) if unfit and choosing else [],
        "actions": {item.action for item in available(row, actor)},
        "contracts": selections.contracts(session, actor, row),
        "whole": intact(row),
        "suggestions": REASONS,
        "labels": LABELS,
    }


def shape(row: Selection) -> list[dict[str, Any]]:
    """The candidates: what was locked, what was decided, and how they stand now."""
    if row.snapshot is None:
        return []
    now = selection_rules.standing(current_session(), [item.provider_id for item in row.entries])
    kept = {item["id"]: item for item in row.snapshot["candidates"]}
    return [
        {
            "id": entry.provider_id,
            "seq": entry.seq,
            "name": entry.name,
            "uscc": kept[entry.provider_id]["uscc"],
            "reason": entry.reason,
            "chosen": entry.provider_id == row.chosen_provider_id,
            "unfit": now[entry.provider_id],
            "groups": kept[entry.provider_id]["groups"],
            "short": _short(kept[entry.provider_id]),
        }
        for entry in row.entries
    ]


def _short(candidate: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = {label: text for _, rows in candidate["groups"] for label, text in rows}
    return [(label, known.get(label, "") or UNFILLED) for label in SHORT]


def intact(row: Selection) -> bool | None:
    """Whether the snapshot still has its hash; None before it was taken."""
    if row.snapshot is None:
        return None
    return snapshots.digest(row.snapshot) == row.snapshot_sha256


def locked_at(row: Selection) -> datetime | None:
    """When the results were locked."""
    return row.locked_at


def _steps(row: Selection) -> list[dict[str, str]]:
    if row.phase == ChoicePhase.ABANDONED:
        return []
    place = [phase for _, phase in STEPS].index(ChoicePhase(row.phase))
    return [
        {"label": label, "state": "done" if at < place else "current" if at == place else "todo"}
        for at, (label, _) in enumerate(STEPS)
    ]


def _now(row: Selection) -> int | None:
    """How many the search finds now, before they are locked; None when it cannot tell."""
    if row.phase != ChoicePhase.OPEN:
        return None
    catalogue: Catalogue = current_app.extensions["search"]
    try:
        return len(matching.found(catalogue, "provider", row.wanted))
    except MarketplaceError:
        return None


def _alternatives(row: Selection) -> list[Mapping[str, Any]]:
    """Others in the pool that may take contracts, like those the search asked for."""
    wanted = dict(row.wanted["filters"])
    wanted["standing"] = list(FREE)
    known = {str(item.provider_id) for item in row.entries}
    found = others("provider", wanted, "", selections.MOST)
    return [card for card in found if card["id"] not in known][:4]
