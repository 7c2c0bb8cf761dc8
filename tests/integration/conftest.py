"""The application over a migrated database of the test's own, on both engines."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from marketplace import create_app
from marketplace.db import Database
from marketplace.models import Organisation, User
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.settings import Settings
from tests import factories
from tests.support.browser_like import BrowserLike

LoginAs = Callable[..., BrowserLike]


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built static files, made once per test process."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def settings(database_url: str, tmp_path: Path, shared_data: Path) -> Settings:
    """Settings of a test: like the demo's, with folders of its own."""
    return Settings.from_env(
        {
            "MARKETPLACE_MODE": "test",
            "MARKETPLACE_DATA": str(shared_data),
            "DATABASE_URL": database_url,
            "SEARCH_URL": f"tantivy://{tmp_path}/index",
            "STORAGE_URL": f"file://{tmp_path}/files",
            "MAIL_URL": f"file://{tmp_path}/mail",
            "BASE_URL": "http://localhost",
        }
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole application on an empty, migrated database."""
    app = create_app(settings)
    app.test_client_class = BrowserLike
    yield app
    app.extensions["database"].engine.dispose()


@pytest.fixture
def database(app: Flask) -> Database:
    """The application's database: ``with database.unit_of_work() as session``."""
    database: Database = app.extensions["database"]
    return database


@pytest.fixture
def client(app: Flask) -> BrowserLike:
    """A visitor."""
    client = app.test_client()
    assert isinstance(client, BrowserLike)
    return client


@pytest.fixture
def login_as(app: Flask, database: Database) -> LoginAs:
    """``login_as(role, organisation=None, user=None)``: a new client signed in with that role.

    The password check is left out; ``client.user`` and ``client.organisation`` say who it is.
    """

    def login(
        role: Role | None, *, organisation: Organisation | None = None, user: User | None = None
    ) -> BrowserLike:
        client = app.test_client()
        with database.unit_of_work() as session:
            user = user or factories.make_user(session)
            grants = []
            if role is not None:
                if organisation is not None:
                    organisation = session.merge(organisation, load=False)
                grants = [factories.make_grant(session, user, role, organisation)]
            opened = sessions.open_session(session, user, grants, Device("127.0.0.1", "test"))
        client.use_session(opened.token)
        client.user = user
        client.organisation = grants[0].organisation if grants else None
        return client

    return login
