"""What records hold as field names and codes, in the words of the pages it came from."""

from collections.abc import Iterable, Mapping
from typing import Any

from marketplace.permissions import SYSTEM
from marketplace.phases import ROLE_LABELS
from marketplace.schemas.import_columns import SHEETS
from marketplace.schemas.import_sheets import Column
from marketplace.schemas.texts import CASE, PRODUCT, PROVIDER
from marketplace.services.access.team_posts import POSTS
from marketplace.services.proceedings.appeals import AGAINST_LABELS
from marketplace.web.admin.labels import FIELDS, STATES
from marketplace.web.admin.vocabulary_shapes import DIRECTIONS, KINDS
from marketplace.web.context import vocabulary

ROLE_NAMES = {
    **{role.value: label for role, label in ROLE_LABELS.items()},
    SYSTEM.role_name: "系统",
    "anonymous": "访客",
    "": "",
}
EMPTY = "空"
YES_NO = {True: "是", False: "否"}
LISTS = frozenset((
    "organisations", "people", "rules_added", "rules_removed", "rules_changed", "cells_added",
))  # fmt: skip
"""Fields whose two entries are two things, not a value before and after."""

_COLUMNS: dict[str, Column] = {c.name: c for sheet in SHEETS for c in sheet.columns}
_LABELS = {
    **{name: column.header for name, column in _COLUMNS.items()},
    **{field.name: field.label for kind in (PROVIDER, PRODUCT, CASE) for field in kind},
    **FIELDS,
}
_CODES: dict[str, Mapping[str, str]] = {
    "direction": {code: text.partition("：")[0] for code, text in DIRECTIONS.items()},
    "vocabulary": {code: words["label"] for code, words in KINDS.items()},
    **{name: column.choices for name, column in _COLUMNS.items() if column.choices},
    "role": ROLE_NAMES,
    "post": {place.key: place.label for places in POSTS.values() for place in places},
    "against": AGAINST_LABELS,
    "unit": {"working": "个工作日", "calendar": "个自然日"},
    "item_kind": {"provider": "服务商", "product": "产品", "case": "案例"},
}
_KINDS = {name: column.vocabulary for name, column in _COLUMNS.items() if column.vocabulary}


def state(code: str) -> str:
    """The word for a state; the code itself when ``records.yml`` has none."""
    return STATES.get(code, code)


def reason(code: str) -> str:
    """The word for the code of a reason."""
    return vocabulary().name("exit_reason", code) if code else ""


def lines(diff: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, text) of what an event says about its object; a change reads “before → after”."""
    return [(_LABELS.get(name, name), _change(name, value)) for name, value in diff.items()]


def _change(name: str, value: Any) -> str:
    if isinstance(value, list) and len(value) == 2 and name not in LISTS:
        return " → ".join(_text(name, side) for side in value)
    return _text(name, value)


def _text(name: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return EMPTY
    if isinstance(value, bool):
        return YES_NO[value]
    if isinstance(value, list):
        return "、".join(_text(name, item) for item in value)
    if isinstance(value, Mapping):
        return "，".join(f"{label} {text}" for label, text in lines(value))
    return _word(name, str(value))


def _word(name: str, code: str) -> str:
    """The word for one code of a field."""
    if name.startswith("cell"):
        return " × ".join(_any(part, ("provider_type", "segment")) for part in code.split("."))
    if name in _CODES:
        return _CODES[name].get(code, code)
    return _any(code, (_KINDS.get(name, name),))


def _any(code: str, kinds: Iterable[str]) -> str:
    """The word for ``code`` in the first vocabulary that has it."""
    words = (vocabulary().get(kind, code) for kind in kinds)
    return next((word.name for word in words if word), code)
