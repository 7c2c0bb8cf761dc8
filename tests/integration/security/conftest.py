"""The world, built once per test."""

import pytest
from flask import Flask

from marketplace.db import Database
from tests.support.browser_like import BrowserLike
from tests.support.world import ANONYMOUS, World, build


@pytest.fixture
def world(database: Database) -> World:
    """One of everything in the database of this test."""
    with database.unit_of_work() as session:
        return build(session)


class Cast:
    """``cast("city_officer")``: a client signed in as that actor of the world."""

    def __init__(self, app: Flask, world: World) -> None:
        self._app, self._world = app, world
        self.names = (ANONYMOUS, *world.tokens)

    def __call__(self, name: str) -> BrowserLike:
        client = self._app.test_client()
        assert isinstance(client, BrowserLike)
        if name != ANONYMOUS:
            client.use_session(self._world.tokens[name])
        return client


@pytest.fixture
def cast(app: Flask, world: World) -> Cast:
    """Everybody who may knock."""
    return Cast(app, world)
