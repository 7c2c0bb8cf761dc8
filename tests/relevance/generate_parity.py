"""Requests of every shape, to be asked of both engines."""

import json
import random
from collections.abc import Sequence
from typing import Any

from tests.support.relevance import Item, lines
from tests.support.relevance_market import vocabulary

FACETS = {
    "provider": ("segment", "type", "district", "category", "standing"),
    "product": ("segment", "category", "price_band", "deployment"),
    "case": ("segment", "scene", "case_year", "district"),
    None: ("kind", "segment", "scene"),
}
KINDS = ("provider", "product", "case", None)
WORDS, ASKED, NEGATIVE, BROWSE, FILTERED = 110, 70, 20, 40, 60


def parity_rows(known: Sequence[Item], asked: Sequence[Item]) -> list[str]:
    """300 requests: words alone, with filters, filters alone, sorted, on later pages."""
    dice = random.Random("parity")
    rows = [_row(item.q, dice.choice((item.kind, item.kind, None))) for item in
            [*dice.sample(known, WORDS), *dice.sample(asked, ASKED)]]  # fmt: skip
    rows += [_row(row["q"], None) for row in dice.sample(lines("negative"), NEGATIVE)]
    for number in range(BROWSE):
        kind = KINDS[number % len(KINDS)]
        sort = dice.choice(("relevance", "updated", "price" if kind == "product" else "updated"))
        rows.append(_row("", kind, _filters(dice, kind), sort, dice.choice((1, 1, 2, 3, 7))))
    for number, item in enumerate(dice.sample(asked, FILTERED)):
        sort = ("relevance", "relevance", "updated")[number % 3]
        rows.append(_row(item.q, item.kind, _filters(dice, item.kind), sort, 1 + number % 2))
    return [
        json.dumps({"id": f"p{number:03d}", **row}, ensure_ascii=False)
        for number, row in enumerate(rows, 1)
    ]


def _row(
    q: str,
    kind: str | None,
    filters: dict[str, list[str]] | None = None,
    sort: str = "relevance",
    page: int = 1,
) -> dict[str, Any]:
    row: dict[str, Any] = {"q": q, "kind": kind, "facets": list(FACETS[kind])}
    extra = {"filters": filters, "sort": sort, "page": page}
    usual = {"filters": None, "sort": "relevance", "page": 1}
    return row | {name: value for name, value in extra.items() if value and value != usual[name]}


def _filters(dice: random.Random, kind: str | None) -> dict[str, list[str]]:
    """One or two fields, most with several values."""
    known = {
        "segment": [term["code"] for term in vocabulary("segments")][:4],
        "type": ["integrator", "product", "chain_leader"],
        "district": [term["code"] for term in vocabulary("districts")],
        "scene": [term["code"] for term in vocabulary("scenes")],
    }
    fields = dice.sample(sorted(known), dice.randrange(1, 3))
    return {
        field: sorted(dice.sample(known[field], dice.randrange(1, 4))) for field in sorted(fields)
    }
