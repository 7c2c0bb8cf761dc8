"""The programmes of the project and the sixth one of the test data, read once."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from marketplace.programmes.library import Library, load
from marketplace.programmes.schema import Programme

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
EXTRA = ROOT / "tests" / "data"
LIBRARY = load(CONFIG, extra=[EXTRA])


@pytest.fixture(scope="session")
def library() -> Library:
    return LIBRARY


@pytest.fixture(scope="session")
def programmes(library: Library) -> Mapping[str, Programme]:
    return library.programmes


@pytest.fixture(scope="session")
def qingdao(programmes: Mapping[str, Programme]) -> Programme:
    return programmes["qd-2024"]
