"""An account by one's own wish: the same answer for everybody, the truth by mail alone."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.models import Event, OutboxItem, Registration, SecurityEvent, User
from marketplace.phases import Role
from marketplace.services.upkeep import retention
from tests.factories import PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LINK = re.compile(r"http://localhost(/(?:register|join)/[\w-]+)")
FORM = {"name": "新用户", "password": PASSWORD, "again": PASSWORD, "agree": "1"}


def link(letter) -> str:
    return LINK.search(letter.body)[1]


def test_s22_known_and_unknown_addresses_get_the_same_answer(client, person, letters, database):
    known = person(Role.PROVIDER_OWNER).login
    pages = {
        login: client.post("/register", data={"login": login}) for login in (known, "neu@test.cn")
    }
    one, two = (page.text.replace(login, "…") for login, page in pages.items())
    assert one == two
    assert {page.status_code for page in pages.values()} == {200}
    first, second = letters()
    assert (first.to, second.to) == (known, "neu@test.cn")
    assert "/register/" not in first.body and "已经有账号" in first.body
    with database.reading() as session:
        # The same rows are written for both.
        assert session.scalar(select(func.count()).select_from(Registration)) == 2
    wrong = client.post("/register", data={"login": "keine Adresse"})
    assert (wrong.status_code, "请填写正确的邮箱" in wrong.text) == (422, True)


def test_a_link_makes_one_account(client, letters, database):
    client.post("/register", data={"login": " Neu@Test.CN "})
    with database.reading() as session:
        queued = session.scalars(select(OutboxItem).where(OutboxItem.kind == "mail")).one()
        row = session.scalars(select(Registration)).one()
    path = link(letters()[0])
    token = path.rpartition("/")[2]
    assert token not in repr(queued.payload) + repr(vars(row))
    page = client.get(path)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    refused = client.post(path, data={"name": "", "password": "short", "again": "other"})
    assert refused.status_code == 422
    assert all(text in refused.text for text in ("请填写", "请选择"))
    done = client.post(path, data=FORM)
    assert (done.status_code, done.location) == (303, "/login?next=/account/requests")
    # Used up: neither opened nor taken again.
    assert client.get(path).status_code == 404
    assert client.post(path, data=FORM).status_code == 404
    with database.reading() as session:
        user = session.scalars(select(User)).one()
        assert (user.login, user.name, user.active) == ("neu@test.cn", "新用户", True)
        # The history says that an account was made, never whose.
        rows = session.execute(select(Event.action, Event.actor_name, Event.diff)).all()
        kinds = session.scalars(select(SecurityEvent.kind).order_by(SecurityEvent.id)).all()
    assert [tuple(row) for row in rows] == [
        ("user_create", "访客", {"login": "n***@test.cn"}), ("user_register", "访客", {}),
    ]  # fmt: skip
    assert kinds == ["register_request", "register"]
    entered = client.post("/login", data={"login": "neu@test.cn", "password": PASSWORD})
    assert entered.location == "/account"
    assert "申请开通" in client.get("/account").text
    assert client.get("/register").location == "/account/requests"


def test_an_asked_again_a_late_and_a_raced_link(client, person, letters, database):
    for _ in range(2):
        client.post("/register", data={"login": "neu@test.cn"})
    first, second = map(link, letters())
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)
    # The address got an account by other means meanwhile: its owner may be told.
    person(login="neu@test.cn")
    done = client.post(second, data=FORM)
    assert (done.status_code, done.location) == (303, "/login")
    with database.unit_of_work() as session:
        rows = session.scalars(select(Registration)).all()
        assert len(rows) == 2
        for row in rows:
            row.expires_at = clock.now() - timedelta(hours=1)
    assert client.get(second).status_code == 404
    with database.unit_of_work() as session:
        retention.run(session)
        assert session.scalar(select(func.count()).select_from(Registration)) == 2
        for row in session.scalars(select(Registration)):
            row.expires_at = clock.now() - timedelta(days=2)
        session.flush()
        retention.run(session)
        assert session.scalar(select(func.count()).select_from(Registration)) == 0
