"""What the logs hold: one line per request, no secrets, nothing a client could forge (S58, S88)."""

import json
import logging

import pytest
import structlog

from marketplace import logs
from marketplace.phases import Role
from tests.factories import PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EVIL = [
    'Mozilla\r\n{"event": "login", "user": 1}',
    "\x1b[31mred\x1b[0m",
    '"}\n{"level": "critical"',
    "\u2028\u2029\x00\x0b\x85",
    "agent " * 2000,
]


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("agent", EVIL)
def test_s58_one_request_is_one_line(app, capsys, agent):
    environ = {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "192.0.2.1"}
    app.test_client().get("/healthz", environ_overrides=environ)
    [line] = lines(capsys)
    assert line["event"] == "request"
    assert line["agent"] == agent[:200]
    assert (line["method"], line["route"], line["status"], line["ip"]) == (
        "GET", "/healthz", 200, "192.0.2.1",
    )  # fmt: skip


@pytest.mark.parametrize("word", EVIL)
def test_s58_events_and_library_messages_too(app, capsys, word):
    structlog.get_logger().info("note", detail=word)
    logging.getLogger("library").warning("said %s", word)
    ours, theirs = lines(capsys)
    assert ours["detail"] == word[:2000]
    assert theirs["event"] == f"said {word}"[:2000]


def test_s58_an_odd_name_stays_one_line(login_as, app, database, capsys):
    client = login_as(Role.CITY_OFFICER)
    capsys.readouterr()
    client.get("/account?name=%0d%0a%7b%22event%22%3a1%7d")
    [line] = lines(capsys)
    assert (line["route"], line["user"], line["role"]) == (
        "/account", client.user.id, "city_officer",
    )  # fmt: skip


def test_s88_passwords_and_tokens_never_reach_the_log(client, capsys):
    client.get("/login")
    data = {"login": "a@test.example", "password": PASSWORD, "code": "918273"}
    client.post("/login", data=data)
    client.post(f"/links/{'t' * 43}", data=data)
    written = capsys.readouterr().out
    for secret in (PASSWORD, client.sid, client.csrf_token(), "t" * 43, "918273"):
        assert secret not in written


def test_s88_secret_names_are_blanked(app, capsys):
    structlog.get_logger().info(
        "x", password="p1", csrf_token="p2", nested={"cookie": "p3", "fine": "shown"},
        path=f"/links/{'a' * 43}?x=1",
    )  # fmt: skip
    [line] = lines(capsys)
    assert line["password"] == line["csrf_token"] == line["nested"]["cookie"] == logs.REDACTED
    assert line["nested"]["fine"] == "shown"
    assert line["path"] == f"/links/{logs.REDACTED}?x=1"


def test_requests_have_numbers_of_their_own(client, capsys):
    answers = [client.get("/healthz") for _ in range(3)]
    numbers = [answer.headers["X-Request-ID"] for answer in answers]
    assert [line["request_id"] for line in lines(capsys)] == numbers
    assert len(set(numbers)) == 3
