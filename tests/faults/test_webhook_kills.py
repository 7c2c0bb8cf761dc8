"""A worker killed between sending and noting: the same message comes again, none is lost."""

import signal
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from marketplace import clock
from marketplace.db import Database
from marketplace.permissions import SYSTEM
from marketplace.services.webhooks import deliveries, sending
from marketplace.settings import Settings
from tests.faults import webhook_child
from tests.support import warm
from tests.support.receiver import receiving
from tests.support.world_webhooks import deliveries as rows
from tests.support.world_webhooks import make_endpoint, sender

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("careful", [True, False])
def test_a_killed_worker_loses_nothing_and_the_receiver_can_tell(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch, careful: bool
) -> None:
    database = Database(engine)
    settings = Settings.from_env({"MARKETPLACE_MODE": "test", "DATABASE_URL": database_url})
    with receiving() as receiver:
        allowed = replace(settings, webhook_origins=(receiver.origin,))
        with database.unit_of_work() as session:
            endpoint = make_endpoint(session, f"{receiver.origin}/")
            deliveries.ping(session, SYSTEM, endpoint)
        receiver.open.clear()
        child = warm.context("tests.faults.webhook_child").Process(
            target=webhook_child.main, args=(allowed, endpoint.id), kwargs={"careful": careful}
        )
        child.start()
        if careful:
            assert receiver.arrived.acquire(timeout=60)
            child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        receiver.open.set()

        here = sender(database, settings, receiver.origin)
        assert here.turn(endpoint.id) == 0  # the dead one's claim still holds
        later = clock.now() + sending.CLAIM + timedelta(seconds=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert here.turn(endpoint.id) == int(careful)
        (row,) = rows(database)
        assert receiver.ids == [row.message_id] * 2 * int(careful)
        assert row.delivered_at is not None
        assert row.attempts == 1
