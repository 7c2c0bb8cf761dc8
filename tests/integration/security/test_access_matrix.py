"""Who may open what: every route × everybody, against the table in the repository (S36, S37, S42,
S43), and what no answer to anybody may do (``watching``). After a change on purpose, write the
table again and read its diff:

    WRITE_ROUTE_ACCESS=1 python -m pytest tests/integration/security/test_access_matrix.py
"""

import os
from pathlib import Path

import pytest
from sqlalchemy import select

from marketplace.db import Base
from marketplace.programmes.loader import read_yaml
from marketplace.web.access import access_of
from tests.integration.security import watching
from tests.support.routes import routes, unsafe
from tests.support.world import ANONYMOUS

TABLE = Path(__file__).parents[2] / "data" / "route_access.yml"
HEAD = """\
# Who may open which route. Written by a test, read by people: every change of this file is a
# change of access. Nobody else gets in: visitors are sent to the login page, others get 403.
# open: answered; absent: 404, the object is invisible to them; users: whoever is signed in.
"""
# These move with every request, or hold what was refused.
OWN_LIVES = ("security_events", "user_sessions", "rate_counters", "login_counters", "users")

# Never a field of any form: an allowed request is refused by its schema and changes nothing.
PROBE = {"probe": "1", "form_key": "0123456789abcdefghij"}

SHOWN = ("open", "absent", "broken")

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def outcome(answer) -> str:
    if answer.status_code == 401 or (answer.location or "").startswith("/login"):
        return "login"
    if answer.status_code >= 500:
        return "broken"
    return {403: "forbidden", 404: "absent"}.get(answer.status_code, "open")


def table(app, world, cast, watch: watching.Watch) -> dict[str, dict[str, str]]:
    """Everybody asks for every route; ``watch`` sees every answer."""
    # Signing out comes last: it ends the session that asks for everything else.
    asked = sorted(routes(app), key=lambda route: route[1].endpoint == "auth.sign_out")
    found: dict[str, dict[str, list[str]]] = {}
    for actor in cast.names:
        client = cast(actor)
        for number, (method, rule) in enumerate(asked):
            answer = client.open(
                world.path(rule), method=method, data=PROBE if method != "GET" else None,
                # One address each: visitors' requests are counted by address.
                environ_base={"REMOTE_ADDR": f"192.0.2.{number % 250}"},
                # Of the answers to forms the status is what counts: no page is made for each.
                headers={} if method == "GET" else {"Accept": "application/json"},
            )  # fmt: skip
            watch.see(actor, method, rule, answer)
            line = found.setdefault(f"{method} {rule.rule}", {})
            line.setdefault(outcome(answer), []).append(actor)
    everybody = " ".join(cast.names)
    short = {everybody: "everybody", everybody.removeprefix(f"{ANONYMOUS} "): "users"}
    return {
        route: {
            kind: short.get(" ".join(actors), " ".join(actors))
            for kind, actors in line.items()
            if kind in SHOWN
        }
        for route, line in sorted(found.items(), key=lambda item: item[0].split(" ")[::-1])
    }


def write(found: dict[str, dict[str, str]]) -> None:
    lines = [HEAD]
    for route, line in found.items():
        kinds = ", ".join(f"{kind}: {line[kind]}" for kind in SHOWN if kind in line)
        lines.append(f'"{route}": {{{kinds}}}\n')
    TABLE.write_text("".join(lines))


def dump(database) -> dict[str, list[tuple]]:
    with database.reading() as session:
        return {
            name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for name, table in Base.metadata.tables.items()
            if name not in OWN_LIVES
        }


@pytest.mark.timeout(900)  # ten thousand requests
@on_sqlite
def test_s37_matrix_equals_the_table(app, world, cast, database):
    with database.unit_of_work() as session:
        watch = watching.Watch(watching.plant_secrets(app, session, world))
        watching.plant_contract(session, world)
        watching.plant_numbers(session, world)
    before = dump(database)
    found = table(app, world, cast, watch)
    if os.environ.get("WRITE_ROUTE_ACCESS"):
        write(found)
    assert found == read_yaml(TABLE)
    # S42, S43: nothing of it changed a row, neither what was refused nor what was let in.
    assert dump(database) == before
    assert watch.found == {name: {} for name in watch.checks}
    assert watch.friends == watching.FRIENDS  # there was a contract to be seen


@on_sqlite
def test_s36_every_route_says_who_may_open_it(app):
    with app.app_context():
        silent = [rule.rule for _, rule in routes(app) if access_of(rule.endpoint) is None]
    assert silent == []


@on_sqlite
def test_s36_a_silent_route_is_closed_to_everybody(app, world, cast):
    app.add_url_rule("/silent", "silent", lambda: "in")
    answers = {name: cast(name).get("/silent").status_code for name in cast.names}
    assert set(answers.values()) == {403}


@on_sqlite
def test_s36_reading_and_writing_are_declared_apart(app):
    views = {}
    for method, rule in routes(app):
        views.setdefault(rule.endpoint, set()).add(method)
    assert {name: methods for name, methods in views.items() if len(methods) > 1} == {}


@on_sqlite
def test_visitors_may_change_little(app, world, cast):
    client = cast(ANONYMOUS)
    inside = set()
    for number, (_, rule) in enumerate(unsafe(app)):
        from_elsewhere = {"REMOTE_ADDR": f"192.0.2.{number % 250}"}  # visitors are counted
        answer = client.post(world.path(rule), data=PROBE, environ_base=from_elsewhere)
        if outcome(answer) == "open":
            inside.add(rule.rule)
    assert inside == {
        "/complaints", "/complaints/new", "/consents/<token>", "/consents/<token>/withdraw",
        "/links/<token>", "/login", "/notices/<int:notice_id>/objection", "/objections", "/reset",
        "/need",  # only reads
        "/register", "/register/<token>", "/join/<token>",
    }  # fmt: skip
