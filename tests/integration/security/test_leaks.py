"""What no page shows to anybody: hashes, secrets, numbers (S44, S81); a database that is gone."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from marketplace import create_app
from marketplace.models import OneTimeLink, RecoveryCode, User, UserSession
from marketplace.services.accounts import second_factor
from tests import factories
from tests.support.routes import safe
from tests.support.world import ANONYMOUS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEXTS = ("text/html", "text/plain", "application/json", "application/xml", "text/xml")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
RESIDENT = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])")


def plant(app, database, world) -> set[str]:
    """Give every account secrets; answers what must never be seen."""
    secrets = {"4KQJ2XFAKESECRET"}
    with database.unit_of_work() as session:
        for user in session.scalars(select(User)):
            user.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaA"
            user.totp_secret_encrypted = app.extensions["cipher"].seal(
                "4KQJ2XFAKESECRET", f"users.totp_secret:{user.id}"
            )
            secrets |= set(second_factor._new_recovery_codes(session, user))
        session.flush()
        for model, column in (
            (UserSession, UserSession.token_hash),
            (OneTimeLink, OneTimeLink.token_hash),
            (RecoveryCode, RecoveryCode.code_hash),
        ):
            found = set(session.scalars(select(column)))
            assert found, model
            secrets |= found
    return secrets | set(world.tokens.values())


def test_s44_secrets_of_accounts_are_on_no_page(app, world, cast, database):
    secrets = plant(app, database, world)
    words = re.compile(rb"[\w-]{10,}")
    leaks = []
    for actor in cast.names:
        client = cast(actor)
        for rule in safe(app):
            path = world.path(rule)
            page = client.get(path).data
            shown = {word.decode() for word in words.findall(page)} & secrets
            if shown or b"argon2id" in page:
                leaks.append(f"{actor}: {path}: {shown}")
    assert leaks == []


def test_s81_public_pages_hold_no_personal_numbers(app, world, cast, database):
    with database.unit_of_work() as session:
        person = factories.make_user(session, name="13800001111")
        factories.make_person(session, session.get_one(_provider(), world.ids["provider_id"]))
    visitor = cast(ANONYMOUS)
    found = {}
    for rule in safe(app):
        answer = visitor.get(world.path(rule))
        text = answer.text if answer.mimetype in TEXTS else ""
        if hits := MOBILE.findall(text) + RESIDENT.findall(text):
            found[rule.rule] = hits
    assert found == {}
    assert person.name == "13800001111"


def _provider():
    from marketplace.models import Provider

    return Provider


def test_the_patterns_can_find(database_url):
    assert MOBILE.search("电话 13800001111。")
    assert RESIDENT.search("证件 37020219900101001X。")
    assert not MOBILE.search("编号 2013800001111")


def test_e30_without_database(app, settings, tmp_path):
    gone = create_app(replace(settings, database_url=f"sqlite:///{tmp_path}/nowhere/pool.db"))
    client = gone.test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["database"]) == (503, "failed")
    for path in ("/cases", "/providers"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), path
        assert "数据库暂时不可用" in answer.text
    client.set_cookie("__Host-sid", "x" * 43, secure=True)
    assert client.get("/login").status_code == 503
    gone.extensions["database"].engine.dispose()
