"""The way in (quality.md S16, S19, S22-S26)."""

import re

import argon2
import time_machine
from sqlalchemy import select

from marketplace.models import SecurityEvent, User, UserSession
from marketplace.phases import Role
from marketplace.web.sessions import COOKIE
from tests.factories import PASSWORD
from tests.integration.accounts.conftest import sign_in

PROVIDER = Role.PROVIDER_OWNER


def shown(page: str) -> str:
    """A page without what differs each time."""
    page = re.sub(r'name="csrf_token" value="[^"]+"', "", page)
    return re.sub(r'value="[^"]+@[^"]+"', "", page)


def test_right_password_opens_a_session(client, person, database):
    user = person(PROVIDER)
    answer = sign_in(client, user)
    assert (answer.status_code, answer.location) == (303, "/p")
    page = client.get("/account")
    assert (page.status_code, "服务商负责人" in page.text) == (200, True)
    with database.reading() as session:
        rows = session.scalars(select(UserSession)).all()
        assert [row.user_id for row in rows] == [user.id]
        assert client.sid not in rows[0].token_hash
        assert len(client.sid) >= 22  # 128 bits


def test_s25_cookie(client, person):
    answer = sign_in(client, person(PROVIDER))
    parts = answer.headers["Set-Cookie"].split("; ")
    assert parts[0].partition("=")[0] == COOKIE == "__Host-sid"
    assert set(parts[1:]) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_s16_s26_login_changes_the_session_and_its_token(client, person):
    client.get("/login")
    before, token = client.sid, client.csrf_token()
    sign_in(client, person(PROVIDER))
    assert client.sid != before
    stale = client.post("/logout", csrf=False, data={"csrf_token": token})
    assert stale.status_code == 403
    other = client.application.test_client()
    other.use_session(before)
    assert other.get("/account").status_code == 302


def test_s19_weak_hash_is_renewed(client, person, database):
    weak = argon2.PasswordHasher(memory_cost=1024, time_cost=1, parallelism=1).hash(PASSWORD)
    user = person(PROVIDER, password=None, password_hash=weak)
    assert sign_in(client, user).status_code == 303
    with database.reading() as session:
        stored = session.get_one(User, user.id).password_hash
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert argon2.PasswordHasher().verify(stored, PASSWORD)


def test_s22_unknown_and_wrong_look_alike(client, person):
    user = person(PROVIDER)
    wrong = sign_in(client, user, "wrong password 12")
    ghost = client.post("/login", data={"login": "ghost@test.example", "password": "x"})
    assert wrong.status_code == ghost.status_code == 422
    assert shown(wrong.text) == shown(ghost.text)
    assert "邮箱或口令不正确" in wrong.text
    names = [{name for name, _ in answer.headers} for answer in (wrong, ghost)]
    assert names[0] == names[1]


def test_s22_inactive_and_without_password_look_alike(client, person):
    off = person(PROVIDER, active=False)
    invited = person(PROVIDER, password=None)
    pages = [shown(sign_in(client, user).text) for user in (off, invited)]
    assert pages[0] == pages[1]
    assert "邮箱或口令不正确" in pages[0]


def test_login_is_folded(client, person):
    user = person(PROVIDER, login="li.lei@test.example")
    answer = client.post("/login", data={"login": " LI.LEI@test.example ", "password": PASSWORD})
    assert answer.status_code == 303
    assert user.login in client.get("/account").text


def test_s20_password_is_used_exactly_as_typed(client, person):
    user = person(PROVIDER, password=f" {PASSWORD} ")
    assert sign_in(client, user).status_code == 422
    assert sign_in(client, user, f" {PASSWORD} ").status_code == 303


def test_s23_fifth_failure_locks_for_a_quarter_of_an_hour(client, person):
    user, other = person(PROVIDER), person(PROVIDER)
    with time_machine.travel("2026-03-02T01:00:00Z", tick=False) as clock:
        assert [sign_in(client, user, "wrong").status_code for _ in range(5)] == [422] * 5
        locked = sign_in(client, user)
        assert (locked.status_code, locked.headers["Retry-After"]) == (429, "901")
        assert "登录失败次数过多" in locked.text
        assert sign_in(client.application.test_client(), other).status_code == 303
        clock.shift(899)
        assert sign_in(client, user).status_code == 429
        clock.shift(2)
        assert sign_in(client, user).status_code == 303


def test_s23_names_without_account_lock_alike(client):
    data = {"login": "ghost@test.example", "password": "wrong"}
    codes = [client.post("/login", data=data).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_s23_a_right_password_forgives(client, person):
    user = person(PROVIDER)
    for _ in range(3):
        assert [sign_in(client, user, "wrong").status_code for _ in range(3)] == [422] * 3
        assert sign_in(client, user).status_code == 303
        client.post("/logout")


def test_s23_ten_failures_from_one_address(client, person):
    with time_machine.travel("2026-03-02T01:00:00Z", tick=False) as clock:
        names = [f"ghost{number}@test.example" for number in range(11)]
        codes = [
            client.post("/login", data={"login": name, "password": "x"}).status_code
            for name in names
        ]
        assert codes == [422] * 10 + [429]
        user = person(PROVIDER)
        refused = sign_in(client, user)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "300")
        elsewhere = client.application.test_client()
        far = {"REMOTE_ADDR": "192.0.2.7"}
        data = {"login": user.login, "password": PASSWORD}
        assert elsewhere.post("/login", data=data, environ_base=far).status_code == 303
        clock.shift(301)
        assert sign_in(client, user).status_code == 303


def test_s24_lock_is_recorded_and_ends_no_session(client, person, database):
    user = person(PROVIDER)
    inside = client.application.test_client()
    sign_in(inside, user)
    for _ in range(6):
        sign_in(client, user, "wrong")
    assert inside.get("/account").status_code == 200
    with database.reading() as session:
        rows = session.scalars(select(SecurityEvent).order_by(SecurityEvent.id)).all()
        assert [(row.kind, row.result, row.user_id) for row in rows] == [
            ("login", "ok", user.id),
            *[("login", "failed", user.id)] * 5,
            ("lock", "ok", user.id),
            ("login", "denied", None),
        ]
        assert all("wrong" not in repr(row.detail) for row in rows)


def test_signed_in_users_skip_the_form(login_as):
    client = login_as(Role.CITY_OFFICER)
    assert client.get("/login").location == "/work"
    assert client.get("/login?next=/cases").location == "/cases"


def test_login_goes_on_to_the_page_that_was_asked_for(client, person):
    asked = client.get("/account/password")
    assert asked.location == "/login?next=/account/password"
    answer = sign_in(client, person(PROVIDER), next="/account/password")
    assert answer.location == "/account/password"
