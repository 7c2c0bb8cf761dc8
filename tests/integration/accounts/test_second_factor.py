"""Codes of the second factor (S30)."""

import re
from datetime import timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select

from marketplace.models import Event, RecoveryCode, User, UserSession
from marketplace.phases import Role
from marketplace.services.accounts import second_factor
from marketplace.services.accounts.second_factor import normalise
from tests.integration.accounts.conftest import sign_in

START = "2026-03-02T01:00:00Z"
STEP = timedelta(seconds=30)


@pytest.fixture
def secret(app, person, database):
    """A secret, and the officer who has it."""
    user, secret = person(Role.CITY_OFFICER), second_factor.new_secret()
    cipher = app.extensions["cipher"]
    with database.unit_of_work() as session:
        sealed = cipher.seal(secret, f"users.totp_secret:{user.id}")
        session.get_one(User, user.id).totp_secret_encrypted = sealed
    return user, secret


def code(secret: str, shift: int = 0) -> str:
    from marketplace import clock

    return pyotp.TOTP(secret).at(clock.now() + shift * STEP)


def enter(client, user, typed: str):
    assert sign_in(client, user).location == "/login/code"
    return client.post("/login/code", data={"code": typed})


def test_password_alone_lets_no_staff_in(client, secret, database):
    user, _ = secret
    answer = sign_in(client, user)
    assert (answer.status_code, answer.location) == (303, "/login/code")
    assert client.get("/work").status_code == 302
    with database.reading() as session:
        assert session.scalars(select(UserSession.user_id)).all() == [None]


def test_right_code_lets_in(client, secret):
    user, key = secret
    with time_machine.travel(START, tick=False):
        sign_in(client, user, next="/work/pool")
        before = client.sid
        answer = client.post("/login/code", data={"code": code(key)})
        assert (answer.status_code, answer.location) == (303, "/work/pool")
        assert client.sid != before
        assert client.get("/account").status_code == 200


def test_providers_may_do_without(client, person):
    assert sign_in(client, person(Role.PROVIDER_OWNER)).location == "/p"


@pytest.mark.parametrize("shape", ["{} {}", " {}{} ", "{}-{}", "full"])
def test_code_as_people_type_it(client, secret, shape):
    user, key = secret
    with time_machine.travel(START, tick=False):
        plain = code(key)
        full = plain.translate({ord("0") + n: ord("０") + n for n in range(10)})
        typed = full if shape == "full" else shape.format(plain[:3], plain[3:])
        assert enter(client, user, typed).status_code == 303


@pytest.mark.parametrize(("shift", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_one_step_of_drift(client, secret, shift, status):
    user, key = secret
    with time_machine.travel(START, tick=False):
        assert enter(client, user, code(key, shift)).status_code == status


@pytest.mark.parametrize("again", ["{}", "{} ", "{}"])
def test_a_code_works_once(app, secret, again):
    user, key = secret
    with time_machine.travel(START, tick=False):
        typed = code(key)
        assert enter(app.test_client(), user, typed).status_code == 303
        replay = enter(app.test_client(), user, again.format(typed))
        assert replay.status_code == 422
        assert "不正确或已用过" in replay.text


def test_an_older_code_is_dead_after_a_newer_one(app, secret):
    user, key = secret
    with time_machine.travel(START, tick=False):
        assert enter(app.test_client(), user, code(key, 1)).status_code == 303
        assert enter(app.test_client(), user, code(key, 0)).status_code == 422


def test_five_tries_in_five_minutes(app, secret):
    user, key = secret
    with time_machine.travel(START, tick=False) as now:
        client = app.test_client()
        sign_in(client, user)
        wrong = {"code": "000000"}
        codes = [client.post("/login/code", data=wrong).status_code for _ in range(5)]
        assert codes == [422] * 5
        locked = client.post("/login/code", data={"code": code(key)})
        assert (locked.status_code, locked.headers["Retry-After"]) == (429, "300")
        # Starting again with the password does not help.
        assert enter(app.test_client(), user, code(key)).status_code == 429
        now.shift(301)
        assert enter(app.test_client(), user, code(key)).status_code == 303


def test_an_unfinished_login_ends_after_ten_minutes(client, secret):
    user, key = secret
    with time_machine.travel(START, tick=False) as now:
        sign_in(client, user)
        now.shift(timedelta(minutes=10))
        answer = client.post("/login/code", data={"code": code(key)})
        assert answer.location == "/login"
        assert "验证时间已过" in client.get("/login").text


def test_staff_without_one_set_it_up_first(client, person, database):
    user = person(Role.CITY_OFFICER)
    with time_machine.travel(START, tick=False):
        assert sign_in(client, user).location == "/login/setup"
        page = client.get("/login/setup").text
        key = re.search(r"密钥 <code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
        assert 'src="data:image/svg+xml' in page
        assert client.post("/login/setup", data={"code": "000000"}).status_code == 422
        done = client.post("/login/setup", data={"code": code(key)})
        assert done.status_code == 200
        codes = re.findall(r"<code>([2-9A-Z]{5}-[2-9A-Z]{5})</code>", done.text)
        assert len(set(codes)) == 10
        assert client.get("/work").status_code == 200
    with database.reading() as session:
        stored = session.get_one(User, user.id)
        assert key.encode() not in stored.totp_secret_encrypted
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
        assert len(hashes) == 10
        assert not set(hashes) & {shown.replace("-", "") for shown in codes}
        events = session.scalars(select(Event.action).where(Event.subject_id == user.id)).all()
        assert "second_factor_enrol" in events


def test_recovery_codes_work_once(app, secret, database):
    user, _ = secret
    with database.unit_of_work() as session:
        codes = second_factor._new_recovery_codes(session, session.get_one(User, user.id))
    typed = f"{codes[0][:5].lower()}-{codes[0][5:]}"
    assert enter(app.test_client(), user, typed).status_code == 303
    assert enter(app.test_client(), user, typed).status_code == 422
    assert enter(app.test_client(), user, codes[1]).status_code == 303


def test_a_new_second_factor_replaces_the_old_one(app, login_as, secret, letters):
    user, old = secret
    with time_machine.travel(START, tick=False) as now:
        client = app.test_client()
        enter(client, user, code(old))
        other = app.test_client()
        now.shift(60)
        enter(other, user, code(old))
        assert client.post("/account/second-factor/new").location == "/account/second-factor"
        page = client.get("/account/second-factor").text
        new = re.search(r"密钥 <code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
        before = client.sid
        done = client.post("/account/second-factor", data={"code": code(new)})
        assert done.status_code == 200
        assert client.sid != before
        assert client.get("/account").status_code == 200
        assert other.get("/account").status_code == 401
        now.shift(60)
        assert enter(app.test_client(), user, code(old)).status_code == 422
        assert enter(app.test_client(), user, code(new)).status_code == 303
    assert [letter.subject for letter in letters()] == ["账号安全提醒"]


def test_administrator_resets_for_a_lost_device(app, login_as, secret, database):
    user, _key = secret
    admin = login_as(Role.ADMIN_USERS)
    path = f"/admin/users/{user.id}/reset-second-factor"
    assert admin.post(path).status_code == 303
    assert sign_in(app.test_client(), user).location == "/login/setup"
    own = admin.post(f"/admin/users/{admin.user.id}/reset-second-factor")
    assert own.status_code == 403


def test_demo_asks_for_none_and_says_so(app, client, person):
    object.__setattr__(app.extensions["settings"], "mode", "demo")
    app.jinja_env.globals["demo"] = True
    assert sign_in(client, person(Role.CITY_LEADER)).location == "/work"
    assert "演示账号登录不需要动态口令" in client.get("/account").text


@pytest.mark.parametrize(
    ("typed", "plain"), [(" 12 34\t56 ", "123456"), ("１２３４５６", "123456"), ("ab-cd", "ABCD")]
)
def test_normalise(typed, plain):
    assert normalise(typed) == plain
