"""People with passwords, and the letters the system sends them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask

from marketplace import outbox
from marketplace.mail import Mailer
from marketplace.models import RoleGrant, User
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from tests import factories
from tests.factories import PASSWORD
from tests.support.browser_like import BrowserLike

LINK = re.compile(r"http://localhost(/links/[\w-]+)")


@dataclass(frozen=True)
class Received:
    """A letter as it arrived."""

    to: str
    subject: str
    body: str

    @property
    def link(self) -> str:
        """The path of the link in it."""
        found = LINK.search(self.body)
        assert found, self.body
        return found[1]


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[Received]]:
    """``letters()``: let the worker send what is queued; all letters so far, oldest first."""

    def send() -> list[Received]:
        settings, database = app.extensions["settings"], app.extensions["database"]
        outbox.drain(database, outbox.MAIL, Mailer(settings).handle)
        folder = Path(settings.mail_url.removeprefix("file://"))
        found = [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted(folder.glob("*.eml"))
        ]
        return [
            Received(str(mail["To"]), str(mail["Subject"]), mail.get_content()) for mail in found
        ]

    return send


@pytest.fixture
def person(database) -> Callable[..., User]:
    """``person(*roles)``: an account with the password of the factories."""

    def make(*roles: Role, **given) -> User:
        with database.unit_of_work() as session:
            user = factories.make_user(session, **{"password": PASSWORD, **given})
            for role in roles:
                factories.make_grant(session, user, role)
        return user

    return make


def sign_in(client: BrowserLike, user: User, password: str = PASSWORD, **data):
    """Send the login form."""
    return client.post("/login", data={"login": user.login, "password": password, **data})


@pytest.fixture
def enter(app: Flask) -> Callable[..., BrowserLike]:
    """``enter(grant)``: a client signed in as who holds it, in that role."""

    def opened(grant: RoleGrant) -> BrowserLike:
        client = app.test_client()
        assert isinstance(client, BrowserLike)
        with app.extensions["database"].unit_of_work() as session:
            user = session.get_one(User, grant.user_id)
            grants = sessions.live_grants(session, user.id)
            device = sessions.Device("127.0.0.1", "test")
            fresh = sessions.open_session(session, user, grants, device, grant.id)
        client.use_session(fresh.token)
        client.user = user
        return client

    return opened
