"""A place of the pool, and an address that is told what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from marketplace.db import Database
from marketplace.models import Membership, WebhookEndpoint
from marketplace.permissions import SYSTEM
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.webhooks.sending import Sender
from marketplace.settings import Settings
from tests import factories
from tests.support.receiver import Receiver, receiving
from tests.support.world_proceedings import Time
from tests.support.world_webhooks import make_endpoint, sender


@dataclass
class Scene:
    """``step("warn")`` takes an action on the place in a transaction of its own."""

    database: Database
    settings: Settings
    receiver: Receiver
    time: Time
    endpoint: int
    place: int

    def step(self, action: str, **given: Any) -> None:
        with self.database.unit_of_work() as session:
            self.inside(session, action, **given)

    def inside(self, session: Any, action: str, **given: Any) -> None:
        why = {"reason": "内部核查意见", "reason_code": given.pop("code", "")}
        why["document_no"] = "青民发〔2026〕9号"
        member = session.get_one(Membership, self.place)
        memberships.act(session, SYSTEM, member, action, Decision(why=why, **given))

    @property
    def sender(self) -> Sender:
        return sender(self.database, self.settings, self.receiver.origin)

    def send(self) -> int:
        return self.sender.turn(self.endpoint)

    def row(self) -> WebhookEndpoint:
        with self.database.reading() as session:
            return session.get_one(WebhookEndpoint, self.endpoint)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


@pytest.fixture
def scene(engine: Any, settings: Settings, time: Time) -> Iterator[Scene]:
    """A listed place and one address with every kind."""
    database = Database(engine)
    with receiving() as receiver:
        with database.unit_of_work() as session:
            round_ = factories.make_round(session)
            provider = factories.make_provider(session)
            place = factories.make_membership(session, round_, provider)
            endpoint = make_endpoint(session, f"{receiver.origin}/hook?from=pool")
        yield Scene(database, settings, receiver, time, endpoint.id, place.id)
