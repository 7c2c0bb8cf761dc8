"""Odd input everywhere: no error of ours, nothing carried out as code (S49, S54, S61, S62, S65)."""

import importlib
import pkgutil
import re

import pytest

import marketplace
import search
from marketplace.phases import Role
from tests.support.counts import count
from tests.support.forms import forms
from tests.support.routes import safe
from tests.support.timing import SLACK, fastest
from tests.support.world import ANONYMOUS

CORPUS = [
    "'", '"', "';--", "' OR '1'='1", "\\", "%", "_", "%%%", "/*", "*/", "--", "; DROP TABLE users",
    "{{7*7}}", "{% debug %}", "${7*7}", "#{7*7}", "<script>alert(1)</script>", '"><img src=x>',
    "\x00", "a\x00b", "\u202e", "😀", "x" * 10_000, "-1", "0", "99999999999999999999",
    "1e400000", "NaN", "null", "true", "[]", "../../etc/passwd", "\r\nSet-Cookie: a=b", "　", "（",
]  # fmt: skip
PARAMETERS = (
    "q", "page", "per_page", "sort", "kind", "segment", "type", "phase", "district", "round",
    "role", "state", "action", "subject", "subject_id", "actor", "since", "until", "before",
    "process_link", "scene", "category", "deployment", "year", "case_year", "price_band", "ids",
    "id", "p", "next", "to", "care", "font", "diff", "day", "from", "organisation", "ending",
)  # fmt: skip
ACTORS = (ANONYMOUS, Role.CITY_OFFICER.value, Role.ADMIN_USERS.value, Role.AUDITOR.value)
PER_PAGE = count(test=2, soak=len(PARAMETERS))
PER_PARAMETER = count(test=1, soak=len(CORPUS))

# PostgreSQL is the stricter one (NUL, large numbers); the full counts run on both.
strict = pytest.mark.parametrize(
    "database_url", count(test=["postgresql"], soak=["sqlite", "postgresql"]), indirect=True
)


@strict
def test_s49_s62_odd_parameters_break_nothing(app, world, cast):
    """The pages themselves answer, too: the session of a GET cannot write, and none tries (S15;
    on SQLite the access matrix tells)."""
    broken, done, turn = [], set(), 0
    for actor in ACTORS:
        client = cast(actor)
        for rule in safe(app):
            path = world.path(rule)
            status = client.get(path).status_code
            if status >= 500:
                broken.append(f"{actor}: {path}")
            if path in done or status in (302, 303, 401, 403, 404):
                continue
            done.add(path)
            for _ in range(PER_PAGE * PER_PARAMETER):
                turn += 1
                name, value = PARAMETERS[turn % len(PARAMETERS)], CORPUS[turn % len(CORPUS)]
                answer = client.get(path, query_string={name: value})
                if answer.status_code >= 500:
                    broken.append(f"{actor}: {path}?{name}={value[:40]!r}")
    assert broken == []
    assert len(done) > 25


@strict
def test_s49_s54_odd_forms_break_nothing(app, world, cast):
    """Every form of every page, filled with rubbish: 4xx, or done, but never an error of ours."""
    broken, filled, seen, turn = [], set(), set(), 0
    for actor in ACTORS[1:]:
        client = cast(actor)
        for rule in safe(app):
            page = world.path(rule)
            answer = client.get(page)
            if answer.mimetype != "text/html" or answer.status_code != 200:
                continue
            for form in forms(answer.text, page):
                action = form.action.partition("#")[0].partition("?")[0] or page
                if form.method.lower() != "post" or action in ("/logout", *seen):
                    continue
                seen.add(action)
                for name in form.fields.keys() - {"csrf_token"}:
                    turn += 1
                    value = CORPUS[turn % len(CORPUS)]
                    sent = client.post(action, data={**form.fields, name: value})
                    filled.add(action)
                    if sent.status_code >= 500:
                        broken.append(f"{actor}: {action} {name}={value[:40]!r}")
    assert broken == []
    assert len(filled) > 15


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_s54_typed_code_is_shown_not_run(app, login_as, database):
    admin = login_as(Role.ADMIN_USERS)
    for word in ("{{7*7}}", "{%raw%}", "${7*7}", "#{7*7}"):
        page = admin.get("/admin/organisations", query_string={"q": word}).text
        assert f'value="{word}"' in page
        assert "49" not in page.partition("<main")[2].partition("</form>")[0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_s65_repeated_parameters_count_once(login_as, database):
    """The first value counts, everywhere but in fields that are lists."""
    client = login_as(Role.ADMIN_USERS)
    assert client.get("/admin/users?page=1&page=zzz").status_code == 200
    assert client.get("/admin/users?page=zzz&page=1").status_code == 422
    twice = client.post("/account/switch", data={"grant": ["zzz", "1"]})
    assert twice.status_code == 422


def patterns() -> list[re.Pattern[str]]:
    """Every regular expression that stands in a module of ours."""
    found = {}
    for package in (marketplace, search):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if info.name.endswith((".wsgi", ".__main__")):
                continue
            for value in vars(importlib.import_module(info.name)).values():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    found[value.pattern, value.flags] = value
    return list(found.values())


LONG = 50_000
EVIL = [
    "a" * LONG, "1" * LONG, " " * LONG, "a" * LONG + "!", "1" * LONG + "x", " " * LONG + "x",
    "ab " * (LONG // 3), "a." * (LONG // 2), "a@" * (LONG // 2), "-" * LONG, "/" * LONG,
    "%2f" * (LONG // 3), "，" * LONG, "万亿" * (LONG // 2), "1-" * (LONG // 2), "\n" * LONG,
    '"' * LONG, "(" * LONG, "青岛" * (LONG // 2), "0.0" * (LONG // 3), "a=1&" * (LONG // 4),
]  # fmt: skip
SECONDS = 0.05


def test_s61_no_expression_is_slow():
    slow = []
    for pattern in patterns():
        for text in EVIL:
            for method in (pattern.search, pattern.fullmatch):
                if slow_on(method, text):
                    slow.append(f"{pattern.pattern!r} on {text[:10]!r}…")
    assert slow == []
    assert len(patterns()) > 10


def slow_on(method, text: str) -> bool:
    limit = SECONDS * SLACK
    return fastest(limit, lambda: method(text))[0] > limit


def test_s61_control_a_bad_expression_would_be_found():
    bad = re.compile(r"(a+)+$")
    assert slow_on(bad.search, "a" * 24 + "b")
