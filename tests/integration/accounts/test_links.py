"""Single-use links: invitation, new password, new mail address (S22, S31, S33)."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from marketplace.models import Event, OneTimeLink, OutboxItem, User
from marketplace.permissions import SYSTEM
from marketplace.phases import Role
from marketplace.services.accounts import accounts
from tests import factories
from tests.factories import PASSWORD
from tests.integration.accounts.conftest import sign_in

START = "2026-03-02T01:00:00Z"
FRESH = "ein ganz neuer Satz 7"
NEW = {"password": FRESH, "again": FRESH}


def ask(client, login: str):
    return client.post("/reset", data={"login": login})


def test_reset_by_mail(client, person, letters):
    user = person(Role.PROVIDER_OWNER)
    inside = client.application.test_client()
    sign_in(inside, user)
    assert ask(client, user.login).status_code == 200
    [letter] = letters()
    assert (letter.to, letter.subject) == (user.login, "重新设置口令")
    page = client.get(letter.link)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    answer = client.post(letter.link, data=NEW)
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "口令已设置，请登录" in client.get("/login").text
    assert inside.get("/account").status_code == 401
    assert sign_in(client, user).status_code == 422
    assert sign_in(client, user, FRESH).status_code == 303
    assert [letter.subject for letter in letters()] == ["重新设置口令", "账号安全提醒"]


def test_s31_single_use(client, person, letters):
    ask(client, person(Role.PROVIDER_OWNER).login)
    [letter] = letters()
    assert client.get(letter.link).status_code == 200  # opening does not use it up
    assert client.post(letter.link, data=NEW).status_code == 303
    for answer in (client.get(letter.link), client.post(letter.link, data=NEW)):
        assert answer.status_code == 404
        assert "这个链接已失效" in answer.text


def test_s31_a_refused_password_does_not_use_it_up(client, person, letters):
    ask(client, person(Role.PROVIDER_OWNER).login)
    [letter] = letters()
    short = client.post(letter.link, data={"password": "kurz", "again": "kurz"})
    assert (short.status_code, "12至128个字符" in short.text) == (422, True)
    assert "kurz" not in short.text
    unequal = client.post(letter.link, data={"password": FRESH, "again": PASSWORD})
    assert (unequal.status_code, "两次输入的口令不一致" in unequal.text) == (422, True)
    assert client.post(letter.link, data=NEW).status_code == 303


def test_s31_half_an_hour(client, person, letters):
    with time_machine.travel(START, tick=False) as now:
        ask(client, person(Role.PROVIDER_OWNER).login)
        [letter] = letters()
        now.shift(timedelta(minutes=29, seconds=59))
        assert client.get(letter.link).status_code == 200
        now.shift(1)
        assert client.get(letter.link).status_code == 404


def test_s31_a_new_link_kills_the_old_one(client, person, letters):
    user = person(Role.PROVIDER_OWNER)
    ask(client, user.login)
    ask(client, user.login)
    first, second = letters()
    assert client.get(first.link).status_code == 404
    assert client.get(second.link).status_code == 200


def test_s31_password_or_mail_change_kills_it(client, person, letters, database):
    user = person(Role.PROVIDER_OWNER)
    ask(client, user.login)
    [letter] = letters()
    sign_in(client, user)
    client.post("/account/password", data={"current_password": PASSWORD, **NEW})
    assert client.get(letter.link).status_code == 404
    ask(client, user.login)
    link = letters()[-1].link
    with database.unit_of_work() as session:
        row = session.get_one(User, user.id)
        accounts.change_login(session, SYSTEM, row, login="moved@test.example")
    assert client.get(link).status_code == 404


def test_s31_it_does_not_skip_the_second_factor(client, person, letters):
    user = person(Role.CITY_OFFICER)
    ask(client, user.login)
    client.post(letters()[0].link, data=NEW)
    assert client.get("/work").status_code == 302
    assert sign_in(client, user, FRESH).location == "/login/setup"


def test_s31_stored_hashed_queued_sealed_never_logged(client, person, letters, database, capsys):
    ask(client, person(Role.PROVIDER_OWNER).login)
    with database.reading() as session:
        queued = session.scalars(select(OutboxItem).where(OutboxItem.kind == "mail")).one()
        stored = session.scalars(select(OneTimeLink)).one()
    [letter] = letters()
    token = letter.link.rpartition("/")[2]
    client.get(letter.link)
    client.post(letter.link, data=NEW)
    assert len(token) >= 43
    assert token not in repr(queued.payload)
    assert token not in repr(vars(stored))
    assert token not in capsys.readouterr().out


def test_s22_reset_answers_alike_for_unknown_addresses(client, person, letters):
    known = ask(client, person(Role.PROVIDER_OWNER).login)
    ghost = ask(client, "ghost@test.example")
    off = ask(client, person(Role.PROVIDER_OWNER, active=False).login)
    assert known.status_code == ghost.status_code == off.status_code == 200
    assert known.text == ghost.text == off.text
    assert len(letters()) == 1


def test_reset_five_times_a_day(client, person, letters):
    user = person(Role.PROVIDER_OWNER)
    codes = [ask(client, user.login).status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    ghosts = [ask(client, "ghost@test.example").status_code for _ in range(6)]
    assert ghosts == [200] * 5 + [429]


def test_reset_unlocks(client, person, letters):
    user = person(Role.PROVIDER_OWNER)
    for _ in range(5):
        sign_in(client, user, "wrong")
    assert sign_in(client, user).status_code == 429
    ask(client, user.login)
    client.post(letters()[0].link, data=NEW)
    assert sign_in(client, user, FRESH).status_code == 303


@pytest.mark.parametrize("token", ["x" * 43, "../../etc/passwd", "%00", "a"])
def test_made_up_links(client, token):
    assert client.get(f"/links/{token}").status_code == 404


INVITED = {"login": " New.Person@Test.Example", "name": "新人", "role": "provider_owner"}


def invite(admin, database, **changes):
    with database.unit_of_work() as session:
        firm = factories.make_provider(session).organisation
    return admin.post("/admin/users/new", data={**INVITED, "uscc": firm.uscc, **changes})


def test_invitation(client, login_as, letters, database):
    admin = login_as(Role.ADMIN_USERS)
    answer = invite(admin, database)
    assert answer.status_code == 200
    [letter] = letters()
    assert (letter.to, letter.subject) == ("new.person@test.example", "邀请您使用服务商资源池系统")
    assert letter.link in answer.text
    assert client.post(letter.link, data=NEW).location == "/login"
    data = {"login": "new.person@test.example", "password": FRESH}
    assert client.post("/login", data=data).status_code == 303
    assert "服务商负责人" in client.get("/account").text
    with database.reading() as session:
        user = accounts.by_login(session, "new.person@test.example")
        history = session.scalars(
            select(Event).where(Event.subject_id == user.id, Event.subject_type == "users")
        ).all()
        assert [(event.action, event.actor_id) for event in history] == [
            ("user_create", admin.user.id),
            ("role_grant", admin.user.id),
            ("password_change", user.id),
        ]


def test_invitation_lasts_two_days(client, login_as, letters, database):
    with time_machine.travel(START, tick=False) as now:
        invite(login_as(Role.ADMIN_USERS), database)
        [letter] = letters()
        now.shift(timedelta(days=2, seconds=-1))
        assert client.get(letter.link).status_code == 200
        now.shift(1)
        assert client.get(letter.link).status_code == 404


def test_invitation_again(client, login_as, letters, database):
    admin = login_as(Role.ADMIN_USERS)
    invite(admin, database)
    with database.reading() as session:
        user = accounts.by_login(session, "new.person@test.example")
    assert admin.post(f"/admin/users/{user.id}/invite").status_code == 200
    first, second = letters()
    assert client.get(first.link).status_code == 404
    client.post(second.link, data=NEW)
    assert admin.post(f"/admin/users/{user.id}/invite").status_code == 409


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"login": "not a mail"}, "login", "请填写正确的邮箱"),
        ({"name": ""}, "name", "请填写"),
        ({"name": "a\u202eb"}, "name", "看不见的字符"),
        ({"role": "king"}, "role", "请选择列表中的一项"),
        ({"role": "city_officer"}, "role", "不能有市级经办人"),
        ({"uscc": "91990000MA0000000X"}, "uscc", "统一社会信用代码不正确"),
        ({"uscc": factories.uscc(9_999_999)}, "uscc", "没有登记这个单位"),
        ({"valid_until": "2020-01-01"}, "valid_until", "有效期应在今天之后"),
        ({"valid_until": "soon"}, "valid_until", "请填写正确的日期"),
        ({"active": "1"}, "active", "表单里有多余的内容"),
    ],
)
def test_invitation_mistakes(login_as, database, letters, changes, field, text):
    answer = invite(login_as(Role.ADMIN_USERS), database, **changes)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert text in answer.text
    with database.reading() as session:
        assert accounts.by_login(session, INVITED["login"]) is None
    assert letters() == []


def test_taken_address(login_as, database, person):
    user = person(Role.PROVIDER_OWNER)
    answer = invite(login_as(Role.ADMIN_USERS), database, login=user.login.upper())
    assert (answer.status_code, "这个邮箱已经有账号" in answer.text) == (409, True)


def test_mail_change_needs_the_new_address(client, person, letters, database):
    user = person(Role.PROVIDER_OWNER)
    sign_in(client, user)
    client.post("/account/email", data={"login": "Moved@Test.Example"})
    [letter] = letters()
    assert letter.to == "moved@test.example"
    assert user.login in client.get("/account").text
    stranger = client.application.test_client()
    assert stranger.post(letter.link).status_code == 303
    assert "moved@test.example" in client.get("/account").text
    told = letters()[-1]
    assert (told.to, "moved@test.example" in told.body) == (user.login, True)


def test_mail_change_to_a_taken_address_sends_nothing(client, person, letters):
    user, other = person(Role.PROVIDER_OWNER), person(Role.PROVIDER_OWNER)
    sign_in(client, user)
    answer = client.post("/account/email", data={"login": other.login})
    assert answer.status_code == 303  # the same answer: it must not tell who has an account
    assert letters() == []


def test_link_in_the_letter_is_below_the_public_address(client, person, letters):
    ask(client, person(Role.PROVIDER_OWNER).login)
    [letter] = letters()
    assert re.findall(r"https?://\S+", letter.body) == [f"http://localhost{letter.link}"]
