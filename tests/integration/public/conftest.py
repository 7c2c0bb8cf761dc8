"""A market that stands for the whole run; tests here only read it, unless they open their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.browser_like import BrowserLike
from tests.support.market import Market, standing


@pytest.fixture(scope="session")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application over the standing market."""
    app, found = standing(tmp_path_factory.mktemp("market"), sqlite_template)
    app.extensions["market"] = found
    yield app
    app.extensions["database"].engine.dispose()


@pytest.fixture
def market(site: Flask) -> Market:
    """What stands in it."""
    found: Market = site.extensions["market"]
    return found


@pytest.fixture
def visitor(site: Flask) -> BrowserLike:
    """Somebody without account."""
    client = site.test_client()
    assert isinstance(client, BrowserLike)
    return client
