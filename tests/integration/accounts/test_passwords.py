"""What a password must be like (S19-S21)."""

import itertools
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from marketplace.errors import Invalid
from marketplace.models import PasswordHistory
from marketplace.phases import Role
from marketplace.services.accounts import passwords
from marketplace.services.accounts.passwords import ASVS, MLPS, Choice, check
from tests.factories import PASSWORD
from tests.integration.accounts.conftest import sign_in

START = "2026-03-02T01:00:00Z"


def problems(password: str, again: str | None = None, **given) -> dict[str, list[str]]:
    given = {"login": "zhang.wei@test.example", "name": "张伟强", **given}
    try:
        check(Choice(password=password, again=password if again is None else again, **given))
    except Invalid as error:
        return error.fields
    return {}


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "四面荷花三柳一城山色半湖",
        "🚲🚂🚌🚀🛶⛵🚁🛴🚜🚟🚡🛥",
        "        x y z 1 2 3     ",
        "aB3$x" * 25,
        "e\u0301clair au cafe\u0301 2",
    ],
)
def test_s20_anything_long_and_uncommon(password):
    assert problems(password) == {}
    assert passwords.verify(passwords.hash_(password), password)


@pytest.mark.parametrize("length", [0, 1, 11, 129, 5000])
def test_s20_length(length):
    word = ("abcdefghijkl" * 500)[:length]
    assert problems(word) == {"password": ["口令应为12至128个字符，可以用一句话"]}


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "Password2026!", "qwertyuiop12", "123456789012", "1234qwerasdf!!",
        "qingdao12345", "QINGDAO2026!!", "青岛青岛青岛青岛青岛青岛", "admin123456789",
        "zhang.wei2026!", "张伟强张伟强张伟强张伟强", "marketplace2026", "服务商资源池2026!!!",
    ],
)  # fmt: skip
def test_s20_common_words_and_names_are_refused(password):
    assert (
        "口令太常见，或主要由本系统、单位、本人的名称组成，请换一个"
        in problems(password)["password"]
    )


def test_s20_few_different_characters():
    assert problems("abcdabcdabcdabcd") == {"password": ["至少用5个不同的字符"]}


def test_s20_typed_twice():
    assert problems(PASSWORD, again=PASSWORD + " ") == {"again": ["两次输入的口令不一致"]}


def test_s20_the_list_has_ten_thousand():
    assert len(passwords._common()) == 10_000


def test_s20_no_rules_of_composition():
    assert problems("aaaabbbbccccddddeeee ffff") == {}


@pytest.mark.parametrize("password", ["alllowercaseletters x", "UPPER LOWER NOTHING"])
def test_s21_three_classes(password):
    assert problems(password, profile=ASVS) == {}
    texts = problems(password, profile=MLPS).get("password")
    expected = ["应包含大写字母、小写字母、数字、其他字符中的至少三类"]
    assert texts == expected


def test_s21_profile_is_for_staff_only():
    profiles = {
        (setting, staff): passwords.profile_of(setting, staff=staff)
        for setting in (ASVS, MLPS)
        for staff in (True, False)
    }
    assert profiles == {
        (ASVS, True): ASVS, (ASVS, False): ASVS, (MLPS, True): MLPS, (MLPS, False): ASVS,
    }  # fmt: skip


def change(client, old: str, new: str):
    data = {"current_password": old, "password": new, "again": new}
    return client.post("/account/password", data=data)


def as_mlps(app) -> None:
    settings = app.extensions["settings"]
    object.__setattr__(settings, "password_profile", MLPS)
    object.__setattr__(settings, "mode", "demo")  # without the second factor


def test_s21_ninety_days(app, client, person):
    as_mlps(app)
    with time_machine.travel(START, tick=False) as now:
        user = person(Role.CITY_OFFICER)
        now.shift(timedelta(days=90, seconds=-1))
        sign_in(client, user)
        assert client.get("/work").status_code == 200
        now.shift(1)
        for path in ("/work", "/account", "/", "/admin"):
            assert client.get(path).location == "/account/password"
        assert "每90天要更换一次" in client.get("/account/password").text
        assert change(client, PASSWORD, "Neuer Satz fuer 2026").status_code == 303
        assert client.get("/work").status_code == 200


def test_s21_providers_need_no_rotation(app, client, person):
    as_mlps(app)
    with time_machine.travel(START, tick=False) as now:
        user = person(Role.PROVIDER_OWNER)
        now.shift(timedelta(days=400))
        sign_in(client, user)
        assert client.get("/account").status_code == 200


def test_s21_the_last_five_are_refused(app, client, person, database):
    as_mlps(app)
    with time_machine.travel(START, tick=False) as now:
        user = person(Role.CITY_OFFICER)
        sign_in(client, user)
        used = [PASSWORD, *(f"Neuer Satz Nummer {number}" for number in range(5))]
        for old, new in itertools.pairwise(used):
            assert change(client, old, new).status_code == 303
            now.shift(timedelta(minutes=6))
        for former in used[1:]:
            refused = change(client, used[-1], former)
            assert (refused.status_code, "最近5次用过" in refused.text) == (422, True)
            now.shift(timedelta(minutes=6))
        sign_in(client, user, used[-1])
        assert change(client, used[-1], used[0]).status_code == 303
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PasswordHistory)) == 6


def test_change_needs_the_old_password(client, person):
    sign_in(client, person(Role.PROVIDER_OWNER))
    refused = change(client, "wrong", "ein ganz neuer Satz 7")
    assert (refused.status_code, "原口令不正确" in refused.text) == (422, True)
    assert "ein ganz neuer Satz" not in refused.text
