"""The whole demo data set, sheet by sheet."""

from typing import Any

from marketplace.demo import cases, organisations, pool, products
from marketplace.demo.source import read

Rows = list[dict[str, Any]]


def build() -> dict[str, Rows]:
    """Sheet code → rows with every column of that sheet of the import workbook.

    Values are plain: codes of the vocabulary, texts, numbers, ``Decimal`` (CNY, points), ``date``,
    lists; empty is ``""``, ``[]`` or None. The same on every call.
    """
    source = read()
    return {
        "organisations": organisations.rows(source),
        "affiliates": pool.affiliates(source),
        "products": products.rows(source),
        "cases": cases.rows(source),
        "people": organisations.people(source),
        "memberships": pool.memberships(source),
        "candidacies": pool.candidacies(source),
    }
