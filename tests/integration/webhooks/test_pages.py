"""The pages of webhooks: entering an address, its secret, the log, and who may."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from marketplace import clock, create_app, outbox
from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.models import Event, OutboxItem, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from marketplace.permissions import SYSTEM
from marketplace.phases import Role
from marketplace.services.audit import resealing
from marketplace.services.webhooks import deliveries as messages
from marketplace.services.webhooks import endpoints
from marketplace.settings import DEMO_KEY, Settings
from tests.integration.conftest import LoginAs
from tests.support.browser_like import BrowserLike
from tests.support.pages import Page
from tests.support.statements import asked
from tests.support.world_webhooks import deliveries, fan_out, make_endpoint

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ORIGIN = "https://data.example.gov.cn"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application with one origin that events may go to."""
    app = create_app(replace(settings, webhook_origins=(ORIGIN,)))
    app.test_client_class = BrowserLike
    yield app
    app.extensions["database"].engine.dispose()


@pytest.fixture
def admin(login_as: LoginAs) -> BrowserLike:
    return login_as(Role.ADMIN_SECURITY)


def form(**typed: object) -> dict[str, object]:
    return {"form_key": secrets.token_urlsafe(16), **typed}


def plain(answer: TestResponse) -> str:
    return Page(answer).main


def actions(database: Database) -> list[tuple[str, str, dict]]:
    with database.reading() as session:
        found = session.scalars(
            select(Event).where(Event.action.startswith("webhook")).order_by(Event.id)
        )
        return [(event.action, event.reason, event.diff) for event in found]


def test_an_address_is_entered_its_secret_shown_once_changed_and_paused(
    admin: BrowserLike, database: Database
) -> None:
    assert ORIGIN in plain(admin.get("/admin/webhooks/new"))
    typed = form(name="市数据平台", url=f"{ORIGIN}/in?token=x", kinds=["provider.removed"])
    made = admin.post("/admin/webhooks/new", data=typed)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", made.text)
    assert secret is not None
    with database.reading() as session:
        row = session.scalars(select(WebhookEndpoint)).one()
    cipher = Cipher((DEMO_KEY,))
    assert endpoints.keys(cipher, row) == (secret.group(),)
    assert secret.group().encode() not in row.secret_encrypted
    page = f"/admin/webhooks/{row.id}"
    again = admin.post("/admin/webhooks/new", data=typed)
    assert (again.status_code, again.location) == (303, page)
    assert "whsec_" not in admin.get(page).text

    edited = form(
        name="市数据平台", url=f"{ORIGIN}/in", kinds=["provider.removed", "notice.published"],
        programmes=["qd-2024"], version=row.version,
    )  # fmt: skip
    assert admin.post(f"{page}/edit", data=edited).status_code == 303
    stale = {**edited, **form(name="另一个名称")}
    assert admin.post(f"{page}/edit", data=stale).status_code == 409
    replaced = admin.post(f"{page}/secret", data=form(why="定期更换"))
    fresh = re.search(r"whsec_[A-Za-z0-9+/=]{44}", replaced.text)
    assert fresh is not None
    assert "旧密钥" in plain(replaced)
    with database.reading() as session:
        row = session.scalars(select(WebhookEndpoint)).one()
    assert endpoints.keys(cipher, row) == (fresh.group(), secret.group())
    with database.unit_of_work() as session:
        newer = Cipher(("another-passphrase-of-this-installation", DEMO_KEY))
        assert resealing.reseal(session, SYSTEM, newer, resealing.Progress()).sealed == 2
        row = session.get_one(WebhookEndpoint, row.id)
        assert endpoints.keys(newer, row) == (fresh.group(), secret.group())

    unfounded = admin.post(f"{page}/pause", data=form())
    assert (unfounded.status_code, "请填写" in plain(unfounded)) == (422, True)
    assert admin.post(f"{page}/pause", data=form(reason="对方检修")).status_code == 303
    assert "已暂停" in plain(admin.get(page))
    assert admin.post(f"{page}/ping", data=form()).status_code == 409
    assert admin.post(f"{page}/resume", data=form()).status_code == 303
    facts = {
        "webhook_name": "市数据平台", "webhook_origin": f"{ORIGIN}:443",
        "webhook_kinds": "服务商退出", "webhook_programmes": "",
    }  # fmt: skip
    assert actions(database) == [
        ("webhook_create", "", facts),
        ("webhook_edit", "", {
            "webhook_kinds": ["服务商退出", "公示发布、服务商退出"],
            "webhook_programmes": ["", "qd-2024"],
        }),
        ("webhook_secret", "定期更换", {}),
        ("webhook_pause", "对方检修", {}),
        ("webhook_resume", "", {}),
    ]  # fmt: skip


def test_what_cannot_be_entered_comes_back_with_what_was_typed(
    admin: BrowserLike, database: Database
) -> None:
    for url in ("https://other.example.cn/", "http://127.0.0.1/", f"{ORIGIN}@evil.cn/", "x"):
        answer = admin.post(
            "/admin/webhooks/new",
            data=form(name="平台", url=url, kinds=["provider.listed", "notice.closed"]),
        )
        assert answer.status_code == 422
        assert "只能填这些来源下的地址" in plain(answer)
        ticked = [
            box.get("value") for box in Page(answer).all("input") if box.get("checked") is not None
        ]
        assert ticked == ["provider.listed", "notice.closed"]
    nothing = admin.post("/admin/webhooks/new", data=form(name="平台", url=ORIGIN + "/"))
    assert "请至少选一种事件" in plain(nothing)
    unknown = admin.post(
        "/admin/webhooks/new", data=form(name="平台", url=ORIGIN + "/", kinds=["pool.sold"])
    )
    assert unknown.status_code == 422
    with database.reading() as session:
        assert session.scalars(select(WebhookEndpoint)).all() == []


def test_the_log_shows_every_try_and_sends_again(admin: BrowserLike, database: Database) -> None:
    with database.unit_of_work() as session:
        row = make_endpoint(session, f"{ORIGIN}/in")
        other = make_endpoint(session, f"{ORIGIN}/other")
    page = f"/admin/webhooks/{row.id}"
    assert admin.post(f"{page}/ping", data=form()).status_code == 303
    (ping,) = deliveries(database)
    assert "几秒内" in plain(admin.get(f"{page}/deliveries/{ping.id}"))
    assert admin.post(f"{page}/deliveries/{ping.id}/again", data=form()).status_code == 409
    with database.unit_of_work() as session:
        session.get_one(WebhookDelivery, ping.id).given_up_at = clock.now()
        session.add(WebhookAttempt(
            delivery_id=ping.id, took=12, status=500, error="对方返回 500", answer="<b>oops</b>"
        ))  # fmt: skip
    shown = admin.get(f"{page}/deliveries/{ping.id}")
    for text in ("已放弃", "对方返回 500", "<b>oops</b>", ping.message_id, '"type":"ping"'):
        assert text in plain(shown)
    assert "1 条消息" in plain(admin.get("/admin"))
    assert "测试" in plain(admin.get(f"{page}?state=given_up&kind=ping"))
    assert "没有符合条件的记录" in plain(admin.get(f"{page}?state=delivered"))
    assert admin.get(f"/admin/webhooks/{other.id}/deliveries/{ping.id}").status_code == 404
    assert admin.post(f"{page}/deliveries/{ping.id}/again", data=form()).status_code == 303
    (again,) = deliveries(database)
    assert (again.given_up_at, again.message_id, again.body) == (None, ping.message_id, ping.body)


def test_without_an_origin_the_page_says_what_to_do(
    app: Flask, admin: BrowserLike, database: Database, login_as: LoginAs
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], webhook_origins=())
    assert "WEBHOOK_ORIGINS" in plain(admin.get("/admin/webhooks"))
    refused = admin.post(
        "/admin/webhooks/new", data=form(name="平台", url=ORIGIN + "/", kinds=["notice.closed"])
    )
    assert "WEBHOOK_ORIGINS" in plain(refused)
    for role in (Role.ADMIN_USERS, Role.CITY_LEADER, Role.AUDITOR):
        assert login_as(role).get("/admin/webhooks").status_code == 403


def test_events_that_could_not_be_handled_are_shown_and_run_again(
    admin: BrowserLike, database: Database
) -> None:
    with database.unit_of_work() as session:
        make_endpoint(session, f"{ORIGIN}/in")
        outbox.put(session, outbox.WEBHOOK, "spoilt")
        outbox.put(session, outbox.WEBHOOK, "999999")
    assert fan_out(database) == 2  # an event that is no more is told to nobody
    with database.unit_of_work() as session:
        item = session.scalars(select(OutboxItem).where(OutboxItem.kind == "webhook")).one()
        assert (item.key, item.error[:10]) == ("spoilt", "ValueError")
        item.parked_at = clock.now()
    assert "1 件事件多次处理失败" in plain(admin.get("/admin/webhooks"))
    assert admin.post("/admin/webhooks/retry", data=form()).status_code == 422
    again = admin.post("/admin/webhooks/retry", data=form(reason="已排除故障"))
    assert (again.status_code, again.location) == (303, "/admin/webhooks")
    assert actions(database) == [("webhook_retry", "已排除故障", {"rows": 1})]
    with database.reading() as session:
        assert outbox.status(session, outbox.WEBHOOK).parked == 0


def test_lists_take_as_many_queries_for_many_rows(admin: BrowserLike, database: Database) -> None:
    pages = [f"/admin/webhooks{path}" for path in ("", "/1", "/1/deliveries/1")]
    results = []
    for number in (2, 8):
        with database.unit_of_work() as session:
            for _ in range(number):
                row = make_endpoint(session, f"{ORIGIN}/in")
                for _ in range(number):
                    messages.ping(session, SYSTEM, row)
        results.append([asked(admin, path) for path in pages])
    assert results[0] == results[1]
    assert max(results[0]) <= 6
