"""Messages leave signed, in order and once, whatever the receiver does."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace import outbox
from marketplace.crypto import Cipher
from marketplace.models import (
    Event,
    Membership,
    Message,
    Organisation,
    OutboxItem,
    Provider,
    Round,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from marketplace.permissions import SYSTEM
from marketplace.phases import Role
from marketplace.programmes.webhook_kinds import rules
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Admission
from marketplace.services.webhooks import deliveries, endpoints, sending, signing
from marketplace.settings import DEMO_KEY
from tests import factories
from tests.integration.webhooks.conftest import Scene
from tests.support.receiver import receiving
from tests.support.together import together
from tests.support.world_webhooks import deliveries as rows
from tests.support.world_webhooks import fan_out, make_endpoint, sender

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def tries(scene: Scene) -> list[tuple[int | None, str]]:
    with scene.database.reading() as session:
        found = session.scalars(select(WebhookAttempt).order_by(WebhookAttempt.id))
        return [(row.status, row.error) for row in found]


def test_each_step_is_told_once_in_order_and_says_no_more_than_the_page(scene: Scene) -> None:
    scene.step("warn")
    scene.step("suspend")
    scene.step("restore")
    scene.step("withdraw", code="X10", public_reason="企业业务调整")
    with scene.database.reading() as session:
        queued = session.scalars(select(OutboxItem).where(OutboxItem.kind == "webhook")).all()
    assert fan_out(scene.database) == 4
    with scene.database.unit_of_work() as session:
        outbox.put_many(session, outbox.WEBHOOK, [item.key for item in queued])
    assert fan_out(scene.database) == 4  # a repeated fan-out changes nothing
    assert scene.send() == 4
    assert scene.send() == 0
    assert scene.receiver.kinds == [
        "provider.warned", "provider.suspended", "provider.restored", "provider.removed",
    ]  # fmt: skip
    last = scene.receiver.got[-1]
    with scene.database.reading() as session:
        member = session.get_one(Membership, scene.place)
        round_, provider = member.round_id, member.provider_id
        key, label = session.execute(select(Round.key, Round.label).where(Round.id == round_)).one()
        name = session.scalar(select(Organisation.name))
    assert last.json == {
        "type": "provider.removed",
        "timestamp": scene.time.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data": {
            "provider": {
                "id": provider, "name": name, "url": f"http://localhost/providers/{provider}",
            },
            "place": {
                "id": scene.place,
                "programme": {"id": "qd-2024", "name": factories.programmes()["qd-2024"].name},
                "round": {"key": key, "label": label},
                "type": {"code": "product", "name": "“小快轻准”产品型服务商"},
                "segment": {"code": "home_appliance", "name": "家用电器及配件制造"},
                "listed_on": "2024-03-01",
                "exited_on": scene.time.now.date().isoformat(),
            },
            "standing": {"phase": "exited", "label": "已退出（自愿退出）"},
            "on": scene.time.now.date().isoformat(),
            "way": "voluntary",
        },
    }  # fmt: skip
    assert "内部核查意见".encode() not in b"".join(got.body for got in scene.receiver.got)
    assert last.path == "/hook?from=pool"
    assert last.headers["content-type"] == "application/json"


@ON_SQLITE
def test_what_is_rolled_back_hidden_or_not_subscribed_is_told_to_nobody(scene: Scene) -> None:
    with pytest.raises(RuntimeError), scene.database.unit_of_work() as session:
        scene.inside(session, "warn")
        raise RuntimeError
    assert fan_out(scene.database) == 0
    with scene.database.unit_of_work() as session:
        url = scene.row().url
        make_endpoint(session, url, kinds=["provider.listed"])
        make_endpoint(session, url, programmes=["zz-2021"])
        make_endpoint(session, url, state="paused", phase="paused")
        wanted = make_endpoint(session, url, kinds=["provider.warned"], programmes=["qd-2024"]).id
    scene.step("warn")
    fan_out(scene.database)
    assert [row.endpoint_id for row in rows(scene.database)] == [scene.endpoint, wanted]
    with scene.database.unit_of_work() as session:
        member = session.get_one(Membership, scene.place)
        session.get_one(Provider, member.provider_id).hidden_at = scene.time.now
        session.flush()
    scene.step("suspend")
    fan_out(scene.database)
    assert len(rows(scene.database)) == 2


@ON_SQLITE
def test_thirty_places_admitted_at_once_are_thirty_messages(scene: Scene) -> None:
    with scene.database.unit_of_work() as session:
        round_ = factories.make_round(session)
        type_, segment = round_.programme.types[0].id, round_.programme.segments[0].id
        quota = factories.make_quota(session, round_, cap=40)
        for _ in range(30):
            provider = factories.make_provider(session)
            entry = Admission(
                round=round_, provider=provider, type=type_, segment=segment,
                listed_on=scene.time.now.date(),
            )  # fmt: skip
            memberships.enter(session, SYSTEM, entry, quota, action="admit")
    assert fan_out(scene.database) == 30
    assert scene.send() == 30
    assert scene.receiver.kinds == ["provider.listed"] * 30
    assert len({got.json["data"]["provider"]["id"] for got in scene.receiver.got}) == 30
    assert len(set(scene.receiver.ids)) == 30


@ON_SQLITE
def test_a_failed_address_waits_as_a_whole_longer_each_time_and_is_given_up(scene: Scene) -> None:
    scene.receiver.statuses = [503]
    scene.receiver.text = b"\x00busy" + b"x" * 9000
    scene.step("warn")
    scene.step("suspend")
    fan_out(scene.database)
    delays = rules().delays
    for number, delay in enumerate(delays, 1):
        assert scene.send() == 0
        assert len(scene.receiver.got) == number
        until = scene.row().retry_at
        assert until is not None
        wait = until - scene.time.now
        assert delay * 0.8 <= wait <= delay * 1.2
        scene.time.set(until - timedelta(seconds=1))
        assert scene.send() == 0
        scene.time.set(until)
    assert len(scene.receiver.got) == len(delays)
    scene.send()
    first, second = rows(scene.database)
    assert (first.given_up_at, first.attempts) == (scene.time.now, len(delays) + 1)
    assert (second.given_up_at, second.attempts) == (None, 0)
    assert len(set(scene.receiver.ids)) == 1
    assert set(tries(scene)) == {(503, "对方返回 503")}
    with scene.database.reading() as session:
        answer = session.scalar(select(WebhookAttempt.answer))
    assert answer is not None
    assert (answer[:5], len(answer)) == ("busyx", 4095)

    scene.receiver.statuses = [200]
    scene.time.add(minutes=1)
    assert scene.send() == 1
    with scene.database.unit_of_work() as session:
        deliveries.again(session, SYSTEM, session.get_one(WebhookDelivery, first.id))
    assert scene.send() == 1
    assert scene.receiver.got[-1].body == scene.receiver.got[0].body
    assert scene.receiver.ids[-1] == first.message_id
    scene.time.add(days=rules().keep.days + 1)
    with scene.database.unit_of_work() as session:
        assert deliveries.forget(session) == 2
        assert session.scalar(select(func.count()).select_from(WebhookAttempt)) == 0


@ON_SQLITE
def test_gone_switches_the_address_off_and_tells_who_looks_after_it(scene: Scene) -> None:
    with scene.database.unit_of_work() as session:
        keeper = factories.make_user(session)
        factories.make_grant(session, keeper, Role.ADMIN_SECURITY)
    scene.receiver.statuses = [410]
    scene.step("warn")
    scene.step("suspend")
    fan_out(scene.database)
    assert scene.send() == 0
    assert scene.send() == 0
    assert len(scene.receiver.got) == 1
    assert (scene.row().state, scene.row().phase) == ("switched_off", "off")
    with scene.database.reading() as session:
        told = session.scalars(select(Message)).one()
        event = session.scalars(select(Event).where(Event.action == "webhook_gone")).one()
    assert (told.user_id, told.kind, told.cause) == (keeper.id, "webhook", f"event:{event.id}")
    assert (event.actor_role, event.to_state) == ("system", "switched_off")


@ON_SQLITE
def test_nothing_else_is_opened_redirects_and_origins_no_longer_allowed(scene: Scene) -> None:
    with receiving() as other:
        scene.receiver.statuses = [302]
        scene.receiver.headers = {"Location": f"{other.origin}/", "Content-Length": "0"}
        scene.step("warn")
        fan_out(scene.database)
        assert scene.send() == 0
        assert other.got == []
        scene.time.add(hours=1)
        assert sender(scene.database, scene.settings).turn(scene.endpoint) == 0
        scene.time.add(hours=1)
        assert sender(scene.database, scene.settings, other.origin).turn(scene.endpoint) == 0
        assert len(scene.receiver.got) == 1
        assert other.got == []
    assert tries(scene) == [
        (302, "对方要求转到别处（302），不跟随"),
        (None, sending.NOT_ALLOWED),
        (None, sending.NOT_ALLOWED),
    ]


@ON_SQLITE
def test_a_slow_receiver_holds_nobody_else_up(scene: Scene) -> None:
    with receiving() as quick:
        scene.receiver.open.clear()
        with scene.database.unit_of_work() as session:
            make_endpoint(session, f"{quick.origin}/")
        scene.step("warn")
        scene.step("suspend")
        fan_out(scene.database)
        both = sender(scene.database, scene.settings, scene.receiver.origin, quick.origin)
        assert both.step() == 2
        assert scene.receiver.arrived.acquire(timeout=10)
        assert quick.arrived.acquire(timeout=10)
        assert quick.arrived.acquire(timeout=10)
        assert len(scene.receiver.got) == 1
        assert both.step() == 0  # the slow one has its turn still
        scene.receiver.open.set()
        both.wait()
    assert [row.delivered_at is not None for row in rows(scene.database)] == [True] * 4


@pytest.mark.parametrize("drip", [b"x", b"HTTP/1.1 100 Continue\r\n\r\n"])
@ON_SQLITE
def test_an_answer_that_never_ends_ends_in_time(
    scene: Scene, drip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = replace(rules(), timeout_seconds=0.3)
    monkeypatch.setattr(sending.webhook_kinds, "rules", lambda: hasty)
    scene.receiver.drip = drip
    scene.step("warn")
    fan_out(scene.database)
    assert scene.send() == 0
    assert tries(scene) == [(None, "0.3 秒内没有应答")]


def test_two_workers_send_each_message_once(scene: Scene) -> None:
    for action in ("warn", "clear_warning", "suspend", "restore"):
        scene.step(action)
    together(*[lambda: str(fan_out(scene.database))] * 2)
    assert len(rows(scene.database)) == 4
    senders = [scene.sender for _ in range(2)]
    together(*[lambda one=one: str(one.turn(scene.endpoint)) for one in senders])
    scene.send()
    assert scene.receiver.ids == [row.message_id for row in rows(scene.database)]
    assert tries(scene) == [(204, "")] * 4


@ON_SQLITE
def test_unclaimed_senders_would_send_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the claim two senders take the same message."""
    monkeypatch.setattr(sending, "_claim", lambda session, endpoint_id: True)
    scene.step("warn")
    fan_out(scene.database)
    scene.receiver.open.clear()
    threads = [threading.Thread(target=scene.send) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert scene.receiver.arrived.acquire(timeout=10)
    scene.receiver.open.set()
    for thread in threads:
        thread.join()
    assert len(scene.receiver.got) == 2
    assert [row.attempts for row in rows(scene.database)] == [1]


@ON_SQLITE
def test_a_replaced_secret_still_signs_until_its_end(scene: Scene) -> None:
    cipher = Cipher((DEMO_KEY,))
    with scene.database.unit_of_work() as session:
        row = session.get_one(WebhookEndpoint, scene.endpoint)
        fresh = endpoints.replace_secret(session, SYSTEM, cipher, row, reason="定期更换")
        deliveries.ping(session, SYSTEM, row)
    scene.send()
    scene.time.add(hours=24)
    with scene.database.unit_of_work() as session:
        deliveries.ping(session, SYSTEM, session.get_one(WebhookEndpoint, scene.endpoint))
    scene.send()
    both, alone = (got.headers["webhook-signature"].split() for got in scene.receiver.got)
    assert (len(both), len(alone)) == (2, 1)
    got = scene.receiver.got[1]
    stamp = int(got.headers["webhook-timestamp"])
    again = signing.headers([fresh], got.id, stamp, got.body)
    assert again["webhook-signature"] == alone[0]
    assert got.json["type"] == "ping"
