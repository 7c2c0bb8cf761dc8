"""Forged requests, and requests that should only read (S13-S15, S17)."""

import pytest
from flask import request

from marketplace.phases import Role
from marketplace.web.forms import local_path
from tests.support.routes import unsafe
from tests.support.world import ANONYMOUS

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OFFICER, ADMIN = Role.CITY_OFFICER.value, Role.ADMIN_USERS.value
STAFF = (OFFICER, ADMIN, *(role.value for role in (Role.CITY_LEADER, Role.AUDITOR)))


def address(number: int) -> dict[str, str]:
    """One address each: visitors' requests are counted by address."""
    return {"REMOTE_ADDR": f"192.0.2.{number % 250}"}


@on_sqlite
def test_s13_every_form_needs_its_token(app, world, cast):
    accepted = {}
    for turn, actor in enumerate((ANONYMOUS, OFFICER, ADMIN)):
        client = cast(actor)
        for number, (method, rule) in enumerate(unsafe(app)):
            data = ({}, {"csrf_token": "x"})[(turn + number) % 2]
            answer = client.open(
                world.path(rule), method=method, data=data, csrf=False,
                environ_base=address(number),
            )  # fmt: skip
            if answer.status_code != 403:
                accepted[f"{actor}: {method} {rule.rule}"] = answer.status_code
    assert accepted == {}


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8001"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
]


@on_sqlite
def test_s14_foreign_pages_are_refused_with_a_valid_token(app, world, cast):
    client = cast(ADMIN)
    token = {"X-CSRFToken": client.csrf_token()}
    for number, (method, rule) in enumerate(unsafe(app)):
        foreign = FOREIGN[number % len(FOREIGN)]
        answer = client.open(world.path(rule), method=method, headers={**foreign, **token})
        assert answer.status_code == 403, rule.rule
    for foreign in FOREIGN:
        assert client.post("/logout", headers={**foreign, **token}).status_code == 403


@on_sqlite
def test_s14_own_pages_are_let_in(login_as):
    # "null": of a page whose address is a secret, such as one behind a link by mail.
    for origin in ("http://localhost", "null"):
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": origin}
        client = login_as(Role.CITY_OFFICER)
        token = {"X-CSRFToken": client.csrf_token()}
        assert client.post("/logout", headers={**headers, **token}).status_code == 303


@on_sqlite
def test_s16_token_of_one_session_is_refused_in_another(login_as):
    one, other = login_as(Role.CITY_OFFICER), login_as(Role.CITY_OFFICER)
    refused = other.post("/logout", headers={"X-CSRFToken": one.csrf_token()})
    assert refused.status_code == 403
    assert "页面停留过久或登录状态已变化" in refused.text
    assert other.post("/logout").status_code == 303


def test_s15_a_page_that_writes_fails(app, client, database):
    from marketplace.db import current_session
    from tests import factories

    def sneaky():
        factories.make_organisation(current_session())
        return "written"

    sneaky.access = "public"
    app.add_url_rule("/sneaky", "sneaky", sneaky)
    assert client.get("/sneaky").status_code in (500, 503)


EVIL = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/\n/evil.example", "\t//evil.example", "https://evil.example", "http:evil.example",
    "javascript:alert(1)", "data:text/html,x", "/%2f%2fevil.example", "/%5cevil.example",
    "%2f%2fevil.example", "//user@evil.example", "/%09/evil.example", "/%252f/evil.example",
    "https:///evil.example", "//localhost@evil.example/", "evil.example", "／／evil.example",
    "//evil。example", "\u00a0//evil.example", "", "/" + "a" * 3000, "/\x00", " //evil.example",
]  # fmt: skip


@pytest.mark.parametrize("target", EVIL)
def test_s17_only_paths_of_this_site(target):
    kept = local_path(target, "/account")
    assert kept == "/account" or _is_local(kept)
    assert "evil.example" not in kept or _is_local(kept)


def _is_local(path: str) -> bool:
    return path.startswith("/") and not path.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "target", ["/", "/work?q=1&page=2", "/providers?q=注塑+MES", "/cases/12#a"]
)
def test_s17_own_paths_are_kept(target):
    assert local_path(target, "/account") == target


@on_sqlite
@pytest.mark.parametrize("target", [*EVIL[:16], "//evil.example/work"])
def test_s17_redirects_stay_here(app, login_as, target):
    signed_in = login_as(Role.CITY_OFFICER)
    for client, path, query in (
        (signed_in, "/login", {"next": target}),
        (app.test_client(), "/display", {"care": "1", "to": target}),
    ):
        location = client.get(path, query_string=query).location
        with app.test_request_context(location):
            assert request.host == "localhost"
        assert _is_local(location)
