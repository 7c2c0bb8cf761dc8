"""Snapshots of candidates: what stood on their pages at one moment, and the hash of it.

The hash is SHA-256 over the canonical JSON: UTF-8, keys sorted, no blanks between tokens. Anybody
who has the exported snapshot can compute it again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Invalid
from marketplace.services.choosing import compare
from marketplace.services.choosing.compare import Item
from marketplace.services.choosing.compare_facts import PROVIDER_FACTS
from marketplace.services.profiles import catalogue
from marketplace.services.searching.vocabulary import Vocabulary

Snapshot = dict[str, Any]
"""``{at, conditions, candidates: [{id, name, uscc, groups: [[label, [[name, text]]]]}]}``."""

UNFILLED = "未填报"


def take(session: Session, provider_ids: Sequence[int], conditions: str) -> Snapshot:
    """The public facts of these providers now, in this order. Raises Invalid when none is left."""
    loaded = {item.id: catalogue.shown(item) for item in catalogue.load(session, provider_ids)}
    shown = [loaded[id_] for id_ in provider_ids if id_ in loaded and loaded[id_].in_pool]
    if not shown:
        raise Invalid("没有可以锁定的结果", remedy="请换一些条件重新搜索，再建立选型档案。")
    words = Vocabulary.load(session)
    return {
        "at": clock.now().isoformat(timespec="seconds"),
        "conditions": conditions,
        "candidates": [
            _candidate(Item(one.provider.id, one.provider.organisation.name, one, one.types), words)
            for one in shown
        ],
    }


def _candidate(item: Item, words: Vocabulary) -> dict[str, Any]:
    groups = compare.table([item], PROVIDER_FACTS, words)
    return {
        "id": item.id,
        "name": item.name,
        "uscc": item.shown.provider.organisation.uscc,
        "version": item.shown.provider.version,
        "groups": [
            [group.label, [[row.label, _text(row.values[0])] for row in group.rows]]
            for group in groups
        ],
    }


def _text(value: compare.Value) -> str:
    return value if isinstance(value, str) else "、".join(value)


def digest(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(snapshot).encode()).hexdigest()


def canonical(snapshot: Mapping[str, Any]) -> str:
    """The one way to write a snapshot down."""
    return json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
