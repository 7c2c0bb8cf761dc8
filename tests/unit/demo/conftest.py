"""The data set is built once; tests only read it."""

from typing import Any

import pytest

from marketplace.demo.dataset import build
from marketplace.demo.source import CONFIG
from marketplace.programmes import vocabulary
from marketplace.schemas.import_cells import Words
from marketplace.schemas.imports import ROUND

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def data() -> dict[str, Rows]:
    return build()


@pytest.fixture(scope="session")
def words() -> dict[str, Words]:
    """What the importer understands, from the seeds."""
    found: dict[str, Words] = {}
    for group in vocabulary.load(CONFIG / "vocabulary"):
        known = found.get(group.kind, Words({})).shown
        found[group.kind] = Words({**known, **{term.code: term.name for term in group.terms}})
    found[ROUND] = Words({"qd-2024-1": "第一批"})
    return found
