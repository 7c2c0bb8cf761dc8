"""What answers carry (S02, S04-S08, S10, S11); S01, S03, S05 on every route: ``watching``."""

import re
from dataclasses import replace

import pytest

from marketplace import create_app
from marketplace.phases import Role
from marketplace.web.headers import BASE, METHODS
from tests.integration.security.watching import BADGES, missing
from tests.support.browser_like import BrowserLike
from tests.support.routes import routes
from tests.support.world import ANONYMOUS

STAFF = (Role.CITY_OFFICER.value, Role.CITY_LEADER.value, Role.ADMIN_USERS.value)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = on_sqlite


def directives(policy: str) -> dict[str, list[str]]:
    parts = (part.split() for part in policy.split(";"))
    return {name: values for name, *values in parts}


def test_s01_errors_and_files_carry_them(app, client):
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    app.view_functions["broken"].access = "public"
    icon = app.extensions["static"].url("img/favicon.svg")
    style = app.extensions["static"].url("css/theme.css")
    answers = {
        200: client.get(style, buffered=True),
        400: client.get("/login", headers={"Host": "evil.example"}),
        403: client.post("/login", csrf=False),
        404: client.get("/nowhere"),
        405: client.post("/healthz"),
        500: client.get("/broken"),
    }
    assert {code: answer.status_code for code, answer in answers.items()} == {
        code: code for code in answers
    }
    for answer in (*answers.values(), client.get(icon, buffered=True), client.get(f"{icon}x")):
        assert missing(answer) == set()
    again = client.get(style, headers={"If-None-Match": answers[200].headers["ETag"]})
    assert (again.status_code, missing(again)) == (304, set())


def test_s02_policy(database_url):
    policy = directives(BASE["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["img-src"] == ["'self'", "data:"]
    assert policy["base-uri"] == policy["object-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert not re.search(r"unsafe|nonce|\*|https?:", BASE["Content-Security-Policy"])


def test_s04_strict_transport_only_on_https(app, client, settings):
    assert "Strict-Transport-Security" not in client.get("/login").headers
    secure = create_app(replace(settings, base_url="https://pool.example"))
    answer = secure.test_client().get("/login")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    secure.extensions["database"].engine.dispose()


def test_s05_public_pages_may_be_kept_a_minute(app, world, cast):
    visitor = cast(ANONYMOUS)
    first = visitor.get("/cases")
    assert first.headers["Cache-Control"].startswith("public, max-age=60")
    assert "Cookie" in first.headers["Vary"]
    assert "Set-Cookie" not in first.headers
    again = visitor.get("/cases", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_s05_what_sets_a_cookie_is_not_kept(app):
    for path in ("/login", "/reset", "/display?care=1"):
        answer = app.test_client().get(path)
        assert "Set-Cookie" in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", "a b", ""]
)
def test_s06_unknown_host(app, client, host):
    for path in ("/login", app.extensions["static"].url("css/theme.css")):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert host not in answer.text or not host


SPOOFED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Real-IP": "203.0.113.9",
}


def test_s07_headers_of_strangers_change_nothing(app, client, person_login, database):
    plain, spoofed = client.get("/account"), client.get("/account", headers=SPOOFED)
    assert plain.location == spoofed.location == "/login?next=/account"
    for number in range(10):
        person_login(client, f"ghost{number}@test.example", headers=SPOOFED)
    refused = person_login(client, "ghost10@test.example")
    assert refused.status_code == 429  # counted on the real address


def test_s07_one_trusted_proxy_is_believed_for_its_own_word_only(app, settings):
    behind = create_app(replace(settings, trusted_proxies=1))
    seen = []
    behind.add_url_rule("/where", "where", lambda: seen.append(_address()) or "")
    behind.view_functions["where"].access = "public"
    behind.test_client().get("/where", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"})
    assert seen == ["203.0.113.9"]
    behind.extensions["database"].engine.dispose()


def _address() -> str:
    from flask import request

    return str(request.remote_addr)


@pytest.fixture
def person_login():
    def login(client: BrowserLike, name: str, **more):
        return client.post("/login", data={"login": name, "password": "x"}, **more)

    return login


ELSEWHERE = {"Origin": "https://evil.example"}
SHORT = {"Accept": "application/json"}  # an answer without a page


def _only_badges_are_for_other_sites(rule, answer) -> None:
    if rule.endpoint in BADGES:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    else:
        assert "Access-Control-Allow-Origin" not in answer.headers, rule.rule


def test_s08_methods(app, world, cast):
    client = cast(Role.CITY_OFFICER.value)
    offered = {}
    for method, rule in routes(app):
        offered.setdefault(rule.rule, (rule, set()))[1].add(method)
    for path, (rule, methods) in offered.items():
        if path == "/logout":
            continue
        address = world.path(rule)
        assert client.open(address, method="TRACE", headers=SHORT).status_code == 405, path
        refused = client.open(address, method="PATCH", headers=SHORT)
        assert refused.status_code == 405, path
        allowed = set(refused.headers["Allow"].split(", "))
        assert allowed == methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()), path
        if "GET" in methods:
            got, head = client.get(address, headers=ELSEWHERE), client.head(address)
            _only_badges_are_for_other_sites(rule, got)
            assert (head.status_code, head.data) == (got.status_code, b"")
            names = {name for name, _ in got.headers} - {"Set-Cookie"}
            assert names <= {name for name, _ in head.headers}, path


def test_s08_no_cross_origin_reading_of_files(app, client):
    style = app.extensions["static"].url("css/theme.css")
    served = client.get(style, headers=ELSEWHERE, buffered=True)
    assert "Access-Control-Allow-Origin" not in served.headers


def test_s08_odd_methods_do_not_slip_through(client):
    assert {client.open("/login", method=name).status_code for name in ("TRACE", "FOO")} == {405}
    assert set(METHODS) == {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


def test_s10_error_page_tells_nothing_but_a_number(app, client, capsys):
    def broken():
        raise RuntimeError("SELECT secret FROM users -- /srv/app/models.py")

    broken.access = "public"
    app.add_url_rule("/broken", "broken", broken)
    answer = client.get("/broken")
    assert answer.status_code == 500
    for word in ("Traceback", "SELECT", "RuntimeError", "models.py", "Werkzeug", "Python"):
        assert word not in answer.text
    number = answer.headers["X-Request-ID"]
    assert number in answer.text
    assert number in capsys.readouterr().out  # the details are in the log under the same number
    assert "Server" not in answer.headers


@pytest.mark.parametrize("path", ["/.git/config", "/metrics", "/openapi.json", "/console", "/.env"])
def test_s10_nothing_of_the_inside_is_public(client, path):
    assert client.get(path).status_code == 404


def test_s10_programs_get_problems_not_pages(client):
    answer = client.get("/nowhere", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json == {
        "type": "about:blank", "status": 404, "title": "没有找到您要的内容",
        "detail": "请核对网址，或从首页重新查找。", "code": "not_found",
        "request_id": answer.headers["X-Request-ID"],
    }  # fmt: skip


def test_s11_signing_out_clears_the_browser(login_as):
    answer = login_as(Role.CITY_OFFICER).post("/logout")
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "__Host-sid=;" in answer.headers["Set-Cookie"]
